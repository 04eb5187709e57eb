"""What offices wrote down of the affiliations: with the slips real lists have."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from hashlib import blake2b
from uuid import UUID

from opencc import OpenCC

from deploy.demo.data import table
from deploy.demo.draw import stream
from deploy.demo.memberships import Membership
from deploy.demo.names import INTERPUNCT, Names
from deploy.demo.numbers import PhoneNumbers, fifteen_digits, mistyped
from deploy.demo.people import Person
from deploy.demo.places import Organisation, Place

INTERPUNCTS = ("•", "．", "・", " ")
_FIRST_MOMENT = 1_767_225_600_000  # 2026-01-01 in milliseconds: ids sort in the order of loading
CONSENT = {True: "是", False: "否", None: ""}


@dataclass(frozen=True, slots=True)
class Record:
    """A written line; `cells` are field codes and what stands in them. `person` is never loaded anywhere."""

    id: UUID
    organisation: Organisation
    person: int
    place: Place
    kind: str
    consent: bool | None
    cells: Mapping[str, str]


class Writer:
    """Writes affiliations down as the offices of one city do."""

    def __init__(self, seed: int, day: date, phones: PhoneNumbers) -> None:
        self.seed, self.day = seed, day
        self._phones = phones
        self._chance = stream(seed, "records")
        self._rates = table("rates")["noise"]
        self._names = Names()
        self._numbers = {"union": 0, "league": 0, "womens": 0}

    def write(self, membership: Membership) -> Record:
        """The line about one affiliation."""
        person, organisation = membership.person, membership.organisation
        identity = self._identity(organisation, person)
        birth = person.birth
        if not identity and self._happens("wrong_day_without_identity"):
            birth += timedelta(days=self._chance.choice((-10, -1, 1, 10)))
        consent = self._consent(organisation)
        cells = {
            "name": self._name(person),
            "sex": "女" if person.sex == "f" else "男",
            "birth": birth.isoformat(),
            "identity": identity,
            "phone": self._phone(person),
            "kind": membership.kind,
            "post": membership.post,
            "card_no": membership.card,
            "joined_on": membership.joined.isoformat() if membership.joined else "",
            "consent": CONSENT[consent],
            **membership.facts,
        }
        self._numbers[organisation] += 1
        return Record(
            id=_id(self.seed, organisation, self._numbers[organisation]),
            organisation=organisation,
            person=person.number,
            place=membership.place,
            kind=membership.kind,
            consent=consent,
            cells=cells,
        )

    def _identity(self, organisation: Organisation, person: Person) -> str:
        if self._chance.random() < self._rates["missing_identity"][organisation]:
            return ""
        if self._happens("mistyped_identity"):
            return mistyped(person.identity, self._chance)
        old = person.age(self.day) > self._rates["fifteen_digits_from_age"]
        return fifteen_digits(person.identity) if old and self._happens("fifteen_digits") else person.identity

    def _name(self, person: Person) -> str:
        if person.minority:
            if self._happens("interpunct"):
                return person.name.replace(INTERPUNCT, self._chance.choice(INTERPUNCTS))
            return person.name
        name = self._names.misheard(self._chance, person.name) if self._happens("homophone") else person.name
        return _traditional().convert(name) if self._happens("traditional") else name

    def _phone(self, person: Person) -> str:
        if self._happens("no_phone"):
            return ""
        return self._phones.next(self._chance) if self._happens("other_phone") else person.phone

    def _consent(self, organisation: Organisation) -> bool | None:
        if self._chance.random() >= self._rates["asked_consent"][organisation]:
            return None
        return bool(self._chance.random() >= self._rates["refused_consent"][organisation])

    def _happens(self, slip: str) -> bool:
        return bool(self._chance.random() < self._rates[slip])


@cache
def _traditional() -> OpenCC:
    return OpenCC("s2t")


def _id(seed: int, organisation: Organisation, number: int) -> UUID:
    """The same id at every run, in the form of version 7: a second load finds what is there already."""
    noise = blake2b(f"{seed}:{organisation}:{number}".encode(), digest_size=10).digest()
    value = (_FIRST_MOMENT + number).to_bytes(6) + noise
    return UUID(int=int.from_bytes(value) & ~(0xF << 76) & ~(0x3 << 62) | (7 << 76) | (0x2 << 62))
