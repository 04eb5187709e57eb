"""One word for many rows: it changes with any of them, so that what was made of them is known to be true."""

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Text, cast, func, literal_column
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.orm import InstrumentedAttribute


def word_of(ids: InstrumentedAttribute[UUID], versions: InstrumentedAttribute[int]) -> ColumnElement[str]:
    """An aggregate over rows whose every change raises their version."""
    each = cast(ids, Text) + cast(versions, Text)
    in_order: Any = aggregate_order_by(literal_column("''"), ids)
    word: ColumnElement[str] = func.md5(func.string_agg(each, in_order))
    return word
