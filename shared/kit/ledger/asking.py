"""What only others know: what became of what was sent to them, what they have said that is not here."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from shared.contracts.rpc import (
    FETCH,
    RECEIPTS,
    FetchAnswer,
    FetchRequest,
    ReceiptsAnswer,
    ReceiptsRequest,
)
from shared.kit.bus import Bus
from shared.kit.clock import CHINA
from shared.kit.errors import Problem
from shared.kit.events.envelope import HUB
from shared.kit.events.models import ChannelRow, LogRow, SourceRow
from shared.kit.events.receipts import key_of
from shared.kit.ledger.entries import Entry, Filter
from shared.kit.ledger.reading import PAGE, Answers

PATIENCE = 1.5


async def answers_about(bus: Bus, numbers: Mapping[str, Sequence[int]]) -> Answers:
    """What each receiver says of these numbers; all are asked at once."""
    found = await asyncio.gather(*(_ask(bus, channel, list(of)) for channel, of in numbers.items()))
    return {channel: answer for channel, answer in zip(numbers, found, strict=True) if answer is not None}


async def _ask(bus: Bus, channel: str, numbers: list[int]) -> ReceiptsAnswer | None:
    question = ReceiptsRequest(channel=channel, numbers=numbers)
    try:
        return await bus.request(channel or HUB, RECEIPTS, question, ReceiptsAnswer, timeout=PATIENCE)
    except Problem:
        return None


async def channels(session: AsyncSession) -> dict[str, int]:
    """The own channels and how far each has gone out."""
    rows = await session.execute(select(ChannelRow.channel, ChannelRow.published))
    return {row.channel: row.published for row in rows}


async def told(bus: Bus, session: AsyncSession, entries: Iterable[Entry]) -> list[Entry]:
    """The entries, with what became of those that were sent from here."""
    given = list(entries)
    out = await channels(session)
    numbers = defaultdict[str, list[int]](list)
    for entry in given:
        if entry.state == "sent" and entry.seq <= out.get(entry.channel, 0):
            numbers[entry.channel].append(entry.seq)
    answers = await answers_about(bus, numbers)
    return [_with(entry, out, answers) if entry.state == "sent" else entry for entry in given]


def _with(entry: Entry, out: Mapping[str, int], answers: Answers) -> Entry:
    if entry.seq > out.get(entry.channel, 0):
        return replace(entry, state="queued")
    answer = answers.get(entry.channel)
    if answer is None:
        return entry
    for receipt in answer.receipts:
        if receipt.number == entry.seq:
            return replace(entry, state=receipt.state, state_at=receipt.at)
    return replace(entry, state="applied" if entry.seq <= answer.seen else "waiting")


async def waiting(bus: Bus, session: AsyncSession, own: str, wanted: Filter) -> list[Entry]:
    """The oldest few of what has not come to where it should: from here to others, from others to here."""
    found: list[Entry] = []
    if wanted.sender in ("", own):
        found += await _not_there(bus, session, own)
    sources = select(SourceRow.source, SourceRow.channel, SourceRow.seq)
    origins = [o for o in (await session.execute(sources)).all() if wanted.sender in ("", o.source)]
    for coming in await asyncio.gather(*(_coming(bus, o.source, o.channel, o.seq + 1) for o in origins)):
        found += coming
    return sorted((e for e in found if _fits(e, wanted)), key=lambda entry: entry.place)[:PAGE]


async def _not_there(bus: Bus, session: AsyncSession, own: str) -> list[Entry]:
    out = await channels(session)
    answers = await answers_about(bus, {channel: [] for channel in out})
    found: list[Entry] = []
    for channel, published in out.items():
        seen = answers[channel].seen if channel in answers else published
        query = select(LogRow).where(LogRow.channel == channel, LogRow.seq > seen)
        for row in await session.scalars(query.order_by(LogRow.seq).limit(PAGE)):
            state = "queued" if row.seq > published else "waiting"
            found.append(Entry(own, channel, row.seq, row.type, row.key, row.at, state))  # type: ignore[arg-type]
    return found


async def _coming(bus: Bus, source: str, channel: str, first: int) -> list[Entry]:
    """Heads of what its owner has said and we have not; the rest of the answer is not looked at."""
    question = FetchRequest(channel=channel, first=first, last=first + PAGE - 1)
    try:
        answer = await bus.request(source, FETCH, question, FetchAnswer, timeout=PATIENCE)
        return [_head(source, channel, envelope) for envelope in answer.envelopes]
    except (Problem, KeyError, ValueError):
        return []


def _head(source: str, channel: str, envelope: Mapping[str, object]) -> Entry:
    return Entry(
        source,
        channel,
        int(str(envelope["sequence"])),
        str(envelope["type"]),
        key_of(str(envelope["subject"])),
        datetime.fromisoformat(str(envelope["time"])),
        "waiting",
    )


def _fits(entry: Entry, wanted: Filter) -> bool:
    on_day = wanted.day is None or entry.at.astimezone(CHINA).date() == wanted.day
    return on_day and wanted.kind in ("", entry.type) and wanted.subject in ("", entry.key)
