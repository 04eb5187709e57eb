"""What came from others and what became of it, one row per event; told to its sender when it asks."""

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Literal

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.contracts.event import Envelope
from shared.contracts.rpc import RECEIPTS, Receipt, ReceiptsAnswer, ReceiptsRequest
from shared.kit.clock import now
from shared.kit.db import Database
from shared.kit.events.models import ReceiptRow, SourceRow
from shared.kit.events.positions import origin
from shared.kit.events.responders import requester
from shared.kit.fast import Ready
from shared.kit.module import Responder

State = Literal["applied", "aside", "discarded"]
MOST_ASIDE = 100
TROUBLE = text("state <> 'applied'")
"""Written out, so that the planner knows the small index of these holds all that is wanted."""
KEY = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[a-z][a-z0-9_]{1,31}"
"""An aggregate is named by its id or its code."""
_KEY = re.compile(KEY)
_TYPES = {
    "source": "text", "channel": "text", "seq": "bigint", "type": "text", "key": "text",
    "event_at": "timestamptz", "state": "text", "state_at": "timestamptz",
}  # fmt: skip
# an event that comes again changes nothing, unless it was put aside and could be applied now
_WRITE = Ready(
    f"insert into event_receipt as r ({', '.join(_TYPES)})"  # noqa: S608 - constants
    f" select * from unnest({', '.join(f'cast(:{c} as {t}[])' for c, t in _TYPES.items())})"
    " on conflict (source, channel, seq) do update set state = excluded.state, state_at = excluded.state_at"
    " where r.state = 'aside' and excluded.state <> 'aside'"
)


def key_of(subject: str) -> str:
    """The id or code; anything else a sender may have put there is not repeated."""
    return subject if _KEY.fullmatch(subject) else ""


async def write(session: AsyncSession, came: Iterable[tuple[Envelope, State]], at: datetime) -> None:
    """Remember these, in the transaction of their effects."""
    rows: dict[tuple[str, str, int], tuple[object, ...]] = {}
    for envelope, state in came:
        source, channel = origin(envelope)
        key, sent = key_of(envelope.subject), min(envelope.time, at)
        number = envelope.sequence
        rows[source, channel, number] = (source, channel, number, envelope.type, key, sent, state, at)
    if rows:
        await _WRITE.run(
            session, **dict(zip(_TYPES, map(list, zip(*rows.values(), strict=True)), strict=True))
        )


def receipts_responder(database: Database) -> Responder:
    """The responder every service has: `events.receipts`, about events of the asker only."""

    async def answer(question: ReceiptsRequest) -> ReceiptsAnswer:
        asker = requester()
        mine = (ReceiptRow.source == asker, ReceiptRow.channel == question.channel)
        asked = select(ReceiptRow).where(*mine, ReceiptRow.seq.in_(question.numbers))
        aside = select(ReceiptRow.seq).where(
            *mine, ReceiptRow.state != "applied", ReceiptRow.state == "aside"
        )
        async with database.transaction() as session:
            source = await session.get(SourceRow, (asker, question.channel))
            return ReceiptsAnswer(
                seen=source.seq if source else 0,
                aside=list(
                    await session.scalars(aside.order_by(ReceiptRow.event_at.desc()).limit(MOST_ASIDE))
                ),
                receipts=[
                    Receipt(number=row.seq, state=row.state, at=row.state_at)  # type: ignore[arg-type]
                    for row in await session.scalars(asked)
                ],
            )

    return Responder(RECEIPTS, ReceiptsRequest, answer)


async def settle(session: AsyncSession, envelope: Envelope | None, state: State) -> None:
    """Staff applied or discarded what was put aside."""
    if envelope is not None:
        await write(session, [(envelope, state)], now())
