"""The short way for records that nothing connects to any other: most of a city's, so it decides the pace.

Nothing is read back and nothing is judged: the record is a person of its own, described from the event.
"""

from collections import Counter
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import aclosing
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.hub.persons import people, search_rows, store
from services.hub.persons.incoming import Row
from services.hub.persons.rules import Token
from shared.kit.breath import ahead, breathing

LOT = 250
"""Records described while those before them are written."""
_SAME = ("id", "org", "name", "former_names", "standing", "sex", "birth_year", "identity", "shown")


async def settle(
    session: AsyncSession, rows: Sequence[Row], before: Mapping[UUID, Collection[Token]]
) -> set[UUID]:
    """Make each of these changed records that stands alone a person; which ones did.

    `before`: the tokens they had until now. Whoever shares an old or a new one is looked at by the long way.
    """
    places = await store.places(session, [row["id"] for row in rows])
    alone = [row for row in await _unshared(session, rows, before) if not _tied(places.get(row["id"]))]
    homes = {i: place.home for i, place in places.items()}
    homes |= await store.new_homes(session, [row["id"] for row in alone if row["id"] not in homes])
    known = {homes[row["id"]] for row in alone if row["id"] in places and places[row["id"]].person_id}
    await store.move(session, [(row["id"], homes[row["id"]], homes[row["id"]]) for row in alone])
    await _describe(session, alone, homes, known)
    return {row["id"] for row in alone}


async def _unshared(
    session: AsyncSession, rows: Sequence[Row], before: Mapping[UUID, Collection[Token]]
) -> list[Row]:
    """Those on a roll that share no token with anybody, neither in this batch nor at the hub."""
    now = {row["id"]: _tokens(row) for row in rows}
    every = {i: {*tokens, *before[i]} if i in before else tokens for i, tokens in now.items()}
    times = Counter(token for tokens in every.values() for token in tokens)
    own = {i for i, tokens in every.items() if all(times[token] == 1 for token in tokens)}
    asked = [(i, tokens) for told in (now, before) for i, tokens in told.items() if i in own]
    own -= await store.sharing(session, asked)
    return [row for row in rows if row["id"] in own and not row["withdrawn"]]


def _tokens(row: Row) -> list[Token]:
    return [(kind, value) for kind in store.LINKING_TOKENS if (value := row.get(kind)) is not None]


def _tied(place: store.Place | None) -> bool:
    """Whether evidence, a decision of staff or a common person of earlier connects the record to another."""
    return place is not None and (place.tied or place.person_id not in (None, place.home))


async def _describe(
    session: AsyncSession, rows: Sequence[Row], homes: Mapping[UUID, UUID], known: Collection[UUID]
) -> None:
    units = await store.units(session, {(row["org"], row["unit_id"]) for row in rows})
    bits = await store.org_bits(session, {row["org"] for row in rows})

    async def described() -> AsyncIterator[list[people.Derived]]:
        for start in range(0, len(rows), LOT):
            lot = breathing(rows[start : start + LOT])
            yield [people.describe(homes[row["id"]], [_content(row, units)], bits) async for row in lot]

    async with aclosing(ahead(described())) as lots:
        async for derived in lots:
            there = [d.person["id"] for d in derived if d.person["id"] in known]
            await search_rows.save_people(session, derived, there, ())


def _content(row: Row, units: Mapping[tuple[str, UUID], Any]) -> people.Content:
    """As `store.records` would give it: the directory's word on unit and district stands."""
    unit, shown = units.get((row["org"], row["unit_id"])), row["shown"]
    content = {name: row[name] for name in _SAME}
    names = shown["unit_names"]
    content["unit"] = unit.name if unit else names[-1] if names else None
    content["district"] = unit.district if unit else row["district"]
    content["path"] = unit.path if unit else shown["unit_path"]
    return content
