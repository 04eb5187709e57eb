"""The hub's side of a recount: digests out of the columns, sums over them, in SQL."""

# ruff: noqa: S608 - statements are put together from constants of this module; values are parameters

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.contracts.digests import FIELDS

_SPELT = {
    "former_names": "array_to_string({}, chr(30), chr(1))",
    **dict.fromkeys(("name", "standing", "sex", "district"), "{}"),
}
_FIELDS = ", ".join(_SPELT.get(name, "{}::text").format(f"f.{name}") for name in FIELDS)
_HEAD = "f.member_id::text, f.version::text, (extract(epoch from f.told_at) * 1000000)::bigint::text"
_PRESENT = f"array_to_string(array[{_HEAD}, {_FIELDS}, f.shown::text], chr(31), chr(1))"
_WITHDRAWN = f"array_to_string(array[{_HEAD}, 'withdrawn'], chr(31), chr(1))"
_TEXT = f"case when f.withdrawn then {_WITHDRAWN} else {_PRESENT} end"
DIGEST = f"('x' || substr(md5({_TEXT}), 1, 16))::bit(64)::bigint"
"""`shared.contracts.digests.digest` of an affiliation's row `f`; a test holds the two together."""
_PART = "case when f.withdrawn then '' else coalesce(f.district, '') end"
_BUCKET = "('x' || right(f.member_id::text, 3))::bit(12)::int"

_BY_DISTRICT = text(
    f"select f.org, {_PART} part, count(*) n, bit_xor({DIGEST}) total from affiliation f group by 1, 2"
)
_BY_BUCKET = text(
    f"select {_PART} part, {_BUCKET} bucket, count(*) n, bit_xor({DIGEST}) total from affiliation f"
    f" where f.org = :org and {_PART} = any(:parts) group by 1, 2"
)
_ROWS = text(
    f"select f.id, f.org, f.member_id, f.version, {DIGEST} digest from affiliation f"
    f" where f.org = :org and {_PART} = :part and {_BUCKET} = any(:buckets)"
)
_OF_IDS = text(
    f"select f.id, f.org, f.member_id, f.version, {DIGEST} digest from affiliation f where f.id = any(:ids)"
)


@dataclass(frozen=True, slots=True)
class Row:
    """An affiliation as far as a recount looks at it."""

    id: UUID
    org: str
    member_id: UUID
    version: int
    digest: int


Sums = dict[str, tuple[int, int]]
"""Count and XOR of digests, by part."""


async def by_district(session: AsyncSession) -> dict[str, Sums]:
    """Of every organisation there are rows of, in one pass."""
    out: dict[str, Sums] = defaultdict(dict)
    for row in await session.execute(_BY_DISTRICT):
        out[row.org][row.part] = (row.n, row.total)
    return out


async def by_bucket(session: AsyncSession, org: str, parts: Sequence[str]) -> dict[str, Sums]:
    """Of these districts of one organisation, in one pass."""
    out: dict[str, Sums] = {part: {} for part in parts}
    for row in await session.execute(_BY_BUCKET, {"org": org, "parts": list(parts)}):
        out[row.part][str(row.bucket)] = (row.n, row.total)
    return out


async def rows_of(session: AsyncSession, org: str, part: str, buckets: Iterable[int]) -> list[Row]:
    """Rows of these buckets of one district."""
    rows = await session.execute(_ROWS, {"org": org, "part": part, "buckets": list(buckets)})
    return [Row(*row) for row in rows]


async def of_ids(session: AsyncSession, ids: Iterable[UUID]) -> dict[UUID, Row]:
    """These rows, as far as they are there."""
    rows = await session.execute(_OF_IDS, {"ids": list(ids)})
    return {row.id: Row(*row) for row in rows}
