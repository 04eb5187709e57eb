"""Resolving everybody at once: the same groups as `rules.link` over all records, in memory for one component.

Only records that share a token (or a verdict) can influence each other. A union-find over row numbers
gives these components; each is then judged by `rules.link` itself, alone, in a stream.
"""

# ruff: noqa: S608 - statements are put together from constants of this module; values are parameters

from array import array
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.hub.persons import people, rules
from services.hub.persons.rules import LARGEST_CLUSTER, Linking, Pair
from services.hub.persons.store import LINKING_TOKENS

BATCH = 2000
"""Components judged before others have a turn."""
ROWS = 5000
"""Rows read at once; said at each reading too, else the driver's result gives all of them as one part."""

_TOKENS = ", ".join(LINKING_TOKENS)
_NUMBERED = (
    f"create temp table numbered on commit drop as select row_number() over ()::int n, id, {_TOKENS}"
    " from affiliation where not withdrawn"
)
_TOO_COMMON = (
    "update numbered set {kind} = null where {kind} in (select {kind} from numbered"
    " where {kind} is not null group by {kind} having count(*) > " + str(LARGEST_CLUSTER) + ")"
)
_SHARING = "select array_agg(n) ns from numbered where {kind} is not null group by {kind} having count(*) > 1"
_JUDGED = text(
    "select x.n a, y.n b from verdict v join numbered x on x.id = v.a join numbered y on y.id = v.b"
    " where v.undone_at is null"
)
_VERDICTS = text("select a, b, says from verdict where undone_at is null order by id")
_COMPONENTS = text(
    f"select c.root, f.id, f.org, f.name, f.former_names, {', '.join(f'm.{k}' for k in LINKING_TOKENS)},"
    " b.home, b.person_id from component c join numbered m on m.n = c.n join affiliation f on f.id = m.id"
    " left join belonging b on b.affiliation_id = f.id order by c.root, f.id"
)


@dataclass(frozen=True, slots=True)
class Component:
    """Records connected with each other, with the judgement over them; rows carry home and person."""

    rows: Sequence[Any]
    linking: Linking

    def persons(self) -> dict[UUID, UUID]:
        """The person each record belongs to: the oldest home of its group."""
        homes = {row.id: row.home for row in self.rows}
        return {m: min(homes[i] for i in group) for group in self.linking.groups for m in group}


async def components(connection: AsyncConnection) -> AsyncIterator[list[Component]]:
    """Every component of two records or more, in batches; the temporary table `component` names the members.

    Everything in the transaction of `connection`; records alone in theirs need no judgement.
    """
    await connection.execute(text(_NUMBERED))
    parents = await _union(connection)
    await _store(connection, parents)
    del parents
    said = _by_record((await connection.execute(_VERDICTS)).all())
    batch: list[Component] = []
    async for rows in _groups(connection):
        same, never = _verdicts(said, rows) if said else ([], [])
        batch.append(Component(rows, rules.link([record(r) for r in rows], same, never)))
        if len(batch) == BATCH:
            yield batch
            batch = []
    yield batch


def record(row: Any) -> rules.Record:
    """What linking may know of a row."""
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


async def _union(connection: AsyncConnection) -> "array[int]":
    """Parent of each row number; a root is its own."""
    count = await connection.scalar(text("select count(*) from numbered")) or 0
    parents = array("i", range(count + 1))
    for kind in LINKING_TOKENS:
        await connection.execute(text(_TOO_COMMON.format(kind=kind)))
        found = await connection.stream(
            text(_SHARING.format(kind=kind)), execution_options={"yield_per": ROWS}
        )
        async for part in found.partitions(ROWS):
            for (numbers,) in part:
                join(parents, numbers)
    for a, b in await connection.execute(_JUDGED):
        join(parents, (a, b))
    return parents


def join(parents: "array[int]", numbers: Iterable[int]) -> None:
    """All of them into one set; the smallest number leads."""
    roots = {_root(parents, n) for n in numbers}
    first = min(roots)
    for root in roots:
        parents[root] = first


def _root(parents: "array[int]", n: int) -> int:
    while parents[n] != n:
        parents[n] = n = parents[parents[n]]
    return n


async def _store(connection: AsyncConnection, parents: "array[int]") -> None:
    """The members of components of two and more, as a table."""
    await connection.execute(text("create temp table component (n int, root int) on commit drop"))
    several = bytearray(len(parents))
    for n in range(1, len(parents)):
        if (root := _root(parents, n)) != n:
            several[root] = 1
    rows = ((n, root) for n in range(1, len(parents)) if several[root := _root(parents, n)])
    raw = await connection.get_raw_connection()
    driver = raw.driver_connection
    assert driver is not None
    await driver.copy_records_to_table("component", records=rows, columns=["n", "root"])
    await connection.execute(text("analyze numbered"))
    await connection.execute(text("analyze component"))


async def _groups(connection: AsyncConnection) -> AsyncIterator[list[Any]]:
    """The rows of one component after the other."""
    found = await connection.stream(_COMPONENTS, execution_options={"yield_per": ROWS})
    held: list[Any] = []
    async for part in found.partitions(ROWS):
        for root, rows in groupby(part, key=attrgetter("root")):
            if held and held[0].root != root:
                yield held
                held = []
            held.extend(rows)
    if held:
        yield held


Said = Mapping[UUID, Sequence[tuple[int, Pair, str]]]


def _by_record(verdicts: Iterable[Any]) -> Said:
    said: dict[UUID, list[tuple[int, Pair, str]]] = defaultdict(list)
    for order, verdict in enumerate(verdicts):
        for id_ in (verdict.a, verdict.b):
            said[id_].append((order, (verdict.a, verdict.b), verdict.says))
    return said


def _verdicts(said: Said, rows: Sequence[Any]) -> tuple[list[Pair], list[Pair]]:
    """Standing verdicts between these records, in the order decided."""
    ids = {row.id for row in rows}
    inside = {v for row in rows for v in said.get(row.id, ()) if ids.issuperset(v[1])}
    ordered = sorted(inside)
    return [p for _, p, s in ordered if s == "same"], [p for _, p, s in ordered if s == "never"]
