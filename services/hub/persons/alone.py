"""The short way for records that nothing connects to any other: most of a city's, so it decides the pace.

Nothing is read back and nothing is judged: the record is a person of its own, described from the event. What
needs no more of the database than was read at first is computed while the batch's records are being written.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.hub.persons import people, search_rows, store
from services.hub.persons.incoming import Row
from services.hub.persons.rules import Token
from services.hub.persons.search_rows import Prepared
from shared.kit.breath import SHORT_BREATH, breathing
from shared.kit.together import ended

_SAME = ("id", "org", "name", "former_names", "standing", "sex", "birth_year", "identity", "shown")
Before = Mapping[UUID, Collection[Token]]


@dataclass(frozen=True)
class _Known:
    """What the database knows of a batch before it is written; a home for each record on a roll."""

    places: Mapping[UUID, store.Place]
    homes: Mapping[UUID, UUID]
    units: Mapping[tuple[str, UUID], Any]
    bits: Mapping[str, int]

    def describe(self, row: Row) -> Prepared:
        """The person that this record alone is."""
        content = _content(row, self.units)
        return search_rows.prepared(people.describe(self.homes[row["id"]], [content], self.bits))


@dataclass(frozen=True)
class Alone:
    """The records of a batch, looked at each for itself while they are written."""

    session: AsyncSession
    rows: Mapping[UUID, Row]
    known: _Known
    unshared: asyncio.Task[tuple[set[UUID], str]]
    described: asyncio.Task[dict[UUID, Prepared]]

    async def settle(self, changed: AbstractSet[UUID]) -> set[UUID]:
        """Make each of these that stands alone a person; which ones did. They must have been written."""
        places, homes = self.known.places, self.known.homes
        own, asked = await self.unshared
        own &= changed - await store.sharing(self.session, asked)
        alone = [i for i in homes if i in own and not _tied(places.get(i))]
        await store.move(self.session, [(i, homes[i], homes[i]) for i in alone])
        ready = await self.described
        there = {homes[i] for i in alone if i in places and places[i].person_id}
        described = [ready[i] if i in ready else self.known.describe(self.rows[i]) for i in alone]
        await search_rows.save_people(self.session, described, there, ())
        return set(alone)


@asynccontextmanager
async def looked_at(session: AsyncSession, rows: Sequence[Row], before: Before) -> AsyncIterator[Alone]:
    """Look at these records while they are written.

    `before`: the tokens they had until now. Whoever shares an old or a new one is looked at by the long way.
    """
    known = await _known(session, rows)
    unshared = asyncio.ensure_future(_unshared(rows, before))
    described = asyncio.ensure_future(_described(rows, known))
    try:
        yield Alone(session, {row["id"]: row for row in rows}, known, unshared, described)
    finally:
        await ended(unshared, described)


async def _known(session: AsyncSession, rows: Sequence[Row]) -> _Known:
    on_roll = [row for row in rows if not row["withdrawn"]]
    places = await store.places(session, [row["id"] for row in rows])
    fresh = await store.new_homes(session, [row["id"] for row in on_roll if row["id"] not in places])
    homes = {i: fresh[i] if i in fresh else places[i].home for i in (row["id"] for row in on_roll)}
    units = await store.units(session, {(row["org"], row["unit_id"]) for row in on_roll})
    return _Known(places, homes, units, await store.org_bits(session, {row["org"] for row in on_roll}))


async def _unshared(rows: Sequence[Row], before: Before) -> tuple[set[UUID], str]:
    """Records that share no token within this batch, and the question who does with others at the hub."""
    now = {row["id"]: _tokens(row) async for row in breathing(rows, SHORT_BREATH)}
    every = {i: {*tokens, *before[i]} if i in before else tokens for i, tokens in now.items()}
    times = Counter(token for tokens in every.values() for token in tokens)
    own = {i for i, tokens in every.items() if all(times[token] == 1 for token in tokens)}
    return own, store.asked((i, tokens) for told in (now, before) for i, tokens in told.items() if i in own)


def _tokens(row: Row) -> list[Token]:
    return [(kind, value) for kind in store.LINKING_TOKENS if (value := row.get(kind)) is not None]


def _tied(place: store.Place | None) -> bool:
    """Whether evidence, a decision of staff or a common person of earlier connects the record to another."""
    return place is not None and (place.tied or place.person_id not in (None, place.home))


async def _described(rows: Iterable[Row], known: _Known) -> dict[UUID, Prepared]:
    """As many as can be: what is wrong with one shows if it is needed, a stale word's name is nobody's."""
    out = dict[UUID, Prepared]()
    async for row in breathing(rows, SHORT_BREATH):
        if row["id"] in known.homes:
            with suppress(Exception):
                out[row["id"]] = known.describe(row)
    return out


def _content(row: Row, units: Mapping[tuple[str, UUID], Any]) -> people.Content:
    """As `store.records` would give it: the directory's word on unit and district stands."""
    unit, shown = units.get((row["org"], row["unit_id"])), row["shown"]
    content = {name: row[name] for name in _SAME}
    names = shown["unit_names"]
    content["unit"] = unit.name if unit else names[-1] if names else None
    content["district"] = unit.district if unit else row["district"]
    content["path"] = unit.path if unit else shown["unit_path"]
    return content
