"""The SQL of lookups: for each kind of query one index whose key order is the order of results.

Ranges are written out (`>= lo and < hi`), pages go on from the last row's key, totals are capped. No LIKE
with a parameter, no OFFSET: both were measured a thousand times slower on five million persons.
"""

# ruff: noqa: S608 - statements are put together from constants of this module; values are parameters

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.hub.lookup.rules import LAST, Kind, Query, pattern
from services.hub.lookup.syllables import SYLLABLES
from services.hub.persons import readings, search_key
from shared.kit.pagination import CAP

PAGE = 20
DISTRICTS = 30


@dataclass(frozen=True)
class Plan:
    """Where to look (`source` gives alias n), what must hold, and the order. `{n}` stands for the alias."""

    source: str
    where: str
    order: tuple[str, ...]
    values: Mapping[str, Any]
    repeats: bool = False
    """whether a person may match by several rows, so that only the first counts"""


@dataclass(frozen=True)
class Filters:
    """What narrows a result: an organisation's bit, several organisations, a district, on a roll or not."""

    bit: int | None = None
    many: bool = False
    district: str | None = None
    standing: str | None = None


@dataclass(frozen=True)
class Facets:
    """Numbers beside the filters, over all matches; empty when there are more than are counted."""

    total: int
    capped: bool
    bits: dict[int, int] = field(default_factory=dict)
    many: int = 0
    districts: dict[str, int] = field(default_factory=dict)
    standings: dict[str, int] = field(default_factory=dict)


def plan(query: Query, tokens: Mapping[str, UUID]) -> Plan:
    """Which index answers a query."""
    if query.kind in (Kind.IDENTITY, Kind.PHONE, Kind.CARD):
        return _by_tokens(tokens)
    if query.kind is Kind.TAIL:
        return _by_tail(query)
    if query.kind is Kind.PINYIN:
        return _by_pinyin(query.letters)
    return _mixed(query) if query.kind is Kind.MIXED else _by_key(query)


def _by_key(query: Query) -> Plan:
    """A prefix of one key of a name: the whole name, what stands behind the surname, or initials."""
    if query.kind is Kind.INITIALS:
        where = "{n}.initials >= :initials_lo and {n}.initials < :initials_hi"
        bounds = _range("initials", query.letters)
        return Plan("person_name", where, ("initials", *_BY_PINYIN), bounds, repeats=True)
    prefix = search_key(query.han)
    if query.kind is Kind.GIVEN:
        where = "{n}.plain and {n}.given <> '' and {n}.given >= :given_lo and {n}.given < :given_hi"
        bounds = _range("given", prefix)
        return Plan("person_name", where, ("given", "name_key", "person_id"), bounds, repeats=True)
    where = "{n}.plain and {n}.name_key >= :name_lo and {n}.name_key < :name_hi"
    return Plan("person_name", where, ("name_key", "person_id"), _range("name", prefix), repeats=True)


def _range(name: str, prefix: str) -> dict[str, str]:
    return {f"{name}_lo": prefix, f"{name}_hi": prefix + LAST}


_PINYIN = "{n}.pinyin >= :pinyin_lo and {n}.pinyin < :pinyin_hi"
_HAN = "{n}.name_key >= :name_lo and {n}.name_key < :name_hi"
_BY_PINYIN = ("pinyin", "name_key", "person_id")


def _by_pinyin(letters: str) -> Plan:
    return Plan("person_name", _PINYIN, _BY_PINYIN, _range("pinyin", letters), repeats=True)


def _mixed(query: Query) -> Plan:
    """wangxm: initials, and the pinyin as far as it is typed. 张w, 张wm, 张wei: the reading of 张 first."""
    spelt, initials, where, values = "", "", _PINYIN, dict[str, Any]()
    if query.han:
        usual = readings(query.han)[0]
        spelt, initials = usual.pinyin, usual.initials
        where, values = f"{where} and {_HAN}", _range("name", search_key(query.han))
    pieces = query.pieces
    first_letter = next((i for i, p in enumerate(pieces) if p not in SYLLABLES), len(pieces))
    values |= _range("pinyin", spelt + "".join(pieces[: first_letter + 1]))
    if first_letter < len(pieces) - 1:  # what follows an initial is no prefix any more
        where += " and {n}.initials >= :initials_lo and {n}.initials < :initials_hi and {n}.pinyin ~ :pattern"
        values |= _range("initials", initials + "".join(p[0] for p in pieces))
        values["pattern"] = pattern((spelt, *pieces) if spelt else pieces)
    return Plan("person_name", where, _BY_PINYIN, values, repeats=True)


def _by_tail(query: Query) -> Plan:
    where, values = "{n}.tail = :tail", {"tail": query.tail}
    if query.han:
        where, values = f"{where} and {_HAN}", values | _range("name", search_key(query.han))
    return Plan("person_tail", where, ("name_key", "person_id"), values)


def _by_tokens(tokens: Mapping[str, UUID]) -> Plan:
    finds = " union ".join(
        "select b.person_id from affiliation f join belonging b on b.affiliation_id = f.id"
        f" where f.{kind} = :{kind}"
        for kind in sorted(tokens)
    )
    source = (
        "(select p.id person_id, p.name_key, p.active, p.past, p.district, p.standing"
        f" from ({finds}) found join person p on p.id = found.person_id)"
    )
    return Plan(source, "true", ("name_key", "person_id"), dict(tokens))


def _matching(plan_: Plan) -> str:
    """The rows of a plan, one for each person."""
    where = plan_.where.format(n="n")
    if plan_.repeats:
        own, other = (f"({', '.join(f'{alias}.{c}' for c in plan_.order)})" for alias in ("n", "o"))
        where += (
            f" and (not n.several or not exists (select 1 from {plan_.source} o"
            f" where o.person_id = n.person_id and {plan_.where.format(n='o')} and {other} < {own}))"
        )
    return f"from {plan_.source} n where {where}"


def _narrowed(filters: Filters) -> tuple[str, dict[str, Any]]:
    where, values = "", dict[str, Any]()
    if filters.bit is not None:
        where += " and (n.active | n.past) & cast(:bit as integer) <> 0"
        values["bit"] = 1 << filters.bit
    if filters.many:
        where += " and (n.active | n.past) & ((n.active | n.past) - 1) <> 0"
    if filters.district is not None:
        where += " and n.district = :district"
        values["district"] = filters.district
    if filters.standing is not None:
        where += " and n.standing = :standing"
        values["standing"] = filters.standing
    return where, values


_TYPES = {"person_id": "uuid"}


async def page(
    session: AsyncSession,
    plan_: Plan,
    filters: Filters,
    after: Sequence[Any] | None,
    *,
    backwards: bool = False,
) -> list[dict[str, Any]]:
    """One page of persons and one row more if there are more; `after` is the key of the neighbouring row."""
    where, values = _narrowed(filters)
    if after is not None:
        marks = ", ".join(f"cast(:after_{c} as {_TYPES.get(c, 'text')})" for c in plan_.order)
        own = ", ".join(f"n.{c}" for c in plan_.order)
        where += f" and ({own}) {'<' if backwards else '>'} ({marks})"
        values |= {f"after_{c}": v for c, v in zip(plan_.order, after, strict=True)}
    keys = ", ".join(f"n.{c}" for c in plan_.order)
    sort = ", ".join(f"n.{c}{' desc' if backwards else ''}" for c in plan_.order)
    again = ", ".join(f"h.{c}" for c in plan_.order)
    statement = text(
        f"with h as materialized (select {keys} {_matching(plan_)}{where} order by {sort} limit {PAGE + 1})"
        f" select p.*, {', '.join(f'h.{c} as key_{c}' for c in plan_.order)}"
        f" from h join person p on p.id = h.person_id order by {again}"
    )
    rows = (await session.execute(statement, dict(plan_.values) | values)).mappings()
    return [dict(r) for r in rows]


async def count(session: AsyncSession, plan_: Plan, filters: Filters) -> tuple[int, bool]:
    """How many match with the filters, counted up to the cap; whether there are more."""
    where, values = _narrowed(filters)
    statement = text(f"select count(*) from (select 1 {_matching(plan_)}{where} limit {CAP + 1}) x")
    found = int(await session.scalar(statement, dict(plan_.values) | values) or 0)
    return min(found, CAP), found > CAP


async def facets(session: AsyncSession, plan_: Plan) -> Facets:
    """Numbers over all matches; when there are more than the cap, only that."""
    statement = text(
        f"select h.active | h.past mask, h.district, h.standing, count(*) n"
        f" from (select n.active, n.past, n.district, n.standing {_matching(plan_)} limit {CAP + 1}) h"
        " group by 1, 2, 3"
    )
    rows = list(await session.execute(statement, dict(plan_.values)))
    total = sum(r.n for r in rows)
    if total > CAP:
        return Facets(CAP, capped=True)
    bits: dict[int, int] = {}
    districts: dict[str, int] = {}
    standings: dict[str, int] = {}
    for row in rows:
        for bit in range(row.mask.bit_length()):
            if row.mask >> bit & 1:
                bits[bit] = bits.get(bit, 0) + row.n
        standings[row.standing] = standings.get(row.standing, 0) + row.n
        if row.district:
            districts[row.district] = districts.get(row.district, 0) + row.n
    many = sum(r.n for r in rows if r.mask.bit_count() > 1)
    ordered = sorted(districts.items(), key=lambda pair: (-pair[1], pair[0]))
    return Facets(total, False, bits, many, dict(ordered[:DISTRICTS]), standings)


async def matches(session: AsyncSession, plan_: Plan, person_id: UUID) -> bool:
    """Whether this person is among all matches, whatever the page and the filters."""
    where = f"{plan_.where.format(n='n')} and n.person_id = :one_person"
    statement = text(f"select exists (select 1 from {plan_.source} n where {where})")
    return bool(await session.scalar(statement, {**plan_.values, "one_person": person_id}))


async def person(session: AsyncSession, person_id: UUID) -> dict[str, Any]:
    """The row of one person who is known to exist."""
    found = await session.execute(text("select * from person where id = :id"), {"id": person_id})
    return dict(found.mappings().one())
