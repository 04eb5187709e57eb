"""Requests for rooms of several owners on the real bus: all or nothing, waiting, refusing, contention."""

import asyncio
from datetime import datetime, timedelta
from urllib.parse import parse_qsl
from uuid import uuid4

import pytest
from sqlalchemy import update

from services.hub.venues.models import BookingRequest, RequestItem
from services.hub.venues.moving import move_on
from services.hub.venues.pages import again, instead_of
from services.hub.venues.picking import pick_of, picks_in
from services.hub.venues.projection import apply_bookings
from services.hub.venues.requests import cancel_request, get_request, items_of, make_request
from shared.contracts.bookings import ASK, Asked, AskRequest, Wanted
from shared.kit import clock
from shared.kit.bus import Declined
from shared.kit.errors import Invalid
from shared.kit.events.responders import Responders
from shared.kit.staff import Staff
from shared.org.bookings import models as owned
from shared.org.bookings.deciding import refuse
from shared.org.bookings.handlers import responders
from shared.org.bookings.service import own_booker
from shared.org.bookings.states import state_of
from shared.org.venues import Venue as OwnedVenue
from tests.hub.telling import received
from tests.hub.town import STAFF, Town
from tests.org.people import CLERK
from tests.org.rooms import BAD_TEXTS, at, booked


async def test_two_owners_say_yes(town: Town) -> None:
    made = await town.ask(town.wish("union", 9), town.wish("league", 9))
    assert await town.stands(made) == ("confirmed", ["confirmed", "confirmed"])
    for code in ("union", "league"):
        (booking,) = await town.at_owner(code)
        assert (booking.status, booking.org, booking.mark["name"]) == ("confirmed", "hub", "联席办")
    async with town.hub.database.transaction() as session:
        await cancel_request(session, STAFF, made, "改到下月")
    await move_on(town.hub, made)
    assert (await town.stands(made))[0] == "cancelled"
    assert [b.status for b in await town.at_owner("union")] == ["cancelled"]


@pytest.mark.parametrize(("bad", "said"), BAD_TEXTS)
async def test_what_owners_would_read_is_refused_before_they_are_asked(
    town: Town, bad: str, said: str
) -> None:
    union, wish = town.owners["union"].org, town.wish("league", 9)
    async with town.hub.database.transaction() as session:
        with pytest.raises(Invalid, match=said) as refusal:
            await make_request(session, STAFF, [wish], title=bad, people=1, org="hub")
        assert list(refusal.value.fields) == ["title"]
        made = await make_request(session, STAFF, [wish], title="三方联谊", people=1, org="hub")
        with pytest.raises(Invalid, match=said):
            await cancel_request(session, STAFF, made.id, bad)
    wanted = (Wanted(booking_id=uuid4(), venue_id=wish.venue_id, start=wish.start, end=wish.end),)
    who = own_booker(union, "组织部", "周经办", STAFF.id)
    question = AskRequest(request_id=uuid4(), booker=who, title=bad, wanted=wanted)
    hidden = who.model_copy(update={"staff_name": "何\u202e"})
    for asked, why in (
        (question, said),
        (question.model_copy(update={"title": "茶话会", "booker": hidden}), "控制字符"),
    ):
        with pytest.raises(Declined, match=why):
            await union.kit.bus.request("hub", ASK, asked, Asked)


async def test_one_no_is_a_no_for_all_and_leaves_nothing(town: Town) -> None:
    league = town.owners["league"].org
    async with league.kit.database.transaction() as session:
        hall = await session.get_one(OwnedVenue, town.owners["league"].hall)
        await booked(session, league, hall, at(5, 10))
    made = await town.ask(town.wish("union", 9), town.wish("league", 9))
    status, items = await town.stands(made)
    assert status == "refused"
    assert "confirmed" not in items
    assert {b.status for b in await town.at_owner("union")} == {"cancelled"}
    async with town.hub.database.transaction() as session:
        request = await get_request(session, made)
        assert request.reason == "这个时段已被预订"
        assert request.troubles[0]["alternatives"]
        said = {i.owner: (i.status, i.reason) for i in await items_of(session, made)}
        shown = list(await items_of(session, made))
    assert said == {"union": ("cancelled", ""), "league": ("refused", "这个时段已被预订")}
    # both can be asked for again, and what is offered in the place of the taken one can be picked
    picks = {item.owner: str(pick_of(item.venue_id, *span(item))) for item in shown}
    assert again(shown) == f"/rooms?day={at(5, 9).date().isoformat()}&" + "&".join(
        f"pick={pick}" for pick in picks.values()
    )
    (trouble,) = request.troubles
    other = picks_in([word for _, word in parse_qsl(instead_of(shown, trouble, trouble["alternatives"][0]))])
    assert {str(pick) for pick in other} & set(picks.values()) == {picks["union"]}


def span(item: RequestItem) -> tuple[datetime, datetime]:
    assert item.during.lower
    assert item.during.upper
    return item.during.lower, item.during.upper


async def test_an_owner_that_is_away_is_waited_for(town: Town) -> None:
    await town.owners["league"].answers.stop()
    made = await town.ask(town.wish("union", 9), town.wish("league", 9))
    status, items = await town.stands(made)
    assert (status, items) == ("asking", ["asking", "away"])
    assert {b.status for b in await town.at_owner("union")} == {"cancelled"}  # nobody else is kept from it
    owner = town.owners["league"]
    owner.answers = Responders(owner.org.kit.bus, responders(owner.org))
    await owner.answers.start()
    await asyncio.wait_for(owner.answers._starting, 10)  # type: ignore[arg-type]
    await town.in_an_hour(made)
    assert await town.stands(made) == ("confirmed", ["confirmed", "confirmed"])
    await owner.answers.stop()


async def test_a_hold_that_ended_before_the_confirmation_ends_all(town: Town) -> None:
    made = await town.ask(town.wish("union", 9), town.wish("league", 9))
    async with town.hub.database.transaction() as session:  # as if the hub had died before confirming
        await session.execute(
            update(BookingRequest).where(BookingRequest.id == made).values(status="confirming")
        )
    past = {"status": "held", "hold_until": clock.now() - timedelta(seconds=1)}
    async with town.owners["league"].org.kit.database.transaction() as session:
        await session.execute(update(owned.Booking).values(past))
    await town.in_an_hour(made)
    assert (await town.stands(made))[0] == "refused"
    assert {b.status for b in await town.at_owner("union")} == {"cancelled"}
    assert {b.status for b in await town.at_owner("league")} <= {"expired", "cancelled"}


async def test_a_refusal_after_waiting_releases_the_rest(town: Town) -> None:
    owner = town.owners["league"]
    async with owner.org.kit.database.transaction() as session:
        hall = await session.get_one(OwnedVenue, owner.hall)
        hall.sharing = {**hall.sharing, "approval": "others"}
    made = await town.ask(town.wish("union", 9), town.wish("league", 9))
    assert await town.stands(made) == ("waiting", ["confirmed", "waiting"])
    (waits,) = await town.at_owner("league")
    async with owner.org.kit.database.transaction() as session:
        approver = Staff(**{**vars(STAFF), "permissions": frozenset({"bookings.approve"})})
        refused = await refuse(session, waits.id, "另有安排", approver)
        told = state_of(refused)
    async with town.hub.database.transaction() as session:
        await apply_bookings(session, [received("league", told)])
    await move_on(town.hub, made)
    assert (await town.stands(made))[0] == "refused"
    assert [b.status for b in await town.at_owner("union")] == ["cancelled"]


async def test_what_an_owner_does_not_let_go_is_not_called_released(town: Town) -> None:
    made = await town.ask(town.wish("union", 9), town.wish("league", 9))

    async def belongs_to(org: str) -> None:
        async with town.owners["league"].org.kit.database.transaction() as session:
            await session.execute(update(owned.Booking).values(org=org))

    await belongs_to("others")  # then its owner refuses to let go of it in our name
    async with town.hub.database.transaction() as session:
        await cancel_request(session, STAFF, made, "活动改期")
    await move_on(town.hub, made)
    assert await town.stands(made) == ("releasing", ["cancelled", "confirmed"])
    await belongs_to("hub")
    await town.in_an_hour(made)
    assert await town.stands(made) == ("cancelled", ["cancelled", "cancelled"])


async def test_many_at_once_want_the_same_two_rooms(town: Town) -> None:
    """All or nothing under contention: at most one gets both, nobody keeps one of them."""
    made = await asyncio.gather(*(town.ask(town.wish("union", 9), town.wish("league", 9)) for _ in range(8)))
    for request_id in made:  # an owner that was too busy to answer in time is asked again
        for _ in range(5):
            if (await town.stands(request_id))[0] in ("asking", "confirming", "releasing"):
                await town.in_an_hour(request_id)
    statuses = [(await town.stands(m))[0] for m in made]
    assert statuses.count("confirmed") <= 1
    assert set(statuses) <= {"confirmed", "refused"}
    standing = [
        [b for b in await town.at_owner(code) if b.status == "confirmed"] for code in ("union", "league")
    ]
    assert [len(s) for s in standing] == [statuses.count("confirmed")] * 2
    assert CLERK
