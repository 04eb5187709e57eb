"""The SQL of the projection: set-based statements over one JSON parameter, never a row at a time."""

# ruff: noqa: S608 - statements are put together from constants of this module; values are parameters

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.hub.db import as_json
from services.hub.persons.incoming import Row
from services.hub.persons.rules import (
    ASKING_TOKENS,
    JOINING_TOKENS,
    LARGEST_CLUSTER,
    LARGEST_COMPONENT,
    Link,
    Pair,
    Token,
)
from services.hub.persons.upserts import columns_of, given, upsert

_AFFILIATION = (
    "id uuid, org text, member_id uuid, version bigint, withdrawn boolean, name text, former_names text[],"
    " standing text, sex text, birth_year smallint, district text, identity uuid, phone uuid, card uuid,"
    " name_birth_phone uuid, birth_phone_sex uuid, name_birth_sex uuid, unit_id uuid, shown jsonb,"
    " told_at timestamptz"
)
_NEWER = (
    "t.version < excluded.version"
    " or (t.version = excluded.version and excluded.withdrawn and not t.withdrawn)"
)
_COLUMNS = columns_of(_AFFILIATION)
_GIVEN = f"select {', '.join(_COLUMNS)} from {given(_AFFILIATION)}"
_SAVE_AFFILIATIONS = text(upsert("affiliation", _COLUMNS, ["id"], _GIVEN, _NEWER) + " returning id")


async def lock(session: AsyncSession) -> None:
    """One writer of links at a time: the projector's batch or a decision of staff."""
    await session.execute(text("select pg_advisory_xact_lock(hashtext('hub:persons'))"))


async def save_affiliations(session: AsyncSession, rows: Sequence[Row]) -> set[UUID]:
    """Write what is newer than what is known; the ids that really changed."""
    changed = await session.scalars(_SAVE_AFFILIATIONS, {"rows": as_json(r.get("json", r) for r in rows)})
    return set(changed)


async def org_bits(session: AsyncSession, orgs: Iterable[str] = ()) -> dict[str, int]:
    """The bit of each organisation; those not seen before get the next free one."""
    bits = {r.org: r.bit for r in await session.execute(text("select org, bit from org_bit"))}
    for org in sorted(set(orgs) - bits.keys()):
        bits[org] = max(bits.values(), default=-1) + 1
        await session.execute(
            text("insert into org_bit (org, bit) values (:org, :bit)"), {"org": org, "bit": bits[org]}
        )
    return bits


# --- what is connected ------------------------------------------------------------------

# the directory's word on unit and district stands; the event's own is for units it does not know
_CONTENT = (
    "f.id, f.org, f.name, f.former_names, f.standing, f.sex, f.birth_year, f.identity, f.shown::text shown,"
    " case when u.unit_id is null then f.district else u.district end district,"
    " case when u.unit_id is null then f.shown->'unit_names'->>-1 else u.names[cardinality(u.names)] end unit"
    ", coalesce(u.path, f.shown->>'unit_path') path"
)
_WITH_UNIT = "left join unit u on u.org = f.org and u.unit_id = f.unit_id"
_RECORDS = text(
    f"select {_CONTENT}, f.withdrawn, f.name_birth_phone, f.birth_phone_sex, f.name_birth_sex, b.home,"
    f" b.person_id from affiliation f {_WITH_UNIT} left join belonging b on b.affiliation_id = f.id"
    " where f.id = any(:ids) order by f.told_at, f.id"
)
_OF_PERSONS = text(
    f"select {_CONTENT}, b.person_id from belonging b join affiliation f on f.id = b.affiliation_id"
    f" {_WITH_UNIT} where b.person_id = any(:persons) and not f.withdrawn"
)
EVERYBODY = (
    f"select {_CONTENT}, b.person_id from belonging b join affiliation f on f.id = b.affiliation_id"
    f" {_WITH_UNIT} where b.person_id is not null order by b.person_id"
)
"""What describing needs to know of all persons, one after the other."""
LINKING_TOKENS = (*JOINING_TOKENS, *ASKING_TOKENS)
_TOKENS = text(f"select id, {', '.join(LINKING_TOKENS)} from affiliation where id = any(:ids)")
# The limit stands inside: of a token that a hundred thousand share, one row more than the rules allow is read
_MATES = text(
    " union all ".join(
        f"select '{kind}' kind, t.token, case when count(*) <= {LARGEST_CLUSTER} then array_agg(m.id) end ids"
        f" from unnest(cast(:{kind} as uuid[])) t(token) cross join lateral (select id from affiliation"
        f" where {kind} = t.token and id <> all(cast(:changed as uuid[])) limit {LARGEST_CLUSTER + 1}) m"
        " group by t.token"
        for kind in LINKING_TOKENS
    )
)
_OTHERS = " or ".join(
    f"exists (select 1 from affiliation o where o.{kind} = x.{kind} and o.id <> x.id)"
    for kind in LINKING_TOKENS
)
_ASKED = ", ".join(f"{name} uuid" for name in ("id", *LINKING_TOKENS))
_SHARING = text(f"select x.id from {given(_ASKED)} where {_OTHERS}")
_PLACES = text(
    "select b.affiliation_id, b.home, b.person_id, exists (select 1 from belonging o"
    "  where o.person_id = b.person_id and o.affiliation_id <> b.affiliation_id)"
    " or exists (select 1 from edge where revoked_at is null and a = b.affiliation_id)"
    " or exists (select 1 from edge e where e.revoked_at is null and e.b = b.affiliation_id)"
    " or exists (select 1 from verdict where undone_at is null and a = b.affiliation_id)"
    " or exists (select 1 from verdict v where v.undone_at is null and v.b = b.affiliation_id) tied"
    " from belonging b where b.affiliation_id = any(:ids)"
)
_UNITS = text(
    "select u.org, u.unit_id, u.path, u.district, u.names[cardinality(u.names)] as name"
    f" from {given('org text, unit_id uuid')} join unit u on u.org = x.org and u.unit_id = x.unit_id"
)
_JOINED = text(
    "select null::uuid a, affiliation_id b from belonging where person_id = any(:persons)"
    " union all select a, b from verdict where undone_at is null and says = 'same' and a = any(:ids)"
    " union all select a, b from verdict where undone_at is null and says = 'same' and b = any(:ids)"
)
# the limit makes it a loop over the index, whatever is guessed of how many records a person has
_SIBLINGS = text(
    "select m.affiliation_id from belonging b cross join lateral (select affiliation_id from belonging"
    f" where person_id = b.person_id limit {LARGEST_COMPONENT}) m where b.affiliation_id = any(:ids)"
)


def tokens_of(row: Any, kinds: Iterable[str] = LINKING_TOKENS) -> list[Token]:
    """The tokens of a record."""
    return [(kind, value) for kind in kinds if (value := getattr(row, kind)) is not None]


async def tokens_before(session: AsyncSession, ids: Sequence[UUID]) -> dict[UUID, list[Token]]:
    """Tokens the affiliations have now, before they change: who shared them must be looked at again."""
    rows = (await session.execute(_TOKENS, {"ids": list(ids)})).all()
    return {row.id: tokens_of(row) for row in rows}


def asked(tokens: Iterable[tuple[UUID, Iterable[Token]]]) -> str:
    """The question for `sharing`."""
    return as_json({"id": i, **dict(each)} for i, each in tokens)


async def sharing(session: AsyncSession, asked: str) -> set[UUID]:
    """Which of these affiliations share one of these tokens, their own or former ones, with another."""
    return set(await session.scalars(_SHARING, {"rows": asked}))


class Place(NamedTuple):
    """Where an affiliation seen before belongs, and whether anything ties it to another."""

    home: UUID
    person_id: UUID | None
    tied: bool


async def places(session: AsyncSession, ids: Sequence[UUID]) -> dict[UUID, Place]:
    """Of these affiliations the ones that were there before, also when a rebuild has emptied the rest."""
    rows = await session.execute(_PLACES, {"ids": list(ids)})
    return {row.affiliation_id: Place(row.home, row.person_id, row.tied) for row in rows}


async def units(session: AsyncSession, asked: Iterable[tuple[str, UUID]]) -> dict[tuple[str, UUID], Any]:
    """What the directory knows of these units: name, path, district."""
    given_units = as_json({"org": org, "unit_id": unit} for org, unit in asked)
    rows = await session.execute(_UNITS, {"rows": given_units})
    return {(row.org, row.unit_id): row for row in rows}


async def mates(
    session: AsyncSession, tokens: Iterable[Token], changed: Iterable[UUID] = ()
) -> dict[Token, list[UUID] | None]:
    """Who else, beside what `changed`, shares each token; None when so many do that it says nothing.

    Those that share a token which only the changed ones make too common are given: their links dissolve.
    """
    asked: dict[str, list[UUID]] = {kind: [] for kind in LINKING_TOKENS}
    for kind, value in tokens:
        asked[kind].append(value)
    if not any(asked.values()):
        return {}
    rows = await session.execute(_MATES, {**asked, "changed": list(changed)})
    return {(r.kind, r.token): r.ids for r in rows}


async def records(session: AsyncSession, ids: Iterable[UUID]) -> Sequence[Any]:
    """The affiliations with what linking and describing need to know of them."""
    return (await session.execute(_RECORDS, {"ids": list(ids)})).all()


async def records_of(session: AsyncSession, persons: Iterable[UUID]) -> Sequence[Any]:
    """What describing needs to know of these persons."""
    return (await session.execute(_OF_PERSONS, {"persons": list(persons)})).all()


def content(row: Any) -> dict[str, Any]:
    """A record for `people.describe`."""
    found = dict(zip(row._fields, row, strict=True))
    found["shown"] = orjson.loads(found["shown"])
    return found


async def joined(
    session: AsyncSession, ids: Iterable[UUID], persons: Iterable[UUID]
) -> tuple[set[UUID], set[Pair]]:
    """Affiliations of these persons, and the pairs that staff said are one."""
    asked = {"ids": list(ids), "persons": list(persons)}
    rows = list(await session.execute(_JOINED, asked)) if any(asked.values()) else []
    return {r.b for r in rows if r.a is None}, {(r.a, r.b) for r in rows if r.a is not None}


async def whole_persons(session: AsyncSession, ids: Iterable[UUID]) -> Sequence[Any]:
    """Every affiliation of the persons whose these are."""
    members = list(await session.scalars(_SIBLINGS, {"ids": list(ids)}))
    return await records(session, members) if members else []


async def verdicts(session: AsyncSession, ids: Iterable[UUID]) -> tuple[list[Pair], list[Pair]]:
    """Standing verdicts between these affiliations: same (in the order decided) and never."""
    statement = text(
        "select a, b, says from verdict where undone_at is null and a = any(:ids) and b = any(:ids)"
        " order by id"
    )
    rows = list(await session.execute(statement, {"ids": list(ids)}))
    return [(r.a, r.b) for r in rows if r.says == "same"], [(r.a, r.b) for r in rows if r.says == "never"]


# --- what comes of it -------------------------------------------------------------------

_REVOKE_EDGES = text(
    "update edge set revoked_at = now() where revoked_at is null and (a = any(:ids) or b = any(:ids))"
    " and not exists (select 1 from json_to_recordset(cast(:rows as json)) as x(a uuid, b uuid, rule text)"
    " where x.a = edge.a and x.b = edge.b and x.rule = edge.rule)"
)
_SAVE_EDGES = text(
    "insert into edge as t (a, b, rule, state)"
    " select a, b, rule, state from json_to_recordset(cast(:rows as json))"
    " as x(a uuid, b uuid, rule text, state text)"
    " on conflict (a, b, rule) do update set state = excluded.state, revoked_at = null,"
    " since = case when t.revoked_at is null then t.since else now() end"
    " where t.state <> excluded.state or t.revoked_at is not null"
)
_MOVE = text(
    f"insert into belonging as b (affiliation_id, home, person_id) select id, home, person_id"
    f" from {given('id uuid, home uuid, person_id uuid')}"
    " on conflict (affiliation_id) do update set person_id = excluded.person_id"
)


async def save_edges(session: AsyncSession, seen: Iterable[UUID], edges: Iterable[Link]) -> None:
    """Store the evidence that holds; revoke what no longer does between affiliations `seen` before."""
    ids, edges = list(seen), list(edges)
    rows = as_json({"a": e.pair[0], "b": e.pair[1], "rule": e.rule, "state": e.state} for e in edges)
    if ids:
        await session.execute(_REVOKE_EDGES, {"ids": ids, "rows": rows})
    if edges:
        await session.execute(_SAVE_EDGES, {"rows": rows})


async def new_homes(session: AsyncSession, ids: Sequence[UUID]) -> dict[UUID, UUID]:
    """Person ids for affiliations seen for the first time; `move` writes them down."""
    if not ids:
        return {}
    made = await session.scalars(text("select uuidv7() from generate_series(1, :n)"), {"n": len(ids)})
    # the driver's own kind of UUID is slow to write again, and these are written five times
    return {i: UUID(int=home.int) for i, home in zip(ids, made, strict=True)}


async def move(session: AsyncSession, moved: Sequence[tuple[UUID, UUID, UUID | None]]) -> None:
    """Say which person affiliations belong to: (affiliation, its home, person)."""
    if moved:
        rows = as_json({"id": a, "home": h, "person_id": p} for a, h, p in moved)
        await session.execute(_MOVE, {"rows": rows})
