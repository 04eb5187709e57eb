"""Reading persons, evidence and candidates for pages and the API."""

# ruff: noqa: S608 - statements are put together from constants of this module; values are parameters

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.hub.persons.schemas import Affiliated, Candidate, Decided, Evidence, Waiting
from shared.kit.errors import Invalid
from shared.kit.pagination import Cursor, decode
from shared.kit.types import Moment

MOST = 500
"""Records, pieces of evidence or decisions read for one person: far more than the rules ever connect."""

_AFFILIATED = (
    "select f.id, f.org, f.member_id, b.person_id, f.name, f.former_names, f.standing, f.sex, f.birth_year,"
    " case when u.unit_id is null then f.district else u.district end district, f.shown, u.names, f.told_at"
    " from affiliation f join belonging b on b.affiliation_id = f.id"
    " left join unit u on u.org = f.org and u.unit_id = f.unit_id where not f.withdrawn and "
)
_OF_PERSONS = text(
    f"{_AFFILIATED} b.person_id = any(:ids)"
    " order by f.standing = 'left', f.org, f.told_at desc, f.id limit :most"
)
_BY_ID = text(_AFFILIATED + "f.id = any(:ids)")
_EVIDENCE = text(
    "select * from (select a, b, rule, state, since from edge where revoked_at is null and a = any(:ids)"
    " union select a, b, rule, state, since from edge where revoked_at is null and b = any(:ids)) e"
    " order by state <> 'linked', rule, since, a, b limit :most"
)
_VERDICTS = text(
    "select * from verdict where id in (select id from verdict where a = any(:ids)"
    " union select id from verdict where b = any(:ids)) order by id desc limit :most"
)
_STANDING = text("select * from verdict where undone_at is null order by id desc limit :most")
# A pair is counted by the first edge of it that waits, so that a page is a page of pairs, and the index of
# waiting edges gives it in order without reading those behind it.
_FIRST_WAITING = (
    "from edge e where e.revoked_at is null and e.state = 'candidate' and not exists (select 1 from edge o"
    " where o.a = e.a and o.b = e.b and o.revoked_at is null and o.state = 'candidate'"
    " and (o.since, o.rule) < (e.since, e.rule))"
)
_CANDIDATES = (
    "select x.a, x.b, x.since, (select array_agg(o.rule order by o.rule) from edge o where o.a = x.a"
    " and o.b = x.b and o.revoked_at is null and o.state = 'candidate') rules"
    " from (select e.a, e.b, e.since {first}{after} order by e.since, e.a, e.b limit :limit) x"
    " order by x.since, x.a, x.b"
)
_PAGE_ONE = text(_CANDIDATES.format(first=_FIRST_WAITING, after=""))
_PAGE_AFTER = text(
    _CANDIDATES.format(
        first=_FIRST_WAITING,
        after=" and (e.since, e.a, e.b) > (:since, cast(:a as uuid), cast(:b as uuid))",
    )
)
_WAITING = text(f"select count(*) from (select 1 {_FIRST_WAITING} limit :cap) x")
_POSITION = TypeAdapter(tuple[Moment, UUID, UUID])


def _affiliated(row: Any) -> Affiliated:
    values = dict(row)
    shown, names = values.pop("shown"), values.pop("names")
    return Affiliated.model_validate(values | shown | ({"unit_names": names} if names else {}))


async def affiliated(session: AsyncSession, persons: Iterable[UUID]) -> list[Affiliated]:
    """Records of these persons, those on a roll first."""
    rows = (await session.execute(_OF_PERSONS, {"ids": list(persons), "most": MOST})).mappings()
    return [_affiliated(r) for r in rows]


async def evidence_of(session: AsyncSession, ids: Iterable[UUID]) -> list[Evidence]:
    """Standing evidence that touches these records."""
    rows = (await session.execute(_EVIDENCE, {"ids": list(ids), "most": MOST})).mappings()
    return [Evidence.model_validate(dict(r)) for r in rows]


async def verdicts_of(session: AsyncSession, ids: Iterable[UUID]) -> list[Decided]:
    """What staff decided of these records, undone decisions too."""
    rows = (await session.execute(_VERDICTS, {"ids": list(ids), "most": MOST})).mappings()
    return [Decided.model_validate(dict(r)) for r in rows]


async def standing_verdicts(session: AsyncSession, limit: int) -> list[Decided]:
    """The newest decisions that stand."""
    rows = (await session.execute(_STANDING, {"most": limit})).mappings()
    return [Decided.model_validate(dict(r)) for r in rows]


def _after(cursor: str | None) -> dict[str, Any]:
    at = decode(cursor, 3)
    if at is None:
        return {}
    try:
        since, a, b = _POSITION.validate_python(at.values)
    except ValidationError as error:
        raise Invalid("页码不正确", hint="请回到第一页。") from error
    return {"since": since, "a": a, "b": b}


async def candidate_pairs(session: AsyncSession, cursor: str | None, limit: int) -> Waiting:
    """A page of waiting pairs in the order they came up, and the cursor of the next one."""
    after = _after(cursor)
    statement = _PAGE_AFTER if after else _PAGE_ONE
    rows = list(await session.execute(statement, {**after, "limit": limit + 1}))
    shown = rows[:limit]
    found = (await session.execute(_BY_ID, {"ids": [i for r in shown for i in (r.a, r.b)]})).mappings()
    records = {r["id"]: _affiliated(r) for r in found}
    pairs = [
        Candidate(first=records[r.a], second=records[r.b], rules=tuple(r.rules), since=r.since)
        for r in shown
        if r.a in records and r.b in records
    ]
    last = shown[-1] if len(rows) > limit else None
    following = Cursor((last.since.isoformat(), last.a, last.b)).encode() if last else None
    return Waiting(rows=pairs, next=following)


async def count_waiting(session: AsyncSession, cap: int) -> int:
    """How many pairs wait, counted up to `cap`."""
    return int(await session.scalar(_WAITING, {"cap": cap}) or 0)
