"""Numbers of an owner that did not come: asked from the owner itself, or noted and asked for later."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import orjson
from pydantic import ValidationError
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from shared.contracts.event import Envelope, bus_subject
from shared.contracts.rpc import FETCH, FetchAnswer, FetchRequest
from shared.kit.bus import Bus, BusAway
from shared.kit.errors import Problem
from shared.kit.events.envelope import Arrived, Checked, check
from shared.kit.events.models import GapRow
from shared.kit.events.positions import Origin, origin

AT_ONCE = 5000
"""More than this many missing events are not waited for: good events go on, the rest follows."""
SECONDS = 5.0
LATER = "later"
GONE = "gone"
"""The owner answered and has these events no more."""


@dataclass(frozen=True)
class Gap:
    """Missing numbers of one origin, both ends included."""

    origin: Origin
    first: int
    last: int

    @property
    def size(self) -> int:
        return self.last - self.first + 1


@dataclass
class Plan:
    """The batch in the order it will be applied, fetched events in their place, and what stays missing."""

    items: list[Checked] = field(default_factory=list)
    missing: list[tuple[Gap, str]] = field(default_factory=list)
    newest: dict[Origin, int] = field(default_factory=dict)
    repeated: int = 0


async def plan(bus: Bus, arrived: Sequence[Checked], seen: dict[Origin, int]) -> Plan:
    """Look at the owners' numbers; fetch what is missing before what comes after it, within limits."""
    result = Plan(newest=dict(seen))
    deadline, allowance = time.monotonic() + SECONDS, AT_ONCE
    for item in arrived:
        if item.envelope is not None:
            key, seq = origin(item.envelope), item.envelope.sequence
            expected = result.newest[key] + 1
            if seq > expected:
                gap = Gap(key, expected, seq - 1)
                in_time = gap.size <= allowance and time.monotonic() < deadline
                fetched, left = await fetch(bus, gap, deadline) if in_time else ([], [(gap, LATER)])
                allowance -= len(fetched)
                result.items += fetched
                result.missing += left
                if any(why not in (LATER, GONE) for _, why in left):
                    allowance = 0  # the owner is away: do not wait for it at every gap of this batch
            elif seq < expected:
                result.repeated += 1
            result.newest[key] = max(result.newest[key], seq)
        result.items.append(item)
    return result


async def fetch(bus: Bus, gap: Gap, deadline: float) -> tuple[list[Checked], list[tuple[Gap, str]]]:
    """The missing events from their owner, and the parts that could not be had with the reason."""
    got: list[Checked] = []
    gone: list[tuple[Gap, str]] = []
    at = gap.first
    while at <= gap.last:
        rest = Gap(gap.origin, at, gap.last)
        if time.monotonic() >= deadline:
            return got, [*gone, (rest, LATER)]
        try:
            part = await _ask(bus, rest, max(0.5, deadline - time.monotonic()))
        except Problem as problem:
            return got, [*gone, (rest, problem.title)]
        if not part:
            return got, [*gone, (rest, GONE)]
        if part[0][0] > at:
            gone.append((Gap(gap.origin, at, part[0][0] - 1), GONE))
        got += [item for _, item in part]
        at = part[-1][0] + 1
    return got, gone


async def _ask(bus: Bus, gap: Gap, timeout: float) -> list[tuple[int, Checked]]:
    """One answer of the owner, by number; Problem when it is no answer to what was asked."""
    source, channel = gap.origin
    question = FetchRequest(channel=channel, first=gap.first, last=gap.last)
    answer = await bus.request(source, FETCH, question, FetchAnswer, timeout=timeout)
    part: list[tuple[int, Checked]] = []
    at = gap.first
    for body in answer.envelopes:
        item = _fetched(body, gap, bus.service)
        right = item.envelope is not None and origin(item.envelope) == gap.origin
        if not right or item.envelope is None or not at <= item.envelope.sequence <= gap.last:
            raise BusAway("对方给出的不是所要的事件")
        part.append((item.envelope.sequence, item))
        at = item.envelope.sequence + 1
    return part


def _fetched(body: dict[str, object], gap: Gap, service: str) -> Checked:
    """A fetched envelope as if it had come on its subject; the owner's account proves who sent it."""
    try:
        envelope = Envelope.model_validate(body)
        subject = bus_subject(gap.origin[0], envelope.type, gap.origin[1] or None)
    except ValidationError:
        subject = f"{gap.origin[0]}:unreadable"
    return check(Arrived(subject, orjson.dumps(body), gap.origin[0]), service)


async def note(session: AsyncSession, gap: Gap, problem: str) -> None:
    """Keep a gap for later."""
    source, channel = gap.origin
    session.add(GapRow(source=source, channel=channel, first=gap.first, last=gap.last, problem=problem[:300]))
    await session.flush()


async def open_gaps(session: AsyncSession, limit: int = 50) -> Sequence[GapRow]:
    query = select(GapRow).where(GapRow.closed_at.is_(None)).order_by(GapRow.tries, GapRow.id).limit(limit)
    return (await session.scalars(query)).all()


async def newest(bus: Bus, source: str, channel: str = "") -> int:
    """The number of the newest event an owner has; Problem when it does not answer."""
    question = FetchRequest(channel=channel, first=2**62, last=2**62)
    return (await bus.request(source, FETCH, question, FetchAnswer)).newest
