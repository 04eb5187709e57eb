"""The searchable row of one person, derived from the affiliations: pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any
from uuid import UUID

from services.hub.persons.scopes import bits_of
from shared.kit.pii import NameKeys, given_of, name_keys

STANDINGS = ("active", "retained", "pending", "left")
"""From the strongest to the weakest: a person stands as the strongest affiliation does."""
INTERPUNCT = "\u00b7"


Content = Mapping[str, Any]
"""An affiliation as `store.contents` gives it: unit and district are the directory's."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One way a name is found: its characters, one pinyin and the initials of that pinyin."""

    name_key: str
    pinyin: str
    initials: str
    plain: bool
    given: str


@dataclass
class Derived:
    """Rows of one person for the three search tables."""

    person: dict[str, Any]
    names: list[dict[str, Any]] = field(default_factory=list)
    tails: list[dict[str, Any]] = field(default_factory=list)


@lru_cache(maxsize=50_000)
def keys_of(name: str) -> NameKeys:
    """`name_keys`, remembered: the same names come again and again."""
    return name_keys(name)


def search_key(name: str) -> str:
    """The form names are compared by here: simplified, without case and without interpunct."""
    return keys_of(name).key.replace(INTERPUNCT, "")


@lru_cache(maxsize=50_000)
def readings(name: str) -> tuple[Reading, ...]:
    """Every reading of a name; the first is the usual one."""
    keys = keys_of(name)
    key, given = keys.key.replace(INTERPUNCT, ""), given_of(keys.key)
    return tuple(
        Reading(key, p, _initials(p, keys.initials), i == 0, "" if i else given)
        for i, p in enumerate(keys.pinyins)
    )


def _initials(pinyin: str, initials: Sequence[str]) -> str:
    return next((i for i in initials if i[:1] == pinyin[:1]), initials[0] if initials else "")


def describe(person_id: UUID, affiliations: Sequence[Content], bits: Mapping[str, int]) -> Derived:
    """What result pages show of a person and every key the person is found by."""
    ordered = affiliations
    if len(affiliations) > 1:
        ordered = sorted(affiliations, key=lambda a: _weight(a, bits))
    main, shown = ordered[0], ordered[0]["shown"]
    active = _mask((a for a in ordered if a["standing"] != "left"), bits)
    filters = {
        "active": active,
        "past": _mask((a for a in ordered if a["standing"] == "left"), bits) & ~active,
        "district": _first(ordered, "district"),
        "standing": main["standing"],
        "scopes": bits_of((a["org"], a["path"]) for a in affiliations),
    }
    key = search_key(main["name"])
    person = filters | {
        "id": person_id,
        "name": main["name"],
        "name_key": key,
        "spoken": keys_of(main["name"]).spoken,
        "standing_title": shown["standing_title"],
        "sex": _first(ordered, "sex"),
        "birth_year": _first(ordered, "birth_year"),
        "phone_mask": _first([a["shown"] for a in ordered], "phone_mask"),
        "identity_mask": _first([a["shown"] for a in ordered], "identity_mask"),
        "unit": main["unit"] or "",
        "role": shown["post"] or shown["kind_title"],
        "size": len(ordered),
    }
    found = {
        (r.name_key, r.pinyin): r for name in reversed(_names(ordered)) for r in reversed(readings(name))
    }
    several = len(found) > 1
    names = [
        {"person_id": person_id, "name_key": r.name_key, "pinyin": r.pinyin, "initials": r.initials,
         "plain": r.plain, "several": several, "given": r.given, **filters}
        for r in found.values()
    ]  # fmt: skip
    tails = [{"person_id": person_id, "tail": t, "name_key": key, **filters} for t in sorted(_tails(ordered))]
    return Derived(person, names, tails)


def _weight(affiliation: Content, bits: Mapping[str, int]) -> tuple[object, ...]:
    return (
        affiliation["standing"] == "left",
        not affiliation["shown"]["counted"],
        STANDINGS.index(affiliation["standing"]),
        affiliation["identity"] is None,
        bits[affiliation["org"]],
        affiliation["id"],
    )


def _mask(affiliations: Iterable[Content], bits: Mapping[str, int]) -> int:
    mask = 0
    for affiliation in affiliations:
        mask |= 1 << bits[affiliation["org"]]
    return mask


def _first(ordered: Sequence[Content], column: str) -> Any:
    for one in ordered:
        if (value := one[column]) is not None:
            return value
    return None


def _names(affiliations: Iterable[Content]) -> list[str]:
    names = [n for a in affiliations for n in (a["name"], *a["former_names"])]
    return list(dict.fromkeys(names))


def _tails(affiliations: Iterable[Content]) -> set[str]:
    marks = (a["shown"][k] for a in affiliations for k in ("identity_last4", "phone_last4"))
    return {m.upper() for m in marks if m and len(m) == 4}
