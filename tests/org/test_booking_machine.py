"""A state machine over book, hold, confirm, expire, cancel, move and series, beside a model of a few lines."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, ClassVar, TypeVar
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.kit.errors import Refused
from shared.org.bookings import Booking, Repeat, Taken, book, book_series
from shared.org.bookings.deciding import cancel, move
from shared.org.bookings.desk import Desk
from shared.org.bookings.series import Clash
from shared.org.bookings.service import confirm, get_booking, take
from shared.org.kit import OrgKit
from shared.org.venues import Venue, create_venue
from tests.org.people import CLERK, tree
from tests.org.pool import Orgs, org_over
from tests.org.rooms import ask, at, booker, new_venue, venue

T = TypeVar("T")
HOURS = st.sampled_from([24 * day + hour for day in (0, 1) for hour in range(21)])
"""Hours since the first midnight; with the longest length none crosses a midnight, which no venue is open over."""
LENGTHS = st.integers(1, 4)
PLACES = st.sampled_from(["hall", "east", "west"])
BUFFER = 1
LIVE = ("held", "waiting", "confirmed")
# a failing case is told as it was found: making it shorter takes minutes over a real database
FEW = settings(
    max_examples=12, stateful_step_count=20, deadline=None, database=None,
    suppress_health_check=list(HealthCheck), phases=(Phase.generate,), report_multiple_bugs=False,
)  # fmt: skip


@dataclass
class Kept:
    """What the model knows of one booking: hours since midnight of the first day."""

    place: str
    start: int
    end: int
    status: str
    dead: bool = False

    def clashes(self, place: str, start: int, end: int) -> bool:
        if self.status not in LIVE or self.dead:
            return False
        apart = {self.place, place} == {"east", "west"}
        low, high = self.start - BUFFER, self.end
        return not apart and low < end and start - BUFFER < high


class Rooms(RuleBasedStateMachine):
    """One hall with two parts, each with an hour kept free before a booking."""

    org: ClassVar[OrgKit]
    venues: ClassVar[dict[str, Venue]]
    runner: ClassVar[asyncio.Runner]

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[UUID, Kept] = {}
        self.do(lambda s: s.execute(text("DELETE FROM booking_change")))
        self.do(lambda s: s.execute(text("DELETE FROM booking")))

    def do(self, work: Callable[[AsyncSession], Awaitable[T]]) -> T:
        async def inside() -> T:
            async with self.org.kit.database.transaction() as session:
                return await work(session)

        return self.runner.run(inside())

    def free(self, place: str, start: int, end: int, without: UUID | None = None) -> bool:
        return not any(k.clashes(place, start, end) for i, k in self.kept.items() if i != without)

    @rule(place=PLACES, start=HOURS, length=LENGTHS)
    def book(self, place: str, start: int, length: int) -> None:
        wish = ask(self.org, self.venues[place], at(3, start), length)
        try:
            made = self.do(lambda s: book(s, self.org, wish, CLERK))
        except Taken:
            assert not self.free(place, start, start + length)
            return
        assert self.free(place, start, start + length)
        self.kept[made.id] = Kept(place, start, start + length, "confirmed")

    @rule(wanted=st.lists(st.tuples(PLACES, HOURS, LENGTHS), min_size=2, max_size=5))
    def book_together(self, wanted: list[tuple[str, int, int]]) -> None:
        """At the desk, in one transaction: who does not get the time had somebody before them."""
        desk = Desk(self.org)
        asks = [ask(self.org, self.venues[place], at(3, start), length) for place, start, length in wanted]
        answers = self.runner.run(_all_of([desk.book(each, CLERK) for each in asks]))
        got = [isinstance(answer, Booking) for answer in answers]
        for (place, start, length), answer in zip(wanted, answers, strict=True):
            if isinstance(answer, Booking):
                assert self.free(place, start, start + length)
                self.kept[answer.id] = Kept(place, start, start + length, "confirmed")
        for (place, start, length), answer in zip(wanted, answers, strict=True):
            assert isinstance(answer, Booking) or not self.free(place, start, start + length), answer
        assert got == sorted(got, reverse=True) or len(set(wanted)) > 1, "the first of the same gets it"

    @rule(place=PLACES, start=HOURS, length=LENGTHS)
    def hold(self, place: str, start: int, length: int) -> None:
        room = self.venues[place]
        wish = ask(self.org, room, at(3, start), length)
        minute = timedelta(minutes=5)
        try:
            (made,) = self.do(
                lambda s: take(s, self.org, room, [wish], CLERK, hold=minute, request_id=uuid4())
            )
        except Taken:
            assert not self.free(place, start, start + length)
            return
        assert self.free(place, start, start + length)
        self.kept[made.id] = Kept(place, start, start + length, "held")

    def some(self, data: Any, *statuses: str) -> UUID | None:
        found = [i for i, k in self.kept.items() if k.status in statuses]
        return found[data.draw(st.integers(0, len(found) - 1))] if found else None

    @rule(data=st.data())
    def confirm(self, data: Any) -> None:
        if (chosen := self.some(data, "held")) is None:
            return

        async def work(session: AsyncSession) -> bool:
            return await confirm(session, [await get_booking(session, chosen, lock=True)], CLERK)

        done = self.do(work)
        assert done is not self.kept[chosen].dead
        if done:
            self.kept[chosen].status = "confirmed"

    @rule(data=st.data())
    def time_passes(self, data: Any) -> None:
        """A hold is over by the database's clock, and nobody has tidied."""
        if (chosen := self.some(data, "held")) is None:
            return
        over = text(
            "UPDATE booking SET hold_until = clock_timestamp() - interval '1 s' WHERE id = :id AND status = 'held'"
        )
        self.do(lambda s: s.execute(over, {"id": chosen}))
        self.kept[chosen].dead = True

    @rule(data=st.data())
    def cancel(self, data: Any) -> None:
        if (chosen := self.some(data, "held", "confirmed")) is None:
            return
        try:
            self.do(lambda s: cancel(s, chosen, "", CLERK))
        except Refused:
            assert self.kept[chosen].dead  # somebody took its time meanwhile
        self.kept[chosen].status = "cancelled"

    @rule(data=st.data(), place=PLACES, start=HOURS, length=LENGTHS)
    def move(self, data: Any, place: str, start: int, length: int) -> None:
        if (chosen := self.some(data, "confirmed")) is None:
            return

        async def work(session: AsyncSession) -> Booking:
            booking = await get_booking(session, chosen)
            return await move(
                session, self.org, chosen, start=at(3, start), end=at(3, start + length), version=booking.version,
                actor=CLERK, venue_id=self.venues[place].id,
            )  # fmt: skip

        free = self.free(place, start, start + length, without=chosen)
        try:
            self.do(work)
        except Taken:
            assert not free
            return
        assert free
        self.kept[chosen] = Kept(place, start, start + length, "confirmed")

    @precondition(lambda self: len(self.kept) < 40)
    @rule(place=PLACES, start=HOURS, length=LENGTHS, times=st.integers(2, 3))
    def series(self, place: str, start: int, length: int, times: int) -> None:
        repeat = Repeat(
            self.venues[place].id, at(3, start), at(3, start + length), f"FREQ=DAILY;COUNT={times}", "keep", "系列",
            booker(self.org),
        )  # fmt: skip
        wanted = [(start + 24 * n, start + 24 * n + length) for n in range(times)]
        free = all(self.free(place, low, high) for low, high in wanted)
        try:
            made = self.do(lambda s: book_series(s, self.org, repeat, CLERK))
        except Clash:
            assert not free
            return
        assert free
        rows = self.do(
            lambda s: s.scalars(select(Booking).where(Booking.series_id == made.id).order_by(Booking.during))
        )
        for booking, (low, high) in zip(rows, wanted, strict=True):
            self.kept[booking.id] = Kept(place, low, high, "confirmed")

    @invariant()
    def the_database_agrees(self) -> None:
        rows = {b.id: b for b in self.do(lambda s: s.scalars(select(Booking)))}
        assert rows.keys() == self.kept.keys()
        for booking_id, kept in self.kept.items():
            status = rows[booking_id].status
            assert status == kept.status or (kept.dead and status == "expired"), (status, kept)
            if kept.status in LIVE and not kept.dead:
                assert (rows[booking_id].start, rows[booking_id].end) == (at(3, kept.start), at(3, kept.end))


@pytest.mark.timeout(600)
async def test_the_machine(orgs: Orgs) -> None:
    made = await orgs.empty("union")
    await made.kit.database.close()
    await asyncio.to_thread(_run, orgs)


@pytest.mark.timeout(600)
async def test_the_machine_sees_a_lost_constraint(orgs: Orgs) -> None:
    """The harness bites: without the constraint something is booked twice, and the model says so."""
    made = await orgs.empty("union")
    await made.kit.database.close()
    superuser = orgs._known["union"][1].superuser
    async with superuser.begin() as connection:
        asked = text(
            "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'booking_no_overlap'"
        )
        definition = await connection.scalar(asked)
        await connection.execute(text("ALTER TABLE booking DROP CONSTRAINT booking_no_overlap"))
    try:
        with pytest.raises(AssertionError):
            await asyncio.to_thread(_run, orgs)
    finally:
        async with superuser.begin() as connection:
            await connection.execute(text("DELETE FROM booking_change"))
            await connection.execute(text("DELETE FROM booking"))
            await connection.execute(
                text(f"ALTER TABLE booking ADD CONSTRAINT booking_no_overlap {definition}")
            )


async def _all_of(asked: Sequence[Awaitable[Booking]]) -> list[Booking | BaseException]:
    answers = await asyncio.gather(*asked, return_exceptions=True)
    assert all(isinstance(answer, Booking | Taken) for answer in answers)
    return answers


def _run(orgs: Orgs) -> None:
    """The machine in a loop of its own: hypothesis is not asynchronous."""
    with asyncio.Runner() as runner:
        runner.run(_begin(orgs))
        Rooms.runner = runner
        try:
            run_state_machine_as_test(Rooms, settings=FEW)
        finally:
            runner.run(Rooms.org.kit.database.close())


async def _begin(orgs: Orgs) -> None:
    Rooms.org = org_over("union", orgs._known["union"][0])
    async with Rooms.org.kit.database.transaction() as session:
        _, one, _ = await tree(session, Rooms.org)
        buffer = {"buffer_before": 60 * BUFFER}
        hall = await venue(session, Rooms.org, one, sharing=buffer)
        Rooms.venues = {"hall": hall}
        for name in ("east", "west"):
            new = new_venue(Rooms.org, one, name=name, hall_id=hall.id, sharing=buffer)
            Rooms.venues[name] = await create_venue(session, Rooms.org, new, actor=CLERK)
