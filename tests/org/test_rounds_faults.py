"""Rounds when something changed meanwhile, is sent twice, or holds what must not stand in it."""

from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select

from shared.contracts.rounds import WishState
from shared.contracts.venues import OpenException
from shared.joint.rounds import titles
from shared.joint.rounds.result_file import _line
from shared.kit import clock
from shared.org.bookings import Booking
from shared.org.kit import OrgKit
from shared.org.rounds.drawing import confirm, draw_round
from shared.org.rounds.models import SeasonWish
from shared.org.rounds.reading import state_for
from shared.org.rounds.service import get_round
from shared.org.venues import Venue, opening_of
from tests.org.people import tree
from tests.org.rooms import at, venue
from tests.org.seasons import FIRST, KEEPER, STRANGER, closed, season, wished
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
        hall = await venue(session, org, one)
        opened = await season(session, hall)
        await wished(session, org, opened, hall, STRANGER, people=30)
        await closed(session, opened.id)
        await draw_round(session, org, opened.id, 1, KEEPER)
        change(await session.get_one(Venue, hall.id))
    await confirm(org, opened.id, 2, KEEPER)
    async with database.transaction() as session:
        (wish,) = (await state_for(session, org, await get_round(session, opened.id), STRANGER)).wishes
        assert len(list(await session.scalars(select(Booking)))) == wish.booked == booked
    assert set(wish.left_out.values()) == {reason}
    assert (MIDDLE in wish.left_out, len(wish.left_out)) == (True, 3 - booked)
    assert titles.outcome(wish) == ("给了" if booked else "分到但没订到")
    assert titles.why_not(wish).startswith(said)
    assert titles.outcome(wish) in _line(wish)


async def test_a_date_that_is_over_when_confirmed_says_so(
    org: OrgKit, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = org.kit.database
    async with database.transaction() as session:
        _, one, _ = await tree(session, org)
        hall = await venue(session, org, one)
        opened = await season(session, hall)
        await wished(session, org, opened, hall)
        await closed(session, opened.id)
        await draw_round(session, org, opened.id, 1, KEEPER)
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
