"""Keyset pagination: opaque cursors over the sort key, never an offset."""

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Generic, TypeVar
from urllib.parse import urlencode

import orjson

from shared.kit.errors import Invalid

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

T = TypeVar("T")
CAP = 1000
"""Totals are counted up to this many and shown as 1,000+ (a capped count is constant time)."""


@dataclass(frozen=True)
class Cursor:
    """Where a page begins: the sort values of the neighbouring row, and whether to go backwards."""

    values: tuple[Any, ...]
    backwards: bool = False

    def encode(self) -> str:
        raw = orjson.dumps(
            [self.backwards, *[str(v) if not isinstance(v, (str, int)) else v for v in self.values]]
        )
        return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def decode(text: str | None, arity: int) -> Cursor | None:
    """The cursor of a URL, or None at the start; Invalid when it was tampered with."""
    if not text:
        return None
    try:
        loaded = orjson.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (TypeError, ValueError) as error:
        raise Invalid("页码不正确", hint="请回到第一页。") from error
    match loaded:
        case [bool(backwards), *values] if len(values) == arity and all(map(_is_key, values)):
            return Cursor(tuple(values), backwards)
    raise Invalid("页码不正确", hint="请回到第一页。")


def _is_key(value: object) -> bool:
    """Whether the database can compare with it: a text without NUL or a whole number of eight bytes."""
    if isinstance(value, str):
        return "\x00" not in value
    return isinstance(value, int) and not isinstance(value, bool) and -(2**63) <= value < 2**63


@dataclass(frozen=True)
class Page(Generic[T]):
    """One page of rows with the cursors beside it; `total` is capped, `more_than` says so."""

    rows: Sequence[T]
    previous: str | None
    next: str | None
    total: int | None = None
    capped: bool = False


@dataclass(frozen=True)
class Window(Generic[T]):
    """One page, newest first, with the cursors beside it."""

    rows: list[T]
    newer: str
    older: str


def window(
    found: list[T], size: int, cursor: Cursor | None, key: Callable[[T], tuple[Any, ...]]
) -> Window[T]:
    """The page out of `found`: one row more than `size` if there are, in the direction of the cursor."""
    more, rows = len(found) > size, found[:size]
    backwards = cursor is not None and cursor.backwards
    if backwards:
        rows.reverse()
    newer = rows and (more if backwards else cursor is not None)
    older = rows and (True if backwards else more)
    return Window(
        rows,
        Cursor(key(rows[0]), backwards=True).encode() if newer else "",
        Cursor(key(rows[-1])).encode() if older else "",
    )


def query_of(wanted: "DataclassInstance", **more: str) -> str:
    """A filter as the query of an address; what is empty is left out."""
    given = {f.name: str(v) for f in fields(wanted) if (v := getattr(wanted, f.name))}
    return urlencode({**given, **more})
