"""Events about the demo city's people as their organisations would publish them, without any database."""

import random
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid5

from deploy.bench.stage import Stage
from deploy.demo.city import Plan, write_city
from deploy.demo.organisations import POLICIES, PROFILES
from deploy.demo.places import ORGANISATIONS, Organisation, places
from deploy.demo.records import Record
from deploy.demo.roll import read
from deploy.settings import settings_of
from shared.contracts.members import MemberAdmitted, Tokens
from shared.kit import clock
from shared.kit.context import make_kit
from shared.kit.events.envelope import encode
from shared.org.kit import OrgKit, make_org_kit
from shared.org.members.kinds import kind_of
from shared.org.members.newcomers import arrival
from shared.org.members.rules import may_be_shared
from shared.org.members.state import state_of
from shared.org.units import Unit

TOLD = "member.admitted.v1"
_SPACE = UUID("3b9f2a54-6f5e-5a0e-9a44-4e4d5f6f0b11")
_BEGAN = datetime(2026, 9, 1, tzinfo=UTC)
CITY = 20_000
"""Events made as an organisation makes them, which takes long; more are the same people in another city.
Their order is by chance: the records of one person do not come together, as in life."""


class Teller:
    """What one organisation says of the people on its roll."""

    def __init__(self, stage: Stage, code: Organisation) -> None:
        kit = make_kit(settings_of(stage.suite.environment(code)))
        self.org: OrgKit = make_org_kit(kit, PROFILES[code], POLICIES[code])
        self.units = _units(code)
        self.said = 0

    def event(self, record: Record) -> MemberAdmitted | None:
        """The event about a record; None for somebody who may not be shared or not join."""
        unit = self.units[record.place.path]
        entry = read(self.org, record, unit.id, clock.today())
        if entry is None or not may_be_shared(kind_of(self.org, entry.kind), entry.consent):
            return None
        come = arrival(self.org, entry, record.id, unit, None, ())
        told = state_of(self.org, come.member, unit, come.phone, MemberAdmitted)
        assert isinstance(told, MemberAdmitted)
        return told

    def envelope(self, told: MemberAdmitted, tick: int) -> bytes:
        """The event as it travels, with this organisation's next number, told at that millisecond."""
        self.said += 1
        code = self.org.kit.settings.service
        row: Mapping[str, object] = {
            "event_id": uuid5(_SPACE, f"{code}:{self.said}"), "type": TOLD, "key": str(told.member_id),
            "at": _BEGAN + timedelta(milliseconds=tick), "channel": "", "traceparent": None,
            "seq": self.said, "data": told.model_dump(mode="json"),
        }  # fmt: skip
        return encode(code, row)


def _units(code: Organisation) -> dict[tuple[str, ...], Unit]:
    """Units as the hub will be told of them: a label for each step of the path."""
    out: dict[tuple[str, ...], Unit] = {}
    for number, place in enumerate(places(code)):
        above = out.get(place.path[:-1])
        out[place.path] = Unit(
            id=uuid5(_SPACE, f"{code}/{'/'.join(place.path)}"), names=list(place.path), name=place.path[-1],
            path=f"{above.path if above else '0'}/{number}", district=place.district,
        )  # fmt: skip
    return out


def member_events(stage: Stage, most: int) -> Iterator[tuple[str, bytes]]:
    """Organisation and message, `most` of them, the same at every run, each about another affiliation."""
    tellers = {code: Teller(stage, code) for code in ORGANISATIONS}
    city = _city(tellers, min(most, CITY))
    for number in range(most):
        code, told = city[number % len(city)]
        yield code, tellers[code].envelope(in_another_city(told, number // len(city)), number)


def one_city(stage: Stage, most: int) -> list[tuple[Organisation, MemberAdmitted]]:
    """The same people as events that were not told yet: `most` of them, of one city at most."""
    return _city({code: Teller(stage, code) for code in ORGANISATIONS}, min(most, CITY))


def _city(tellers: Mapping[Organisation, Teller], most: int) -> list[tuple[Organisation, MemberAdmitted]]:
    city = list(_told(tellers, most))
    random.Random(CITY).shuffle(city)  # noqa: S311 - an order, no secret
    return city


def _told(tellers: Mapping[Organisation, Teller], most: int) -> Iterator[tuple[Organisation, MemberAdmitted]]:
    for record in write_city(Plan(10**8, clock.today())):
        told = tellers[record.organisation].event(record)
        if told is not None:
            yield record.organisation, told
            most -= 1
            if not most:
                return


def in_another_city(told: MemberAdmitted, number: int) -> MemberAdmitted:
    """The same names and the same links between records, but nobody of another number's city."""
    if not number:
        return told
    tokens = {kind: _moved(token, number) for kind, token in told.tokens}
    moved = {"member_id": _moved(told.member_id, number), "tokens": Tokens(**tokens)}
    return told.model_copy(update=moved)


def _moved(id_: UUID | None, number: int) -> UUID | None:
    return None if id_ is None else UUID(int=id_.int ^ number << 32)
