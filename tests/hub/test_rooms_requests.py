"""Requests for rooms of several owners on the real bus: all or nothing, waiting, refusing, contention."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select, update

from deploy.local.bus import Bus
from services.hub.directory.service import apply_announcements
from services.hub.venues.answers import responders as answers
from services.hub.venues.models import BookingRequest, RequestItem
from services.hub.venues.moving import move_on
from services.hub.venues.pages import again, instead_of
from services.hub.venues.picking import pick_of, picks_in
from services.hub.venues.projection import apply_bookings, apply_venues
from services.hub.venues.requests import Wish, cancel_request, due, get_request, items_of, make_request
from shared.contracts.bookings import ASK, LOOK, Asked, AskedList, AskRequest, LookRequest, Wanted
from shared.kit import clock
from shared.kit.bus import BusAway, Declined
from shared.kit.context import Kit, make_kit
from shared.kit.errors import Invalid
from shared.kit.events.responders import Responders
from shared.kit.settings import Settings
from shared.kit.staff import Staff
from shared.org.bookings import models as owned
from shared.org.bookings.deciding import refuse
from shared.org.bookings.handlers import responders
from shared.org.bookings.service import own_booker
from shared.org.bookings.states import state_of
from shared.org.kit import OrgKit, make_org_kit
from shared.org.units import Unit
from shared.org.venues import Venue as OwnedVenue
from shared.org.venues import state_of as venue_state
from tests.fixtures.databases import FreshDatabases
from tests.fixtures.settings import settings_for
from tests.hub.telling import announced, received
from tests.org.people import CLERK, tree
from tests.org.pool import policy_of
from tests.org.rooms import BAD_TEXTS, at, booked, venue
from tests.org.web import OrgWorld, make_accounts, service_of

STAFF = Staff(
    id=uuid4(), login="clerk", name="顾清和", office="联席会议办公室", roles=("clerk",), scope_path="",
    permissions=frozenset({"*.read", "*.write"}), via="session",
)  # fmt: skip


@dataclass
class Owner:
    """An organisation that answers on the bus."""

    org: OrgKit
    answers: Responders
    hall: UUID


@dataclass
class Town:
    """A hub and two owners on one bus."""

    hub: Kit
    owners: dict[str, Owner]

    async def ask(self, *wishes: Wish) -> UUID:
        async with self.hub.database.transaction() as session:
            made = await make_request(session, STAFF, wishes, title="三方联谊", people=50, org="hub")
        await move_on(self.hub, made.id)
        return made.id

    async def stands(self, request_id: UUID) -> tuple[str, list[str]]:
        async with self.hub.database.transaction() as session:
            request = await get_request(session, request_id)
            return request.status, sorted(i.status for i in await items_of(session, request_id))

    async def at_owner(self, code: str) -> list[owned.Booking]:
        async with self.owners[code].org.kit.database.transaction() as session:
            return list(await session.scalars(select(owned.Booking).order_by(owned.Booking.created_at)))

    def wish(self, code: str, hour: float) -> Wish:
        return Wish(self.owners[code].hall, at(5, hour), at(5, hour + 2))

    async def in_an_hour(self, request_id: UUID) -> None:
        async with self.hub.database.transaction() as session:
            await session.execute(
                update(BookingRequest).where(BookingRequest.id == request_id).values(next_try_at=clock.now())
            )
            assert request_id in await due(session)
        await move_on(self.hub, request_id)


@pytest.fixture
async def town(databases: FreshDatabases, bus: Bus) -> AsyncIterator[Town]:
    async with AsyncExitStack() as stack:
        hub = make_kit(settings_for("hub", await databases.fresh("hub"), bus))
        await hub.bus.start()
        stack.push_async_callback(hub.database.close)
        stack.push_async_callback(hub.bus.stop)
        owners = {
            code: await _owner(code, settings_for(code, await databases.fresh(code), bus), stack)
            for code in ("union", "league")
        }
        await asyncio.wait_for(hub.bus.wait_connected(), 10)
        async with hub.database.transaction() as session:
            for code, owner in owners.items():
                async with owner.org.kit.database.transaction() as theirs:
                    hall = await theirs.get_one(OwnedVenue, owner.hall)
                    state = await venue_state(theirs, owner.org, hall)
                await apply_venues(session, [received(code, state)])
        answering = Responders(hub.bus, answers(hub))
        await answering.start()
        stack.push_async_callback(answering.stop)
        await asyncio.wait_for(answering._starting, 10)  # type: ignore[arg-type]
        yield Town(hub, owners)


async def _owner(code: str, settings: Settings, stack: AsyncExitStack) -> Owner:
    import pkgutil

    kit = make_kit(settings)
    org = make_org_kit(kit, pkgutil.resolve_name(f"services.{code}.profile:PROFILE"), policy_of(code))
    async with kit.database.transaction() as session:
        _, one, _ = await tree(session, org)
        hall = await venue(session, org, one)
    await kit.bus.start()
    answers = Responders(kit.bus, responders(org))
    await answers.start()
    stack.push_async_callback(kit.database.close)
    stack.push_async_callback(kit.bus.stop)
    stack.push_async_callback(answers.stop)
    await asyncio.wait_for(answers._starting, 10)  # type: ignore[arg-type]
    return Owner(org, answers, hall.id)


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


async def test_staff_of_one_organisation_ask_through_their_own_service(town: Town) -> None:
    union, league = town.owners["union"], town.owners["league"]
    wanted = (Wanted(booking_id=uuid4(), venue_id=league.hall, start=at(5, 9), end=at(5, 11)),)
    who = own_booker(union.org, "组织部", "周经办", STAFF.id)
    question = AskRequest(request_id=uuid4(), booker=who, title="读书会", wanted=wanted)
    for _ in range(2):  # a lost answer and asking again is asking once
        asked = await union.org.kit.bus.request("hub", ASK, question, Asked)
        assert (asked.status, asked.venues) == ("confirmed", ("多功能厅",))
    (booking,) = await town.at_owner("league")
    assert (booking.org, booking.staff_name) == ("union", "周经办")
    own = await union.org.kit.bus.request("hub", LOOK, LookRequest(staff_id=STAFF.id), AskedList)
    assert [a.title for a in own.requests] == ["读书会"]
    others = await league.org.kit.bus.request("hub", LOOK, LookRequest(staff_id=STAFF.id), AskedList)
    assert others.requests == ()
    with pytest.raises(Declined):  # nobody asks in another's name: the account tells who asks
        await league.org.kit.bus.request(
            "hub", ASK, question.model_copy(update={"request_id": uuid4()}), Asked
        )


async def test_a_wish_that_is_not_passed_on_keeps_what_was_typed(town: Town) -> None:
    """In one's own service, in the dialog it was typed in; and when the hub is away, beside the reason."""
    union, league = town.owners["union"], town.owners["league"]
    service = service_of(union.org)
    await service.kit.bus.start()
    await asyncio.wait_for(service.kit.bus.wait_connected(), 10)
    async with town.hub.database.transaction() as session:
        await apply_announcements(session, [received("league", announced("league", "青"))])
    async with union.org.kit.database.transaction() as session:
        unit = await session.get_one(Unit, (await session.get_one(OwnedVenue, union.hall)).unit_id)
        await make_accounts(session, unit)
    clerk = await OrgWorld(union.org, service.app, unit, unit, unit).signed_in("clerk")
    page = await clerk.get(f"/venues/others?day={at(5, 0).date().isoformat()}&people=10")
    assert str(league.hall) in page.text
    wish = {
        "request_id": str(uuid4()), "venue": str(league.hall), "start": at(5, 9).isoformat(),
        "end": at(5, 11).isoformat(), "people": "10",
    }  # fmt: skip
    for typed, said in (("", "请填写活动名称"), ("联系12812345678", "证件号或手机号")):
        refused = await clerk.post("/venues/others", wish | {"title": typed})
        assert refused.status_code == 422
        dialog = refused.text.split('<details class="dialog" open>')[1].split("</details>")[0]
        assert said in dialog
        assert f'value="{typed}"' in dialog
    assert await town.at_owner("league") == []
    late = {"start": at(0, 0).isoformat(), "end": at(0, 2).isoformat(), "title": "读书会", "hours": "2"}
    for no in (late, {"end": wish["start"], "title": "读书会"}):  # said by the hub: it has no field
        refused = await clerk.post("/venues/others", wish | no)
        assert refused.status_code in (409, 422)
        assert "读书会" in refused.text
    asked = await clerk.post("/venues/others", wish | {"title": "读书会"})
    assert asked.status_code == 303
    assert [b.title for b in await town.at_owner("league")] == ["读书会"]
    # whether it arrived is not known: what is sent again is the same wish at the same time
    real = service.kit.bus.request

    async def lost(service_code: str, subject: str, *told: Any, **more: Any) -> Any:
        answer = await real(service_code, subject, *told, **more)
        if subject == ASK:
            raise BusAway("没有应答")
        return answer

    object.__setattr__(service.kit.bus, "request", lost)
    again = wish | {
        "title": "茶话会",
        "request_id": str(uuid4()),
        "start": at(5, 13).isoformat(),
        "end": at(5, 15).isoformat(),
    }
    unsure = await clerk.post("/venues/others", again)
    dialog = unsure.text.split('<details class="dialog" open>')[1].split("</details>")[0]
    sent = dict(re.findall(r'name="(request_id|start|end)" value="([^"]+)"', dialog))
    assert {k: datetime.fromisoformat(v) for k, v in sent.items() if k != "request_id"} == {
        k: datetime.fromisoformat(again[k]) for k in ("start", "end")
    }
    assert sent["request_id"] == again["request_id"]
    object.__setattr__(service.kit.bus, "request", real)
    assert (await clerk.post("/venues/others", again | sent)).status_code == 303
    assert [b.title for b in await town.at_owner("league")] == ["读书会", "茶话会"]
    await service.kit.bus.stop()
    away = await clerk.post("/venues/others", wish | {"title": "茶话会", "request_id": str(uuid4())})
    assert "您填写的活动名称：茶话会" in away.text
