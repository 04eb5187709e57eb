"""The end of our audit log at other services: told to them while it grows, asked back for a verification."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from shared.contracts.audits import AuditEnd, SealedEnd
from shared.contracts.event import Received
from shared.contracts.rpc import AUDIT_ENDS, EndsAnswer, EndsRequest
from shared.kit import audit, clock
from shared.kit.auditors.models import KeptEnd
from shared.kit.bus import Bus, BusAway, Declined
from shared.kit.context import Kit
from shared.kit.db import Database
from shared.kit.errors import Forbidden
from shared.kit.events import emit
from shared.kit.events.responders import requester
from shared.kit.events.steps import first_of
from shared.kit.module import Responder

EVERY = 60.0
PATIENCE = 3.0
MOST = 2000


@dataclass(frozen=True)
class Elsewhere:
    """Which event tells our end and which one others tell theirs by, and who keeps ours."""

    tells: type[AuditEnd]
    hears: type[AuditEnd]
    keepers: Callable[[AsyncSession], Awaitable[Sequence[str]]]


@dataclass(frozen=True)
class KeptEnds:
    """What the others kept of our ends: `answered` and `silent` are codes of services."""

    ends: tuple[audit.Head, ...]
    answered: tuple[str, ...]
    silent: tuple[str, ...]


async def keep_telling(kit: Kit, elsewhere: Elsewhere, stop: asyncio.Event) -> None:
    """Until told to stop: once a minute, when the log has grown."""
    told = audit.Head(0, b"")
    while not stop.is_set():
        await first_of(EVERY, stop)
        if not stop.is_set():
            told = await tell_end(kit, elsewhere, told)


async def tell_end(kit: Kit, elsewhere: Elsewhere, told: audit.Head) -> audit.Head:
    """Tell the present end unless it is the one that was told last; the end told."""
    async with kit.database.transaction() as session:
        end = await audit.head(session)
        if end == told or not end.seq:
            return end
        event = elsewhere.tells(seq=end.seq, hash=end.hash.hex(), at=clock.now())
        for to in await elsewhere.keepers(session) if event.addressed else [None]:
            emit(session, event, key="audit", to=to)
    return end


async def keep(session: AsyncSession, events: Sequence[Received]) -> None:
    """Note what others told; the source is the bus's word, not the sender's."""
    rows = [
        {
            "source": r.envelope.source,
            "seq": r.event.seq,
            "hash": bytes.fromhex(r.event.hash),
            "at": r.event.at,
        }
        for r in events
        if isinstance(r.event, AuditEnd)
    ]
    if rows:
        await session.execute(insert(KeptEnd).values(rows).on_conflict_do_nothing())


def ends_responder(database: Database) -> Responder:
    """Gives a service the ends of its own log, and of nobody else's."""

    async def answer(question: EndsRequest) -> EndsAnswer:
        asker = requester()
        if asker is None:
            raise Forbidden("不知道是谁在问")
        mine = select(KeptEnd).where(KeptEnd.source == asker, KeptEnd.seq > question.after)
        async with database.transaction() as session:
            rows = list(await session.scalars(mine.order_by(KeptEnd.seq).limit(MOST)))
        # one number may be kept with two hashes: an answer ends between two numbers
        full = len(rows) == MOST and rows[0].seq != rows[-1].seq
        shown = [r for r in rows if r.seq != rows[-1].seq] if full else rows
        ends = [SealedEnd(seq=r.seq, hash=r.hash.hex(), at=r.at) for r in shown]
        return EndsAnswer(ends=ends, more=full)

    return Responder(AUDIT_ENDS, EndsRequest, answer)


async def kept_elsewhere(bus: Bus, keepers: Sequence[str]) -> KeptEnds:
    """Ask everybody who keeps our ends, at once."""
    answers = await asyncio.gather(*(_asked(bus, keeper) for keeper in keepers))
    pairs = list(zip(keepers, answers, strict=True))
    ends = {end for _, found in pairs for end in found or ()}
    return KeptEnds(
        ends=tuple(sorted(ends, key=lambda e: (e.seq, e.hash))),
        answered=tuple(keeper for keeper, found in pairs if found is not None),
        silent=tuple(keeper for keeper, found in pairs if found is None),
    )


async def _asked(bus: Bus, keeper: str) -> list[audit.Head] | None:
    """All the ends one service keeps; None when it gave none or not all of them."""
    found: list[audit.Head] = []
    while True:
        question = EndsRequest(after=found[-1].seq if found else 0)
        try:
            answer = await bus.request(keeper, AUDIT_ENDS, question, EndsAnswer, timeout=PATIENCE)
        except (BusAway, Declined):
            return None
        found += [audit.Head(end.seq, bytes.fromhex(end.hash)) for end in answer.ends]
        if not answer.more:
            return found
