"""Bookings at the owner: the constraint decides; approval, cancelling, moving, holds, history."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import func, insert, select, text
from sqlalchemy.exc import IntegrityError

from shared.kit.errors import NotFound, Refused
from shared.org.bookings import Booking, BookingChange, Taken, book
from shared.org.bookings.deciding import cancel, move
from shared.org.bookings.service import confirm, of_request, take
from shared.org.kit import OrgKit
from shared.org.venues import Venue, create_venue, get_venue
from tests.org.people import CLERK, told, tree
from tests.org.rooms import STRANGER, ask, at, booked, new_venue, venue
from tests.org.web import org_world


async def hall_of(org: OrgKit, **given: object) -> Venue:
    async with org.kit.database.transaction() as session:
        _, one, _ = await tree(session, org)
        return await venue(session, org, one, **given)


async def test_the_constraint_is_there_and_bites(org: OrgKit) -> None:
    """Alembic's comparison does not see a lost EXCLUDE: this does."""
    hall = await hall_of(org)
    async with org.kit.database.transaction() as session:
        definition = await session.scalar(
            text("SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'booking_no_overlap'")
        )
        assert definition == (
            "EXCLUDE USING gist (hall_id WITH =, place WITH &&, busy WITH &&) WHERE ((status = ANY"
            " (ARRAY['held'::text, 'waiting'::text, 'confirmed'::text])))"
        )
        first = await booked(session, org, hall, at(5, 9))
        values = {c.name: getattr(first, c.name) for c in Booking.__table__.columns if c.name != "id"}
        with pytest.raises(IntegrityError, match="booking_no_overlap"):
            async with session.begin_nested():
                await session.execute(insert(Booking).values(values))


async def test_a_taken_time_says_what_could_be_instead(org: OrgKit) -> None:
    async with org.kit.database.transaction() as session:
        _, one, _ = await tree(session, org)
        hall = await venue(session, org, one)
        other = await venue(session, org, one, name="二楼会议室", capacity=80)
        await booked(session, org, hall, at(5, 9), 3)
        with pytest.raises(Taken) as caught:
            async with session.begin_nested():
                await booked(session, org, hall, at(5, 10), 2)
        options = caught.value.options
        here = [o for o in options if o.venue_id == hall.id]
        assert next(o.start for o in here) in (at(5, 12), at(5, 7))
        assert all(o.end - o.start == timedelta(hours=2) for o in options)
        assert other.id in {o.venue_id for o in options}
        for option in options:  # nothing is offered that is not free
            place = await get_venue(session, option.venue_id)
            async with session.begin_nested() as trial:
                await booked(session, org, place, option.start, 2)
                await trial.rollback()


async def test_buffers_count_and_neighbours_without_do_not_clash(org: OrgKit) -> None:
    hall = await hall_of(org, sharing={"buffer_before": 30})
    async with org.kit.database.transaction() as session:
        await booked(session, org, hall, at(5, 9))
        with pytest.raises(Taken):
            async with session.begin_nested():
                await booked(session, org, hall, at(5, 11))
        await booked(session, org, hall, at(5, 11.5))
        await booked(session, org, hall, at(5, 6.5))  # ends at 8:30, where the buffer of the next begins


async def test_the_whole_excludes_its_parts_and_the_other_way_round(org: OrgKit) -> None:
    async with org.kit.database.transaction() as session:
        _, one, _ = await tree(session, org)
        hall = await venue(session, org, one)
        east, west = [
            await create_venue(session, org, new_venue(org, one, name=n, hall_id=hall.id), actor=CLERK)
            for n in ("东厅", "西厅")
        ]
        await booked(session, org, east, at(5, 9))
        await booked(session, org, west, at(5, 9))
        for place, hour in ((hall, 9), (east, 10)):
            with pytest.raises(Taken):
                async with session.begin_nested():
                    await booked(session, org, place, at(5, hour))
        await booked(session, org, hall, at(6, 9))
        with pytest.raises(Taken):
            async with session.begin_nested():
                await booked(session, org, west, at(6, 10))
        # a part listed later is inside a booking of the whole that stands already
        new = await create_venue(session, org, new_venue(org, one, name="南厅", hall_id=hall.id), actor=CLERK)
        with pytest.raises(Taken):
            async with session.begin_nested():
                await booked(session, org, new, at(6, 10))


@pytest.mark.timeout(120)
async def test_two_hundred_want_the_same_hour(org: OrgKit) -> None:
    """Exactly one of each round wins; the losers are told so and nobody deadlocks."""
    hall = await hall_of(org)

    async def try_to(day: int) -> str:
        try:
            async with org.kit.database.transaction() as session:
                await book(session, org, ask(org, hall, at(day, 9)), CLERK)
        except Taken:
            return "taken"
        return "booked"

    for day in (3, 4):
        said = await asyncio.gather(*(try_to(day) for _ in range(200)))
        assert sorted(set(said)) == ["booked", "taken"]
        assert said.count("booked") == 1
    async with org.kit.database.transaction() as session:
        assert await session.scalar(select(func.count()).select_from(Booking)) == 2


async def test_holds_end_by_the_databases_clock(org: OrgKit) -> None:
    hall = await hall_of(org)
    request = uuid4()
    async with org.kit.database.transaction() as session:
        await take(
            session,
            org,
            hall,
            [ask(org, hall, at(5, 9))],
            CLERK,
            hold=timedelta(milliseconds=300),
            request_id=request,
        )
        with pytest.raises(Taken):
            async with session.begin_nested():
                await booked(session, org, hall, at(5, 10))
    await asyncio.sleep(0.4)
    async with org.kit.database.transaction() as session:
        held = await of_request(session, request)
        assert not await confirm(session, held, CLERK)  # too late, although nobody swept
        new = await booked(session, org, hall, at(5, 10))
        await session.refresh(held[0])
        assert (held[0].status, new.status) == ("expired", "confirmed")
        assert [data["status"] for _, data in await told(session, held[0].id)] == ["held", "expired"]


async def test_a_hold_is_confirmed_once(org: OrgKit) -> None:
    hall = await hall_of(org)
    request = uuid4()
    async with org.kit.database.transaction() as session:
        await take(
            session,
            org,
            hall,
            [ask(org, hall, at(5, 9))],
            CLERK,
            hold=timedelta(minutes=1),
            request_id=request,
        )
        assert await confirm(session, await of_request(session, request), CLERK)
        assert await confirm(session, await of_request(session, request), CLERK)
        (booking,) = await of_request(session, request)
        assert (booking.status, booking.version) == ("confirmed", 2)


async def test_a_move_that_cannot_be_leaves_it_as_it_is(org: OrgKit) -> None:
    hall = await hall_of(org)
    async with org.kit.database.transaction() as session:
        stays = await booked(session, org, hall, at(5, 9))
        moves = await booked(session, org, hall, at(5, 14))
        with pytest.raises(Taken):
            await move(session, org, moves.id, start=at(5, 10), end=at(5, 12), version=1, actor=CLERK)
        await session.refresh(moves)
        assert (moves.start, moves.version) == (at(5, 14), 1)
        await move(
            session, org, moves.id, start=at(5, 15), end=at(5, 17), version=1, actor=CLERK
        )  # over itself
        assert (moves.start, moves.version, stays.version) == (at(5, 15), 2, 1)
        with pytest.raises(Refused, match="刚被别人改过"):
            await move(session, org, moves.id, start=at(5, 18), end=at(5, 19), version=1, actor=CLERK)
        facts = await session.scalars(
            select(BookingChange.fact).where(BookingChange.booking_id == moves.id).order_by(BookingChange.id)
        )
        assert list(facts) == ["confirmed", "moved"]


async def test_a_cancelled_time_is_free_at_once(org: OrgKit) -> None:
    hall = await hall_of(org)
    async with org.kit.database.transaction() as session:
        first = await booked(session, org, hall, at(5, 9))
        await cancel(session, first.id, "活动延期", CLERK)
        with pytest.raises(Refused, match="已经结束"):
            await cancel(session, first.id, "", CLERK)
        await booked(session, org, hall, at(5, 9))


async def test_quota_counts_the_month_of_another_organisation(org: OrgKit) -> None:
    hall = await hall_of(org, sharing={"quota_hours": 4})
    day = 1 if (at(1, 0).month == at(3, 0).month) else 5
    async with org.kit.database.transaction() as session:
        await booked(session, org, hall, at(day, 9), 3, code=STRANGER)
        with pytest.raises(Refused, match="限额4小时"):
            await booked(session, org, hall, at(day + 1, 9), 2, code=STRANGER)
        await booked(session, org, hall, at(day + 1, 9), 1, code=STRANGER)
        await booked(session, org, hall, at(day + 2, 9), 12)  # its own staff have none


async def test_approval_over_the_api_names_who_refused(org: OrgKit) -> None:
    async with org_world(org) as world:
        async with org.kit.database.transaction() as session:
            hall = await venue(session, org, world.one)
            hall.sharing = {**hall.sharing, "approval": "everybody"}
        clerk, keeper = await world.signed_in("clerk"), await world.signed_in("keeper")
        body = {
            "venue_id": str(hall.id),
            "start": at(5, 9).isoformat(),
            "end": at(5, 11).isoformat(),
            "title": "读书会",
        }
        made = await clerk.api("POST", "/api/v1/bookings", body)
        assert (made.status_code, made.json()["status"]) == (201, "waiting"), made.text
        path = f"/api/v1/bookings/{made.json()['id']}"
        assert (await clerk.api("POST", f"{path}/refuse", {"reason": "另有安排"})).status_code == 403
        taken = await clerk.api("POST", "/api/v1/bookings", body)
        assert (taken.status_code, taken.json()["type"]) == (409, "urn:quntuan:problem:taken")
        assert taken.json()["alternatives"][0]["venue_id"] == str(hall.id)
        refused = (await keeper.api("POST", f"{path}/refuse", {"reason": "另有安排"})).json()
        assert (refused["status"], refused["reason"], refused["decided_by"]) == (
            "refused",
            "另有安排",
            "组织部 吴保管",
        )
        assert (await keeper.api("POST", f"{path}/approve")).status_code == 409
        again = (await clerk.api("POST", "/api/v1/bookings", body)).json()
        approved = await keeper.api("POST", f"/api/v1/bookings/{again['id']}/approve")
        assert approved.json()["status"] == "confirmed"
        shown = (await clerk.api("GET", f"/api/v1/bookings/{again['id']}")).json()
        assert [h["fact"] for h in shown["history"]] == ["waiting", "approved"]
        stranger = await world.signed_in("street")
        assert (await stranger.api("POST", f"/api/v1/bookings/{again['id']}/cancel", {})).status_code == 403


async def test_the_same_key_books_once(org: OrgKit) -> None:
    async with org_world(org) as world:
        async with org.kit.database.transaction() as session:
            hall = await venue(session, org, world.one)
        clerk = await world.signed_in("clerk")
        body = {
            "venue_id": str(hall.id),
            "start": at(5, 9).isoformat(),
            "end": at(5, 11).isoformat(),
            "title": "读书会",
        }
        first, second = [
            await clerk.api("POST", "/api/v1/bookings", body, {"Idempotency-Key": "k1"}) for _ in range(2)
        ]
        assert (first.status_code, second.status_code) == (201, 201)
        assert first.json()["id"] == second.json()["id"]


async def test_a_closed_venue_takes_no_bookings(org: OrgKit) -> None:
    async with org.kit.database.transaction() as session:
        _, one, _ = await tree(session, org)
        hall = await venue(session, org, one)
        hall.status = "closed"
        with pytest.raises(Refused, match="已停用"):
            await booked(session, org, hall, at(5, 9))
        with pytest.raises(NotFound):
            await cancel(session, uuid4(), "", CLERK)
