"""Use of rooms: no-shows, waiting list, free times, and that holds nobody confirmed are told."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select, text

from shared.kit import clock
from shared.kit.errors import Refused
from shared.org.bookings import Booking, Waiter
from shared.org.bookings.deciding import cancel
from shared.org.bookings.finding import Need, find_free
from shared.org.bookings.service import take
from shared.org.bookings.using import accept_offer, check_in, queue, tidy
from shared.org.kit import OrgKit
from tests.org.people import CLERK, told, tree
from tests.org.rooms import ask, at, booked, venue

HALF_AN_HOUR_AGO = text(
    "UPDATE booking SET during = tstzrange(now() - interval '30 min', now() + interval '1 hour'),"
    " busy = tstzrange(now() - interval '30 min', now() + interval '1 hour') WHERE id = :id"
)


async def test_nobody_came_and_the_room_is_released(org: OrgKit) -> None:
    async with org.kit.database.transaction() as session:
        _, one, _ = await tree(session, org)
        strict = await venue(session, org, one, sharing={"grace_minutes": 20})
        lenient = await venue(session, org, one, name="二楼会议室")
        late, seen, free = [
            await booked(session, org, v, at(5, h)) for v, h in ((strict, 9), (strict, 14), (lenient, 9))
        ]
        await session.execute(HALF_AN_HOUR_AGO, {"id": late.id})
        await session.execute(HALF_AN_HOUR_AGO, {"id": free.id})
        await tidy(session, org)
        for booking in (late, seen, free):
            await session.refresh(booking)
        assert [b.status for b in (late, seen, free)] == ["released", "confirmed", "confirmed"]
        assert (await told(session, late.id))[-1][1]["status"] == "released"


async def test_who_checked_in_stays(org: OrgKit) -> None:
    async with org.kit.database.transaction() as session:
        _, one, _ = await tree(session, org)
        strict = await venue(session, org, one, sharing={"grace_minutes": 20})
        here = await booked(session, org, strict, at(5, 9))
        with pytest.raises(Refused):
            await check_in(session, strict.id, CLERK)
        await session.execute(HALF_AN_HOUR_AGO, {"id": here.id})
        await session.refresh(here)
        assert (await check_in(session, strict.id, CLERK)).id == here.id
        await tidy(session, org)
        await session.refresh(here)
        assert here.status == "confirmed"


async def test_the_first_in_the_queue_is_offered_what_is_free(org: OrgKit) -> None:
    async with org.kit.database.transaction() as session:
        _, one, _ = await tree(session, org)
        hall = await venue(session, org, one)
        has = await booked(session, org, hall, at(5, 9))
        first = await queue(session, ask(org, hall, at(5, 9), title="排第一"))
        second = await queue(session, ask(org, hall, at(5, 10), title="排第二"))
        await tidy(session, org)
        assert (first.status, second.status) == ("queued", "queued")
        await cancel(session, has.id, "", CLERK)
        await tidy(session, org)
        assert (first.status, second.status) == ("offered", "queued")
        booking = await accept_offer(session, first.id, first.staff_id, CLERK)  # type: ignore[arg-type]
        assert (booking.status, booking.title, first.status) == ("confirmed", "排第一", "taken")


async def test_an_offer_nobody_takes_goes_to_the_next(org: OrgKit) -> None:
    async with org.kit.database.transaction() as session:
        _, one, _ = await tree(session, org)
        hall = await venue(session, org, one)
        first = await queue(session, ask(org, hall, at(5, 9), title="排第一"))
        second = await queue(session, ask(org, hall, at(5, 9), title="排第二"))
        await tidy(session, org)
        await session.execute(
            text("UPDATE booking SET hold_until = now() - interval '1 s' WHERE status = 'held'")
        )
        session.expire_all()
        await tidy(session, org)
        await session.refresh(first)
        await session.refresh(second)
        assert (first.status, second.status) == ("lapsed", "offered")


async def test_dead_holds_are_told_by_the_tidying_round(org: OrgKit) -> None:
    async with org.kit.database.transaction() as session:
        _, one, _ = await tree(session, org)
        hall = await venue(session, org, one)
        (held,) = await take(
            session, org, hall, [ask(org, hall, at(5, 9))], CLERK, hold=timedelta(milliseconds=50)
        )
    await asyncio.sleep(0.1)
    async with org.kit.database.transaction() as session:
        await tidy(session, org)
        assert await session.scalar(select(Booking.status).where(Booking.id == held.id)) == "expired"
        assert [d["status"] for _, d in await told(session, held.id)] == ["held", "expired"]
        assert list(await session.scalars(select(Waiter))) == []


async def test_free_times_fit_the_need(org: OrgKit) -> None:
    async with org.kit.database.transaction() as session:
        _, one, _ = await tree(session, org)
        small = await venue(session, org, one, name="小会议室", capacity=20)
        large = await venue(session, org, one, name="大礼堂", capacity=500, equipment=("投影",))
        await booked(session, org, small, at(5, 8), 10)
        day = clock.today() + timedelta(days=5)
        found = await find_free(session, Need(day, 180, opens=480, closes=1080))
        assert [f.venue_id for f in found] == [large.id]
        assert found[0].start == at(5, 8)
        evening = await find_free(session, Need(day, 180, opens=480))
        assert [(f.venue_id, f.start) for f in evening] == [(small.id, at(5, 18)), (large.id, at(5, 8))]
        assert [f.venue_id for f in await find_free(session, Need(day, 60, people=100))] == [large.id]
        assert [f.venue_id for f in await find_free(session, Need(day, 60, equipment=("投影",)))] == [
            large.id
        ]
