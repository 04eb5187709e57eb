"""Single bookings of one's own staff: those that come while others are being written are written together.

One transaction, one commit and one turn at the end of the audit chain for all of a group. Nobody waits for
a group to fill: it is whoever came meanwhile, alone when nobody did. Each asker gets their own answer.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from shared.kit import audit
from shared.kit.errors import Problem
from shared.kit.log import current_traceparent
from shared.kit.pii.free_text import refuse_words
from shared.org.bookings import states
from shared.org.bookings.alternatives import alternatives
from shared.org.bookings.claims import Claim, claim
from shared.org.bookings.models import Booking
from shared.org.bookings.reading import venues_by_id
from shared.org.bookings.service import SYSTEM, Ask, Taken, allowed, open_venue
from shared.org.kit import OrgKit

MOST = 100
"""Bookings of one transaction."""


@dataclass(frozen=True, eq=False)
class _Wish:
    """Who asked for what in which request; `answer` is None when somebody else has the time."""

    ask: Ask
    actor: audit.Actor
    trace: str | None
    answer: "asyncio.Future[Booking | None]"


class _SpoiltError(Exception):
    """Something failed before the commit was sent: nothing of the group is written."""


class Desk:
    """Where an organisation's staff book one time at one venue; one group after the other."""

    def __init__(self, org: OrgKit) -> None:
        self._org, self._waiting = org, list[_Wish]()
        self._writer: asyncio.Task[None] | None = None

    async def book(self, ask: Ask, actor: audit.Actor) -> Booking:
        """As `service.book`, in a transaction of the desk's, which is committed when this returns."""
        refuse_words(title=ask.title)
        wish = _Wish(ask, actor, current_traceparent(), asyncio.get_running_loop().create_future())
        self._waiting.append(wish)
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write())
        booking = await wish.answer
        if booking is None:
            async with self._org.kit.database.transaction() as session:
                venue = await open_venue(session, ask.venue_id)
                raise Taken(await alternatives(session, venue, ask.start, ask.end, ask.people))
        return booking

    async def _write(self) -> None:
        while self._waiting:
            group, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
            there = [wish for wish in group if not wish.answer.done()]  # nobody books who has gone
            try:
                if there:
                    await self._settle(there)
            finally:
                for wish in there:
                    wish.answer.cancel()  # of no effect on those that have their answer

    async def _settle(self, group: Sequence[_Wish]) -> None:
        """Write them and give each its answer, when all of it is committed."""
        try:
            async with self._org.kit.database.transaction() as session:
                answers = await self._attempt(session, group)
        except _SpoiltError as spoilt:
            if len(group) > 1:  # each by itself, so that what is wrong with one is no other's fault
                await asyncio.gather(*(self._settle([wish]) for wish in group))
                return
            answers = {group[0]: spoilt.__cause__}
        except Exception as error:  # noqa: BLE001 - it may have been committed: trying again would ask twice
            answers = dict.fromkeys(group, error)
        for wish in group:
            _give(wish, answers.get(wish))

    async def _attempt(
        self, session: AsyncSession, group: Sequence[_Wish]
    ) -> dict[_Wish, Booking | BaseException | None]:
        try:
            return await self._book_all(session, group)
        except Exception as error:
            raise _SpoiltError from error

    async def _book_all(
        self, session: AsyncSession, group: Sequence[_Wish]
    ) -> dict[_Wish, Booking | BaseException | None]:
        """Bookings of those that got their time, refusals of those that may not; the others are too late."""
        answers, wanted = dict[_Wish, Booking | BaseException | None](), dict[UUID, tuple[_Wish, Claim]]()
        _known = await venues_by_id(session, [wish.ask.venue_id for wish in group])  # held: all in one read
        for wish in group:
            try:
                venue = await open_venue(session, wish.ask.venue_id)
                asked = await allowed(session, self._org, venue, [wish.ask])
            except Problem as problem:
                answers[wish] = problem
            else:
                wanted[asked.slots[0].id] = wish, asked
        if wanted:
            claimed = await claim(session, *(asked for _, asked in wanted.values()))
            await states.tell(session, await states.fresh(session, claimed.dead), "expired", SYSTEM)
            told = list[states.Told]()
            for booking in claimed.made:
                wish, _ = wanted[booking.id]
                answers[wish] = booking
                told.append(states.Told(booking, booking.status, wish.actor, wish.trace))
            await states.tell_each(session, told)
        return answers


def _give(wish: _Wish, answer: Booking | BaseException | None) -> None:
    if wish.answer.done():  # its request was ended meanwhile
        return
    if isinstance(answer, BaseException):
        wish.answer.set_exception(answer)
    else:
        wish.answer.set_result(answer)
