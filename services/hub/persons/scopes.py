"""Which units a person stands below, as 63 bits: a wrong "perhaps" is looked up, a "no" is certain. Pure.

Search rows carry the bits, so that a filter by a unit and all below it is decided in the index for nearly
every row that does not match (ADR 0011). The top unit has no bits: it is the organisation itself.
"""

from collections.abc import Iterable
from functools import lru_cache
from zlib import crc32

BITS = 63  # a bigint without its sign


def bits_of_unit(org: str, label: str) -> int:
    """Up to four bits of one unit, by its label in the paths of its organisation; others share some."""
    code, bits = crc32(f"{org}/{label}".encode()), 0
    for part in range(4):
        bits |= 1 << (code >> 8 * part & 255) % BITS
    return bits


@lru_cache(maxsize=100_000)
def bits_above(org: str, path: str) -> int:
    """The bits of a unit and of all above it but the top."""
    bits = 0
    for label in path.split("/")[1:]:
        bits |= bits_of_unit(org, label)
    return bits


def bits_of(places: Iterable[tuple[str, str | None]]) -> int:
    """The bits of somebody with records at these units (organisation, path)."""
    bits = 0
    for org, path in places:
        bits |= bits_above(org, path or "")
    return bits
