"""The projection: events in, affiliations, links and search rows out, all in one transaction."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.hub.persons import people, rules, search_rows, store
from services.hub.persons.alone import looked_at
from services.hub.persons.connected import gather
from services.hub.persons.incoming import newest_of, row_of
from services.hub.persons.rules import Token
from shared.contracts.event import Received
from shared.kit.breath import breathing


async def apply(session: AsyncSession, events: Sequence[Received]) -> None:
    """Apply a batch: newest word per affiliation, then everything connected to what changed."""
    await store.lock(session)
    rows = newest_of([e.prepared or row_of(e.envelope, e.event) async for e in breathing(events)])
    before = await store.tokens_before(session, [r["id"] for r in rows])
    async with looked_at(session, rows, before) as looked:
        changed = await store.save_affiliations(session, rows)
        alone = await looked.settle(changed)
    if connected := changed - alone:
        await relink(session, connected, connected, (t for i in connected for t in before.get(i, ())))


async def relink(
    session: AsyncSession, seeds: Iterable[UUID], changed: Iterable[UUID] = (), before: Iterable[Token] = ()
) -> None:
    """Judge again what is joined to `seeds`; describe persons whose members or contents differ.

    `before`: the tokens that the changed ones had until now.
    """
    changed = set(changed)
    near = await gather(session, seeds, changed, before)
    known = near.known
    alive = {i: r for i, r in known.items() if not r.withdrawn}
    same, never = await store.verdicts(session, [*known, *(r.id for p in near.persons for r in p)])
    around = rules.Around([[_record(r) for r in p] for p in near.persons], near.common, near.crowd)
    linking = rules.link([_record(r) for r in alive.values()], same, never, around)
    homes = {i: r.home for i, r in known.items() if r.home is not None}
    await store.save_edges(session, list(homes), linking.edges)
    homes |= await store.new_homes(session, [i for i in known if i not in homes])
    persons = {min(homes[m] for m in group): group for group in linking.groups}
    belongs: dict[UUID, UUID | None] = dict.fromkeys(known)
    belongs |= {member: person for person, group in persons.items() for member in group}
    moved = [(i, homes[i], p) for i, p in belongs.items() if known[i].home is None or known[i].person_id != p]
    await store.move(session, moved)
    await _describe(session, known, persons, changed)


def _record(row: Any) -> rules.Record:
    keys = people.keys_of(row.name)
    return rules.Record(
        id=row.id,
        org=row.org,
        key=people.search_key(row.name),
        former=frozenset(people.search_key(n) for n in row.former_names),
        readings=frozenset(keys.pinyins),
        identity=row.identity,
        name_birth_phone=row.name_birth_phone,
        birth_phone_sex=row.birth_phone_sex,
        name_birth_sex=row.name_birth_sex,
    )


async def _describe(
    session: AsyncSession, known: dict[UUID, Any], persons: dict[UUID, frozenset[UUID]], changed: set[UUID]
) -> None:
    old: dict[UUID, set[UUID]] = {}
    for row in known.values():
        if row.person_id is not None:
            old.setdefault(row.person_id, set()).add(row.id)
    stale = {p: group for p, group in persons.items() if group & changed or old.get(p, set()) != set(group)}
    contents = {p: [store.content(known[m]) for m in group] for p, group in stale.items()}
    await _write(session, contents, stale.keys() & old.keys(), old.keys() - persons.keys())


async def describe_again(session: AsyncSession, persons: Iterable[UUID]) -> None:
    """Write the search rows of these persons anew: something they show changed elsewhere."""
    contents: dict[UUID, list[dict[str, Any]]] = {}
    for row in await store.records_of(session, persons):
        contents.setdefault(row.person_id, []).append(store.content(row))
    await _write(session, contents, contents.keys(), ())


async def _write(
    session: AsyncSession,
    contents: Mapping[UUID, Sequence[people.Content]],
    known: Iterable[UUID],
    gone: Iterable[UUID],
) -> None:
    bits = await store.org_bits(session, {a["org"] for group in contents.values() for a in group})
    described = [
        search_rows.prepared(people.describe(p, group, bits))
        async for p, group in breathing(contents.items())
    ]
    await search_rows.save_people(session, described, known, gone)
