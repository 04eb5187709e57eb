"""Rounds when something changed meanwhile, is sent twice, or holds what must not stand in it."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest
from pydantic import ValidationError
from sqlalchemy import select

from shared.contracts.bookings import Booker
from shared.contracts.rounds import WishIn, WishState
from shared.contracts.venues import OpenException
from shared.joint.rounds import titles
from shared.joint.rounds.result_file import _line
from shared.kit import clock
from shared.kit.errors import Invalid, Refused
from shared.org.bookings import Booking
from shared.org.kit import OrgKit
from shared.org.rounds import service
from shared.org.rounds.drawing import confirm, draw_round, undo
from shared.org.rounds.models import SeasonWish
from shared.org.rounds.reading import state_for
from shared.org.rounds.service import cancel, get_round, open_round, wish, withdraw
from shared.org.venues import Venue, opening_of
from tests.org.people import CLERK, tree
from tests.org.rooms import BAD_TEXTS, at, booker, venue
from tests.org.seasons import FIRST, KEEPER, STRANGER, closed, drawn, new_round, season, wanted, wished
from tests.org.web import org_world

RULED = "不合场地的规则"
MIDDLE = at(FIRST + 7, 0).date()


def _shut(hall: Venue) -> None:
    opening = opening_of(hall)
    days = OpenException(first=MIDDLE, last=MIDDLE, reason="装修")
    hall.opening = opening.model_copy(update={"exceptions": (days,)}).model_dump(mode="json")


def _stop(hall: Venue) -> None:
    hall.status = "closed"


def _shrink(hall: Venue) -> None:
    hall.capacity = 5


def _shared(**rule: Any) -> Any:
    def change(hall: Venue) -> None:
        hall.sharing = {**hall.sharing, **rule}

    return change


@pytest.mark.parametrize(
    ("change", "booked", "reason", "said"),
    [
        (_shut, 2, "closed", ""),
        (_stop, 0, "closed", "不开放"),
        (_shrink, 0, "rule", RULED),
        (_shared(share="own"), 0, "rule", RULED),
        (_shared(longest_hours=1), 0, "rule", RULED),
    ],
)
async def test_what_changed_after_the_drawing_is_not_booked_and_says_why(
    org: OrgKit, change: Any, booked: int, reason: str, said: str
) -> None:
    database = org.kit.database
    async with database.transaction() as session:
        _, one, _ = await tree(session, org)
        opened, hall = await drawn(session, org, one, STRANGER, people=30)
        change(hall)
    await confirm(org, opened.id, 2, KEEPER)
    async with database.transaction() as session:
        (found,) = (await state_for(session, org, await get_round(session, opened.id), STRANGER)).wishes
        assert len(list(await session.scalars(select(Booking)))) == found.booked == booked
    assert set(found.left_out.values()) == {reason}
    assert (MIDDLE in found.left_out, len(found.left_out)) == (True, 3 - booked)
    assert titles.outcome(found) == ("给了" if booked else "分到但没订到")
    assert titles.why_not(found).startswith(said)
    assert titles.outcome(found) in _line(found)


async def test_a_date_that_is_over_when_confirmed_says_so(
    org: OrgKit, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = org.kit.database
    async with database.transaction() as session:
        _, one, _ = await tree(session, org)
        opened, _ = await drawn(session, org, one)
    first, later = at(FIRST, 0).date(), at(FIRST + 1, 12)
    monkeypatch.setattr(clock, "now", lambda: later)  # confirmed late: the first date is gone
    await confirm(org, opened.id, 2, KEEPER)
    async with database.transaction() as session:
        wish = (await session.scalars(select(SeasonWish))).one()
    assert (wish.booked, wish.left_out) == (2, {first.isoformat(): "past"})


def test_words_of_an_owner_one_version_ahead_stand_for_themselves() -> None:
    wish = WishState(
        wish_id=uuid4(), org="union", org_name="甲会", office="", rank=1, title="读书会", people=0, venue="东楼",
        weekday=0, on=None, opens=540, closes=660, outcome="drowned", left_out={MIDDLE: "flooded"},
    )  # fmt: skip
    assert titles.why_not(wish) == "drowned"
    assert "flooded" in _line(wish)[10]
    assert titles.why_not(wish.model_copy(update={"outcome": "given", "booked": 0})) == "flooded"


async def test_a_status_nobody_knows_here_is_shown_as_it_is(org: OrgKit) -> None:
    async with org_world(org) as world:
        async with org.kit.database.transaction() as session:
            opened = await season(session, await venue(session, org, world.one))
            opened.status = "frozen"
        viewer = await world.signed_in("viewer")
        for path in ("/venues/rounds", f"/venues/rounds/{opened.id}"):
            assert "frozen" in (await viewer.get(path)).text


@pytest.mark.parametrize(
    "other", [{"title": "另一件事"}, {"opens": 840, "closes": 960}, {"rank": 2}, {"people": 9}]
)
async def test_a_known_number_with_other_content_is_no_wish(org: OrgKit, other: dict[str, Any]) -> None:
    async with org.kit.database.transaction() as session:
        _, one, _ = await tree(session, org)
        hall = await venue(session, org, one)
        opened = await season(session, hall)
        made = await wished(session, org, opened, hall)
        again = wanted(hall).model_copy(update={"wish_id": made.id} | other)
        with pytest.raises(Refused, match="内容不同"):
            await wish(session, org, opened.id, again, _who(org), CLERK)


async def test_wishes_at_once_are_one_and_pass_no_limit(org: OrgKit, monkeypatch: pytest.MonkeyPatch) -> None:
    database = org.kit.database
    monkeypatch.setattr(service, "MOST_OF_ONE", 2)
    async with database.transaction() as session:
        _, one, _ = await tree(session, org)
        hall = await venue(session, org, one)
        opened = await season(session, hall)

    async def enter(given: WishIn) -> None:
        async with database.transaction() as session:
            await wish(session, org, opened.id, given, _who(org), CLERK)

    same = wanted(hall)
    await asyncio.gather(*(enter(same) for _ in range(3)))
    more = [enter(wanted(hall, rank=n)) for n in range(2, 5)]
    refused = [type(e) for e in await asyncio.gather(*more, return_exceptions=True) if e is not None]
    assert refused == [Refused, Refused]
    async with database.transaction() as session:
        assert len(list(await session.scalars(select(SeasonWish)))) == 2


@pytest.mark.parametrize(("bad", "said"), BAD_TEXTS)
async def test_free_text_is_plain_and_names_no_number(org: OrgKit, bad: str, said: str) -> None:
    async with org.kit.database.transaction() as session:
        _, one, _ = await tree(session, org)
        hall = await venue(session, org, one)
        new = new_round(hall)
        for text in ({"title": bad}, {"note": bad}):
            with pytest.raises(Invalid, match=said):
                await open_round(session, new.model_copy(update=text), KEEPER)
        opened = await season(session, hall)
        with pytest.raises(Invalid, match=said) as refusal:
            await wished(session, org, opened, hall, title=bad)
        assert list(refusal.value.fields) == ["title"]
        made = await wished(session, org, opened, hall)
        await closed(session, opened.id)
        await draw_round(session, org, opened.id, 1, KEEPER)
        with pytest.raises(Invalid, match=said):
            await undo(session, opened.id, 2, at(2, 18), bad, KEEPER)
        with pytest.raises(Invalid, match=said):
            await cancel(session, opened.id, 2, bad, KEEPER)
        assert (opened.status, opened.version, made.title) == ("drawn", 2, "读书会")


async def test_a_booker_whose_name_hides_something_is_refused(org: OrgKit) -> None:
    async with org.kit.database.transaction() as session:
        _, one, _ = await tree(session, org)
        hall = await venue(session, org, one)
        opened = await season(session, hall)
        for name in ("office", "staff_name", "org_name", "letter", "palette"):
            who = _who(org).model_copy(update={name: "\x00"})
            with pytest.raises(Invalid, match="控制字符"):
                await wish(session, org, opened.id, wanted(hall), who, CLERK)
            with pytest.raises(Invalid, match="控制字符"):
                await withdraw(session, opened.id, uuid4(), who, CLERK)


def test_a_title_of_blanks_is_none() -> None:
    with pytest.raises(ValidationError):
        WishIn(wish_id=uuid4(), venue_id=uuid4(), weekday=0, opens=0, closes=60, rank=1, title="  ")


async def test_who_opened_it_is_for_its_own_staff_and_when_it_was_drawn_for_who_sees_it(org: OrgKit) -> None:
    database = org.kit.database
    async with database.transaction() as session:
        _, one, _ = await tree(session, org)
        season_, _ = await drawn(session, org, one)
        own = await state_for(session, org, season_, org.profile.code)
        other = await state_for(session, org, season_, STRANGER)
        assert (own.opened_by, own.drawn_at) == ("组织部 吴保管", season_.drawn_at)
        assert (other.opened_by, other.drawn_at, other.published_at) == ("", None, None)
    await confirm(org, season_.id, 2, KEEPER)
    async with database.transaction() as session:
        other = await state_for(session, org, await get_round(session, season_.id), STRANGER)
        assert other.published_at
        assert other.drawn_at


def _who(org: OrgKit) -> Booker:
    return booker(org).model_copy(update={"staff_id": KEEPER.id})
