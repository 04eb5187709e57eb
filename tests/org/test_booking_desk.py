"""Bookings written together: one transaction for who came meanwhile, an answer of one's own for each."""

import asyncio
from collections.abc import Awaitable, Sequence
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import event, func, select, text
from sqlalchemy.exc import DBAPIError

from shared.contracts.bookings import Booker
from shared.kit.audit import AuditEntry, System, verify
from shared.kit.errors import NotFound, Refused
from shared.kit.events.models import OutboxRow
from shared.kit.log import begin_trace
from shared.org.bookings import Ask, Booking, BookingChange, Taken
from shared.org.bookings.desk import Desk
from shared.org.kit import OrgKit
from shared.org.venues import Venue
from tests.org.people import CLERK, told, tree
from tests.org.rooms import ask, at, venue
from tests.org.web import OrgWorld

MANY = 12


async def halls(org: OrgKit, number: int) -> list[Venue]:
    async with org.kit.database.transaction() as session:
        _, one, _ = await tree(session, org)
        return [await venue(session, org, one, name=f"会议室{n}") for n in range(number)]


async def settled(asked: Sequence[Awaitable[Booking]]) -> tuple[list[Booking], list[BaseException]]:
    answers = await asyncio.gather(*asked, return_exceptions=True)
    made = [a for a in answers if isinstance(a, Booking)]
    return made, [a for a in answers if isinstance(a, BaseException)]


async def transactions(org: OrgKit) -> list[int]:
    """How many bookings each transaction wrote."""
    query = text("SELECT count(*) FROM booking GROUP BY xmin::text ORDER BY 1 DESC")
    async with org.kit.database.transaction() as session:
        return list(await session.scalars(query))


async def stands(org: OrgKit, hall: Venue) -> int:
    async with org.kit.database.transaction() as session:
        query = select(func.count()).select_from(Booking).where(Booking.venue_id == hall.id)
        return await session.scalar(query) or 0


async def test_who_comes_together_is_written_together_and_told_apart(org: OrgKit) -> None:
    """Each booking keeps its own asker, history, audit entry, event and trace."""
    (hall,), desk = await halls(org, 1), Desk(org)

    async def one(number: int) -> tuple[str, Booking]:
        trace = begin_trace()
        return trace, await desk.book(ask(org, hall, at(5 + number, 9)), System(f"沈若溪{number}"))

    made = await asyncio.gather(*(one(number) for number in range(MANY)))
    assert await transactions(org) == [MANY]
    async with org.kit.database.transaction() as session:
        assert (await verify(session)).intact
        for number, (trace, booking) in enumerate(made):
            assert booking.start == at(5 + number, 9)
            changes = select(BookingChange.fact, BookingChange.actor).where(
                BookingChange.booking_id == booking.id
            )
            assert list(await session.execute(changes)) == [("confirmed", f"沈若溪{number}")]
            entries = select(AuditEntry.action, AuditEntry.actor_name).where(
                AuditEntry.target_id == str(booking.id)
            )
            assert list(await session.execute(entries)) == [("booking.confirmed", f"沈若溪{number}")]
            assert [data["status"] for _, data in await told(session, booking.id)] == ["confirmed"]
            sent = select(OutboxRow.traceparent).where(OutboxRow.key == str(booking.id))
            assert list(await session.scalars(sent)) == [trace]


async def test_of_one_group_that_wants_the_same_hour_one_gets_it(org: OrgKit) -> None:
    (hall, other), desk = await halls(org, 2), Desk(org)
    same = [desk.book(ask(org, hall, at(5, 9)), CLERK) for _ in range(MANY)]
    apart = [desk.book(ask(org, other, at(day, 9)), CLERK) for day in (5, 6)]
    made, lost = await settled([*same, *apart])
    assert (len(made), await stands(org, hall), await stands(org, other)) == (3, 1, 2)
    assert await transactions(org) == [3]
    assert len(lost) == MANY - 1
    for each in lost:
        assert isinstance(each, Taken)
        assert {o.venue_id for o in each.options} == {hall.id}  # the other one is taken in the same group


async def test_who_went_away_while_waiting_books_nothing(org: OrgKit) -> None:
    (hall,), desk = await halls(org, 1), Desk(org)
    first, gone, stays = (
        asyncio.create_task(desk.book(ask(org, hall, at(5 + n, 9)), CLERK)) for n in range(3)
    )
    await asyncio.sleep(0)  # all three wait, nothing is written yet
    gone.cancel()
    made = await asyncio.gather(first, stays)
    assert {booking.start for booking in made} == {at(5, 9), at(7, 9)}
    assert await stands(org, hall) == 2
    assert gone.cancelled()


@pytest.mark.timeout(120)
async def test_two_hundred_at_two_desks_want_the_same_hour(org: OrgKit) -> None:
    """Two processes of one service: their groups meet at the constraint only."""
    (hall, other), desks = await halls(org, 2), (Desk(org), Desk(org))
    for day in (3, 4):
        wanted = [ask(org, (hall, other)[n // 2 % 2], at(day, 9)) for n in range(200)]
        made, lost = await settled([desks[n % 2].book(wish, CLERK) for n, wish in enumerate(wanted)])
        assert {booking.venue_id for booking in made} == {hall.id, other.id}
        assert (len(made), {type(each) for each in lost}) == (2, {Taken})
    assert (await stands(org, hall), await stands(org, other)) == (2, 2)


async def test_what_is_wrong_with_one_is_no_others_fault(org: OrgKit) -> None:
    """Refused by a rule, an unknown venue, and a text the database cannot hold."""
    (hall, closed), desk = await halls(org, 2), Desk(org)
    async with org.kit.database.transaction() as session:
        (await session.get_one(Venue, closed.id)).status = "closed"
    good = [ask(org, hall, at(5 + n, 9)) for n in range(3)]
    unknown = Ask(uuid4(), at(5, 9), at(5, 11), "茶话会", good[0].booker)
    refused = [ask(org, closed, at(5, 9)), ask(org, hall, at(9, 9), people=301), unknown]
    made, lost = await settled([desk.book(wish, CLERK) for wish in [*good, *refused]])
    assert [type(each) for each in lost] == [Refused, Refused, NotFound]
    assert await transactions(org) == [3]
    spoilt = Ask(hall.id, at(8, 9), at(8, 11), "茶话会", Booker(org="x1", office="\x00", staff_name="何静怡"))
    later = [ask(org, hall, at(15 + n, 9)) for n in range(3)]
    made, lost = await settled([desk.book(wish, CLERK) for wish in [later[0], spoilt, *later[1:]]])
    assert [booking.start for booking in made] == [wish.start for wish in later]
    assert [isinstance(each, DBAPIError) for each in lost] == [True]
    assert await transactions(org) == [3, 1, 1, 1]  # each by itself


async def test_a_commit_that_may_have_happened_is_not_tried_again(org: OrgKit) -> None:
    (hall,), desk, tried = await halls(org, 1), Desk(org), list[object]()

    def cut_off(connection: object) -> None:
        tried.append(connection)
        raise ConnectionError("nobody knows what became of it")

    engine = org.kit.database.engine.sync_engine
    event.listen(engine, "commit", cut_off)
    try:
        made, lost = await settled([desk.book(ask(org, hall, at(5 + n, 9)), CLERK) for n in range(3)])
    finally:
        event.remove(engine, "commit", cut_off)
    assert (len(tried), made, {type(each) for each in lost}) == (1, [], {ConnectionError})
    assert (await desk.book(ask(org, hall, at(5, 9)), CLERK)).status == "confirmed"  # the desk is still there


async def test_nobody_holds_a_connection_while_waiting_for_the_desk(
    here: OrgWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More requests than connections, all answered; with a key each books in its own transaction."""
    database = here.org.kit.database
    async with database.transaction() as session:
        hall = await venue(session, here.org, here.one)
    clerk, taken = await here.signed_in("clerk"), list[int]()
    book = Desk.book

    async def counted(desk: Desk, *given: Any) -> Booking:
        taken.append(desk._org.kit.database.engine.pool.checkedout())  # type: ignore[attr-defined]
        return await book(desk, *given)

    monkeypatch.setattr(Desk, "book", counted)

    async def post(number: int, headers: dict[str, str]) -> int:
        start = at(5 + number % 20, 9)
        body = {"venue_id": str(hall.id), "start": start.isoformat(), "title": "读书会"}
        body["end"] = at(5 + number % 20, 10).isoformat()
        return (await clerk.api("POST", "/api/v1/bookings", body, headers)).status_code

    assert await post(0, {}) == 201
    assert taken == [0]
    said = await asyncio.gather(*(post(number, {}) for number in range(1, 40)))
    assert (said.count(201), said.count(409), len(taken)) == (19, 20, 40)
    keyed = {"Idempotency-Key": "k1"}
    assert [await post(1, keyed), len(taken)] == [409, 40]
