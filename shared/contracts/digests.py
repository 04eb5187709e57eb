"""One number for what an owner said of a member or a unit: owner and reader compute it from their own tables.

A reader may compute it in SQL: 64 bits of MD5 (both sides have it, and nobody is to be kept from forging it)
over texts joined by control characters; a whole set is compared by count and XOR, in any order.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from shared.contracts.members import MemberState, MemberWithdrawn
from shared.contracts.units import UnitChanged

FORM = 1
"""Raise it whenever the fields below or those of `MemberState` change: numbers of two forms never agree."""
BETWEEN, WITHIN, NOTHING = "\x1f", "\x1e", "\x01"
TOKENS = ("identity", "phone", "card", "name_birth_phone", "birth_phone_sex", "name_birth_sex")
FIELDS = ("name", "former_names", "standing", "sex", "birth_year", "district", "unit_id", *TOKENS)
"""Fields of a member with a place of their own; the others are one JSON text, as `jsonb` is written."""
BUCKETS = 4096
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_encode = json.JSONEncoder(ensure_ascii=False).encode


def digest(event: MemberState | MemberWithdrawn, at: datetime) -> int:
    """Of a member as told at that instant; of one withdrawn only ids and version count."""
    return digest_of(event.model_dump(mode="json"), at)


def digest_of(told: Mapping[str, Any], at: datetime) -> int:
    """The same of the word as it travels: JSON values of a state or of a withdrawal."""
    head: list[Any] = [told["member_id"], told["version"], _microseconds(at)]
    if "tokens" not in told:
        return number([*head, "withdrawn"])
    values = {**told, **told["tokens"]}
    del values["tokens"], values["member_id"], values["version"]
    own = [values.pop(name) for name in FIELDS]
    return number([*head, *own, jsonb_text(values)])


def unit_digest(unit: UnitChanged) -> int:
    """Of a unit."""
    values = unit.model_dump(mode="json")
    return number([values[name] for name in sorted(values)])


def number(values: Iterable[Any]) -> int:
    """64 bits, signed as PostgreSQL's bigint."""
    text = BETWEEN.join(map(_text, values))
    return int.from_bytes(hashlib.md5(text.encode(), usedforsecurity=False).digest()[:8], signed=True)


def jsonb_text(values: Mapping[str, Any]) -> str:
    """The text PostgreSQL gives of the same object as `jsonb`: short keys first."""
    return _encode({name: values[name] for name in _as_stored(tuple(values))})


@lru_cache(maxsize=16)
def _as_stored(names: tuple[str, ...]) -> list[str]:
    return sorted(names, key=lambda name: (len(name.encode()), name.encode()))


def bucket(id_: UUID) -> int:
    """One of BUCKETS parts of a set; the end of an id is random, its beginning is time."""
    return id_.int % BUCKETS


def _text(value: Any) -> str:
    if value is None:
        return NOTHING
    return (
        WITHIN.join(map(_text, value))
        if isinstance(value, Sequence) and not isinstance(value, str)
        else str(value)
    )


def _microseconds(at: datetime) -> int:
    since = at - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds
