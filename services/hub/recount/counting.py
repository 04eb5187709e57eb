"""Members of one organisation, compared: districts, then buckets, then rows; what differs is put right."""

import asyncio
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from uuid import UUID

from sqlalchemy import select

from services.hub.persons.incoming import affiliation_id
from services.hub.recount import asking, digests, mending, units
from services.hub.recount.digests import Row, Sums
from services.hub.recount.mending import Found
from shared.contracts.recounts import MOST_ROWS, MOST_STATES, Sum
from shared.kit.context import Kit
from shared.kit.events.models import SourceRow

CATCH_UP = 10.0
"""Seconds to wait for events that are under way: what they change is no difference."""
Suspects = dict[UUID, int | None]


@dataclass
class Part:
    """One line of the result."""

    kind: str
    part: str
    there: int | None
    here: int
    found: list[Found] = field(default_factory=list)
    problem: str | None = None


async def members(kit: Kit, org: str, here: Sums) -> list[Part]:
    """Every district of an organisation; `here` are the hub's own sums, taken before."""
    answer = await asking.sums(kit.bus, org)
    there = _sums(answer.parts)
    parts = {p: Part("members", p, there.get(p, (0, 0))[0], here.get(p, (0, 0))[0]) for p in {*there, *here}}
    differing = sorted(p for p in parts if there.get(p) != here.get(p))
    if differing:
        await _caught_up(kit, org, answer.newest)
        async with kit.database.transaction() as session:
            ours = await digests.by_bucket(session, org, differing)
        for part in differing:
            parts[part].found = await _part(kit, org, part, ours[part])
    return [parts[p] for p in sorted(parts)]


async def all_units(kit: Kit, org: str) -> Part:
    """The organisation's units."""
    there = await asking.unit_rows(kit.bus, org)
    async with kit.database.transaction() as session:
        here = await units.here(session, org)
    suspects = {
        i: here[i][0] if i in here else None
        for i in {*there, *here}
        if there.get(i) != here.get(i, (0, None))[1]
    }
    part = Part("units", "", len(there), len(here))
    for some in _portions(suspects):
        words = await asking.states(kit.bus, org, "units", some)
        part.found += await units.mend(kit.database, org, words, some)
    return part


async def of_nobody(kit: Kit, org: str) -> Part:
    """Rows under a code no organisation has: only a damaged row can be."""
    async with kit.database.transaction() as session:
        here = await digests.by_bucket(session, org, list((await digests.by_district(session))[org]))
        rows = [
            r
            for part, sums in here.items()
            for r in await digests.rows_of(session, org, part, map(int, sums))
        ]
    part = Part("members", "", 0, len(rows))
    part.found = await mending.mend(kit.database, [], {row.id: row.version for row in rows})
    return part


def _sums(parts: Iterable[Sum]) -> Sums:
    return {p.part: (p.count, p.digest) for p in parts}


async def _caught_up(kit: Kit, org: str, newest: int) -> None:
    """Wait, within reason, until the owner's events up to then have been applied."""
    query = select(SourceRow.seq).where(SourceRow.source == org, SourceRow.channel == "")
    end = time.monotonic() + CATCH_UP
    while time.monotonic() < end:
        async with kit.database.transaction() as session:
            if (await session.scalar(query) or 0) >= newest:
                return
        await asyncio.sleep(0.2)


async def _part(kit: Kit, org: str, part: str, ours: Sums) -> list[Found]:
    theirs = _sums((await asking.sums(kit.bus, org, part)).parts)
    sizes = {
        int(b): max(theirs.get(b, (0, 0))[0], ours.get(b, (0, 0))[0])
        for b in {*theirs, *ours}
        if theirs.get(b) != ours.get(b)
    }
    found: list[Found] = []
    for buckets in _filled(sizes):
        there = await asking.rows(kit.bus, org, part, buckets)
        async with kit.database.transaction() as session:
            here = await digests.rows_of(session, org, part, buckets)
        found += await _rows(kit, org, there, here)
    return found


def _filled(sizes: Mapping[int, int]) -> Iterator[list[int]]:
    """Buckets by so many at a time that their rows fit one answer."""
    some: list[int] = []
    room = MOST_ROWS
    for bucket, size in sorted(sizes.items()):
        if some and size > room:
            yield some
            some, room = [], MOST_ROWS
        some.append(bucket)
        room -= size
    if some:
        yield some


async def _rows(kit: Kit, org: str, there: Mapping[UUID, int], here: Iterable[Row]) -> list[Found]:
    """Ask for the state of each row that differs and put it right; a row under a wrong id is of nobody."""
    strays: Suspects = {}
    ours: dict[UUID, Row] = {}
    for row in here:
        if row.id == affiliation_id(org, row.member_id):
            ours[row.member_id] = row
        else:
            strays[row.id] = row.version
    differing = [m for m in {*there, *ours} if there.get(m) != (ours[m].digest if m in ours else None)]
    found = await mending.mend(kit.database, [], strays) if strays else []
    for some in _chunks(differing, MOST_STATES):
        words = await asking.states(kit.bus, org, "members", some)
        found += await mending.mend(kit.database, words, await _suspects(kit, org, some, ours))
    return found


async def _suspects(kit: Kit, org: str, members_: Iterable[UUID], ours: Mapping[UUID, Row]) -> Suspects:
    """Each with the version it was seen at; one seen in another district only has its row there."""
    unseen = {affiliation_id(org, m): m for m in members_ if m not in ours}
    seen: Suspects = {ours[m].id: ours[m].version for m in members_ if m in ours}
    async with kit.database.transaction() as session:
        elsewhere = await digests.of_ids(session, unseen)
    return seen | {id_: elsewhere[id_].version if id_ in elsewhere else None for id_ in unseen}


def _portions(suspects: Suspects) -> Iterator[Suspects]:
    for some in _chunks(sorted(suspects), MOST_STATES):
        yield {i: suspects[i] for i in some}


def _chunks(ids: Iterable[UUID], size: int) -> Iterator[list[UUID]]:
    rest = iter(ids)
    while some := list(islice(rest, size)):
        yield some
