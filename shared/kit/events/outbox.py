"""Recording an event in the same transaction as the change that caused it."""

from collections.abc import Sequence
from uuid import UUID

import orjson
from sqlalchemy.ext.asyncio import AsyncSession

from shared.contracts.event import Event
from shared.kit.events.models import OutboxRow
from shared.kit.fast import Ready
from shared.kit.log import current_traceparent

MOST_BYTES = 256 * 1024
_MANY = Ready(
    "insert into outbox (channel, type, key, data, traceparent) select channel, type, key, data, traceparent"
    " from rows from (json_to_recordset(cast(:rows as json)) as"
    " (channel text, type text, key text, data jsonb, traceparent text)) with ordinality order by ordinality"
)
"""One statement whatever their number; the ids, which are the order, follow the order given."""


def emit(session: AsyncSession, event: Event, *, key: UUID | str, to: str | None = None) -> None:
    """Record `event` about the aggregate `key`, for everybody or for one organisation (`to`).

    The aggregate's row must be locked (updated or inserted) first: that alone keeps the order per aggregate.
    """
    session.add(OutboxRow(**_row(event, key, to, current_traceparent())))
    session.info["emitted"] = True


async def emit_many(
    session: AsyncSession, events: Sequence[tuple[UUID | str, Event]], traces: Sequence[str | None] = ()
) -> None:
    """Record many events at once, in order; `traces` of each, when several requests caused them."""
    traces = traces or [current_traceparent()] * len(events)
    rows = [_row(event, key, None, trace) for (key, event), trace in zip(events, traces, strict=True)]
    if rows:
        await _MANY.run(session, rows=orjson.dumps(rows).decode())
        session.info["emitted"] = True


def _row(event: Event, key: UUID | str, to: str | None, trace: str | None) -> dict[str, object]:
    if event.addressed != (to is not None):
        raise ValueError(f"{event.type} is {'' if event.addressed else 'not '}addressed to one organisation")
    data = event.model_dump(mode="json")
    if len(orjson.dumps(data)) > MOST_BYTES:
        raise ValueError(f"{event.type} is larger than {MOST_BYTES} bytes: the bus would refuse it for ever")
    return {
        "channel": to or "",
        "type": event.type,
        "key": str(key),
        "data": data,
        "traceparent": trace,
    }
