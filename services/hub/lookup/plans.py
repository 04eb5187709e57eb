"""For each kind of query one index whose key order is the order of results.

Ranges are written out (`>= lo and < hi`). No LIKE with a parameter: it was measured a thousand times slower
on five million persons.
"""

# ruff: noqa: S608 - statements are put together from constants of this module; values are parameters

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from services.hub.lookup.rules import LAST, Kind, Query, pattern
from services.hub.lookup.syllables import SYLLABLES
from services.hub.persons import readings, search_key


@dataclass(frozen=True)
class Plan:
    """Where to look (`source` gives alias n), what must hold, and the order. `{n}` stands for the alias."""

    source: str
    where: str
    order: tuple[str, ...]
    values: Mapping[str, Any]
    repeats: bool = False
    """whether a person may match by several rows, so that only the first counts"""


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
        "(select p.id person_id, p.name_key, p.active, p.past, p.district, p.standing, p.scopes"
        f" from ({finds}) found join person p on p.id = found.person_id)"
    )
    return Plan(source, "true", ("name_key", "person_id"), dict(tokens))


def matching(plan_: Plan) -> str:
    """The rows of a plan, one for each person."""
    where = plan_.where.format(n="n")
    if plan_.repeats:
        own, other = (f"({', '.join(f'{alias}.{c}' for c in plan_.order)})" for alias in ("n", "o"))
        where += (
            f" and (not n.several or not exists (select 1 from {plan_.source} o"
            f" where o.person_id = n.person_id and {plan_.where.format(n='o')} and {other} < {own}))"
        )
    return f"from {plan_.source} n where {where}"
