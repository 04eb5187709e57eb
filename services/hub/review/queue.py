"""Reading the queue: pages by key, figures, one pair."""

# ruff: noqa: S608 - statements are put together from constants of this module; values are parameters

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.hub import persons
from services.hub.persons import Pair
from services.hub.review.schemas import Backlog, Filter, Queue, Waiting
from shared.kit import clock
from shared.kit.errors import Invalid
from shared.kit.pagination import CAP, Cursor, decode
from shared.kit.types import Moment

_OPEN = (
    "exists (select 1 from edge e where e.a = r.a and e.b = r.b and e.revoked_at is null"
    " and e.state = 'candidate'{rule})"
)
_ROWS = (
    "select r.*, (select array_agg(e.rule order by e.rule) from edge e where e.a = r.a and e.b = r.b"
    " and e.revoked_at is null and e.state = 'candidate') rules, coalesce((select v.id from verdict v"
    " where v.a = r.a and v.b = r.b and v.undone_at is null), 0) shown from raised r where "
)
_NOW, _LATER = "(r.later_until is null or r.later_until <= :today)", "r.later_until > :today"
_OF_ORG = "exists (select 1 from affiliation f where f.id in (r.a, r.b) and f.org = :org and not f.withdrawn)"
_ONE = text(_ROWS + "r.a = :a and r.b = :b and " + _OPEN.format(rule=""))
_BACKLOG = text(
    "with waiting as materialized (select r.raised_at, r.later_until > :today put_off from raised r where "
    + _OPEN.format(rule="")
    + " order by r.raised_at limit :cap) select count(*) filter (where put_off is not true) waiting,"
    " count(*) filter (where put_off) later, min(raised_at) filter (where put_off is not true) oldest,"
    " count(*) filter (where put_off is not true and raised_at < :week) over_week,"
    " count(*) filter (where put_off is not true and raised_at < :month) over_month from waiting"
)
_POSITION = TypeAdapter(tuple[Moment, UUID, UUID])


def _where(wanted: Filter) -> tuple[list[str], dict[str, Any]]:
    parts = [_OPEN.format(rule=" and e.rule = :rule" if wanted.rule else "")]
    values: dict[str, Any] = {"today": clock.today()}
    parts.append(_LATER if wanted.tab == "later" else _NOW)
    if wanted.rule:
        values["rule"] = wanted.rule
    if wanted.org:
        parts.append(_OF_ORG)
        values["org"] = wanted.org
    if wanted.age:
        parts.append("r.raised_at < :before")
        values["before"] = clock.now() - timedelta(days=wanted.age)
    if wanted.search:
        parts.append("r.search = :search")
        values["search"] = wanted.search
    return parts, values


async def page(session: AsyncSession, wanted: Filter, cursor: str | None, limit: int) -> Queue:
    """A page of pairs that wait, the longest first, and the cursor of the next one."""
    parts, values = _where(wanted)
    if (at := _after(cursor)) is not None:
        parts.append("(r.raised_at, r.a, r.b) > (:raised_at, cast(:a as uuid), cast(:b as uuid))")
        values |= dict(zip(("raised_at", "a", "b"), at, strict=True))
    statement = text(_ROWS + " and ".join(parts) + " order by r.raised_at, r.a, r.b limit :limit")
    rows = list(await session.execute(statement, {**values, "limit": limit + 1}))
    last = rows[limit - 1] if len(rows) > limit else None
    following = Cursor((last.raised_at.isoformat(), last.a, last.b)).encode() if last else None
    return Queue(rows=await _described(session, rows[:limit]), next=following)


async def one(session: AsyncSession, pair: Pair) -> Waiting | None:
    """One pair if it still waits (put off or not)."""
    rows = list(await session.execute(_ONE, {"a": pair[0], "b": pair[1]}))
    found = await _described(session, rows)
    return found[0] if found else None


async def backlog(session: AsyncSession) -> Backlog:
    """How many wait and since when, counted up to `CAP`."""
    now, today = clock.now(), clock.today()
    values = {"today": today, "cap": CAP, "week": now - timedelta(days=7), "month": now - timedelta(days=30)}
    row = (await session.execute(_BACKLOG, values)).mappings().one()
    return Backlog.model_validate(dict(row))


async def _described(session: AsyncSession, rows: list[Any]) -> list[Waiting]:
    records = await persons.by_id(session, (i for r in rows for i in (r.a, r.b)))
    return [
        Waiting(first=records[r.a], second=records[r.b], rules=tuple(r.rules), shown=r.shown,
                raised_at=r.raised_at, because=r.because, later_until=r.later_until, later_by=r.later_by)
        for r in rows
        if r.a in records and r.b in records
    ]  # fmt: skip


def _after(cursor: str | None) -> tuple[datetime, UUID, UUID] | None:
    at = decode(cursor, 3)
    if at is None:
        return None
    try:
        return _POSITION.validate_python(at.values)
    except ValidationError as error:
        raise Invalid("页码不正确", hint="请回到第一页。") from error


def latest_day(today: date) -> date:
    """How far a pair may be put off."""
    return today + timedelta(days=365)
