"""One word for many rows: it changes with any of them, so that what was made of them is known to be true."""

from uuid import UUID

from sqlalchemy import ColumnElement, Text, cast, func, literal_column
from sqlalchemy.orm import InstrumentedAttribute


def word_of(ids: InstrumentedAttribute[UUID], versions: InstrumentedAttribute[int]) -> ColumnElement[str]:
    """An aggregate over rows whose every change raises their version, in whatever order they come."""
    each = func.hash_record_extended(func.row(ids, versions), literal_column("0"))
    return cast(func.bit_xor(each), Text)
