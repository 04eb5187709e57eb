"""Pages of the ledger out of receipts and the own event log: two short walks through an index, merged.

Both tables hold millions of rows. Each kind of each sender is a run of the index by time; a page takes its
newest few from every run, so that a rare kind is found as fast as a frequent one.
"""

# ruff: noqa: S608 - statements are put together from constants of this module; values are parameters

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any, Literal

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.contracts.rpc import ReceiptsAnswer
from shared.kit.clock import CHINA
from shared.kit.errors import Invalid
from shared.kit.events.models import LogRow, ReceiptRow
from shared.kit.ledger.entries import Entry, Filter
from shared.kit.pagination import Cursor, Window, decode, window

PAGE = 50
MOST_RUNS = 200
Answers = dict[str, ReceiptsAnswer]
"""What receivers say of what was sent to them, by channel; who does not answer is not in it."""


@dataclass(frozen=True)
class Table:
    """One of the two tables: what its rows are read by."""

    name: Literal["event_receipt", "event_log"]
    at: str
    source: str
    columns: str


RECEIVED = Table("event_receipt", "event_at", "e.source", "e.state, e.state_at")
SENT = Table("event_log", "at", "cast(:own as text)", "'sent' state, cast(null as timestamptz) state_at")
_SENDERS = text(
    "with recursive run as ("
    " (select source, type from event_receipt order by source, type limit 1)"
    " union all select n.* from run r cross join lateral (select source, type from event_receipt"
    "  where (source, type) > (r.source, r.type) order by source, type limit 1) n)"
    " select source, type from run limit :most"
)
_KINDS = text(
    "with recursive run as ((select type from event_log order by type limit 1)"
    " union all select n.* from run r cross join lateral"
    "  (select type from event_log where type > r.type order by type limit 1) n)"
    " select type from run limit :most"
)


@dataclass(frozen=True)
class Runs:
    """Which kinds there are of which senders: found by hops through the index."""

    received: list[tuple[str, str]]
    sent: list[str]

    def kinds(self) -> set[str]:
        """All of them, for the filter's list."""
        return {kind for _, kind in self.received} | set(self.sent)


async def runs(session: AsyncSession) -> Runs:
    """What there is to look for."""
    received = await session.execute(_SENDERS, {"most": MOST_RUNS})
    sent = await session.scalars(_KINDS, {"most": MOST_RUNS})
    return Runs([(row.source, row.type) for row in received], list(sent))


async def page(
    session: AsyncSession, own: str, wanted: Filter, there: Runs, position: str, answers: Answers
) -> Window[Entry]:
    """One page of what is recorded here, newest first."""
    cursor = decode(position, 4)
    values = {"own": own, "limit": PAGE + 1} | _from(cursor) | _of(wanted)
    found: list[Entry] = []
    if wanted.sender != own:
        pairs = [p for p in there.received if wanted.sender in ("", p[0]) and wanted.kind in ("", p[1])]
        found += await _read(session, RECEIVED, wanted, cursor, values, pairs)
    if wanted.sender in ("", own):
        kinds = [(own, kind) for kind in there.sent if wanted.kind in ("", kind)]
        found += await _read(session, SENT, wanted, cursor, values | _known(answers), kinds)
    backwards = cursor is not None and cursor.backwards
    found.sort(key=lambda entry: entry.place, reverse=not backwards)
    return window(found[: PAGE + 1], PAGE, cursor, lambda entry: (entry.at.isoformat(), *entry.place[1:]))


async def _read(
    session: AsyncSession,
    table: Table,
    wanted: Filter,
    cursor: Cursor | None,
    values: dict[str, Any],
    pairs: Sequence[tuple[str, str]],
) -> list[Entry]:
    """Up to a page and one of one table, in the direction of the cursor."""
    way = "asc" if cursor and cursor.backwards else "desc"
    where = " and ".join(_conditions(table, wanted, cursor)) or "true"
    rows = (
        f"select {table.source} source, e.channel, e.seq, e.type, e.key, e.{table.at} at, {table.columns}"
        f" from {table.name} e where {where} and e.type = p.type"
        f"{' and e.source = p.source' if table is RECEIVED else ''}"
        f" order by e.{table.at} {way}, e.seq {way} limit :limit"
    )
    statement = (
        "select r.* from unnest(cast(:sources as text[]), cast(:types as text[])) p(source, type)"
        f" cross join lateral ({rows}) r"
        f' order by at {way}, seq {way}, r.source collate "C" {way}, r.channel collate "C" {way} limit :limit'
    )
    given = values | {"sources": [p[0] for p in pairs], "types": [p[1] for p in pairs]}
    return [Entry(**row) for row in (await session.execute(text(statement), given)).mappings()]


def _conditions(table: Table, wanted: Filter, cursor: Cursor | None) -> list[str]:
    out = []
    if cursor:
        sign = ">" if cursor.backwards else "<"
        out.append(f"(e.{table.at}, e.seq) {sign}= (cast(:at as timestamptz), cast(:seq as bigint))")
        out.append(
            f'(e.{table.at}, e.seq, {table.source} collate "C", e.channel collate "C") {sign}'
            " (cast(:at as timestamptz), cast(:seq as bigint), cast(:source as text), cast(:channel as text))"
        )
    if wanted.day:
        out.append(f"e.{table.at} >= :since and e.{table.at} < :until")
    if wanted.subject:
        out.append("e.key = :subject")
    if wanted.state:
        out.append(_STATE[table.name, wanted.state])
    return out


_ASIDE = "(e.channel, e.seq) in (select * from unnest(cast(:stopped as text[]), cast(:stops as bigint[])))"
_STATE = {
    ("event_receipt", "applied"): "e.state = 'applied'",
    ("event_receipt", "aside"): "e.state <> 'applied' and e.state = 'aside'",
    ("event_log", "applied"): "exists (select from unnest(cast(:channels as text[]), cast(:seen as bigint[]))"
    f" s(channel, seen) where s.channel = e.channel and e.seq <= s.seen) and not {_ASIDE}",
    ("event_log", "aside"): _ASIDE,
}


def _known(answers: Answers) -> dict[str, Any]:
    aside = [(channel, seq) for channel, answer in answers.items() for seq in answer.aside]
    return {
        "channels": list(answers),
        "seen": [answer.seen for answer in answers.values()],
        "stopped": [channel for channel, _ in aside],
        "stops": [seq for _, seq in aside],
    }


def _from(cursor: Cursor | None) -> dict[str, Any]:
    if cursor is None:
        return {}
    try:
        at, seq, source, channel = cursor.values
        moment, number = datetime.fromisoformat(at), int(seq)
        if moment.tzinfo is None or not 0 <= number < 2**63:
            raise ValueError(seq)
        return {"at": moment, "seq": number, "source": str(source), "channel": str(channel)}
    except (TypeError, ValueError) as error:
        raise Invalid("页码不正确", hint="请回到第一页。") from error


def _of(wanted: Filter) -> dict[str, Any]:
    since = datetime.combine(wanted.day, time(), CHINA) if wanted.day else None
    until = since + timedelta(days=1) if since else None
    return {"since": since, "until": until, "subject": wanted.subject}


async def one(session: AsyncSession, own: str, source: str, channel: str, seq: int) -> Entry | None:
    """One event by its number."""
    if source == own:
        log = await session.get(LogRow, (channel, seq))
        return Entry(own, channel, seq, log.type, log.key, log.at, "sent") if log else None
    query = select(ReceiptRow).where(
        ReceiptRow.source == source, ReceiptRow.channel == channel, ReceiptRow.seq == seq
    )
    row = await session.scalar(query)
    if row is None:
        return None
    return Entry(source, channel, seq, row.type, row.key, row.event_at, row.state, row.state_at)  # type: ignore[arg-type]
