"""Use cases of the queue: put pairs before stewards, decide, put off, take back."""

# ruff: noqa: S608 - statements are put together from constants of this module; values are parameters

from collections.abc import Iterable
from datetime import date
from uuid import UUID, uuid4

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.hub import persons
from services.hub.persons import Pair
from services.hub.review.queue import latest_day
from shared.kit import audit, clock
from shared.kit.audit import Actor
from shared.kit.errors import Invalid, Refused

MOST = 50
"""Pairs that one person or one search may raise at once."""
AT_ONCE = 20
"""Pairs that a steward takes on demand."""

_OPEN_OF = (
    "select e.a, e.b from edge e where e.revoked_at is null and e.state = 'candidate' and e.{side} in"
    " (select affiliation_id from belonging where person_id = any(:persons))"
)
_RAISE = (
    "insert into raised as t (a, b, because, search) select a, b, :because, cast(:search as uuid)"
    " from ({pairs}) x on conflict (a, b) do {again}"
)
_OF_PERSONS = f"({_OPEN_OF.format(side='a')} union {_OPEN_OF.format(side='b')}) limit {MOST}"
_MET = text(_RAISE.format(pairs=_OF_PERSONS, again="nothing"))
_SOUGHT = text(_RAISE.format(pairs=_OF_PERSONS, again="update set search = excluded.search"))
_BACK = text(
    _RAISE.format(
        pairs="select cast(:a as uuid) a, cast(:b as uuid) b",
        again="update set later_until = null, raised_at = now()",
    )
)
_NAMED = text("select person_id from person_name where name_key = :key and plain limit 200")
_TAKE = text(
    _RAISE.format(
        pairs="select distinct a, b from (select e.a, e.b from edge e where e.revoked_at is null"
        " and e.state = 'candidate' and not exists (select 1 from raised r where r.a = e.a and r.b = e.b)"
        " order by e.since, e.a, e.b limit :most) y",
        again="nothing",
    )
    + " returning 1"
)
_STALE = text(
    "delete from raised where (a, b) in (select r.a, r.b from raised r where not exists (select 1 from edge e"
    " where e.a = r.a and e.b = r.b and e.revoked_at is null and e.state = 'candidate') limit 500)"
)
_LATER = text(
    "update raised set later_until = :until, later_by = :by where a = :a and b = :b and exists (select 1"
    " from edge e where e.a = raised.a and e.b = raised.b and e.revoked_at is null and e.state = 'candidate')"
    " returning 1"
)


async def raise_persons(session: AsyncSession, ids: Iterable[UUID]) -> None:
    """Somebody met these persons: what may belong to them waits for a steward from now on."""
    await session.execute(_MET, {"persons": list(ids), "because": "lookup", "search": None})


async def take(session: AsyncSession, by: Actor) -> int:
    """Put the oldest pairs that nobody met before stewards; how many."""
    await session.execute(_STALE)
    rows = await session.execute(_TAKE, {"because": "asked", "search": None, "most": AT_ONCE})
    taken = len(rows.all())
    audit.record(session, actor=by, action="review.taken", detail={"pairs": taken})
    return taken


async def search(session: AsyncSession, name: str, by: Actor) -> UUID:
    """Put every pair of persons of exactly this name before stewards; the id of the search."""
    found = uuid4()
    named = list(await session.scalars(_NAMED, {"key": persons.search_key(name)}))
    if named:
        await session.execute(_SOUGHT, {"persons": named, "because": "search", "search": found})
    audit.record(session, actor=by, action="review.searched", detail={"persons": len(named)})
    return found


async def decide(session: AsyncSession, pair: Pair, says: str, reason: str, by: Actor, seen: int) -> None:
    """Decide a pair as it was shown: refused when somebody else was quicker or the evidence has gone.

    `seen` is the standing decision that was shown with it, 0 for none.
    """
    await persons.decide(session, pair, says, reason, by, shown=seen)
    await session.execute(text("delete from raised where a = :a and b = :b"), {"a": pair[0], "b": pair[1]})


async def undo(session: AsyncSession, verdict_id: int, reason: str, by: Actor) -> None:
    """Take a decision back: its pairs wait again if the rules still ask and nothing earlier decides them."""
    pairs = await persons.undo(session, verdict_id, reason, by)
    back = [{"a": a, "b": b, "because": "undone", "search": None} for a, b in pairs]
    if back:
        await session.execute(_BACK, back)
    await session.execute(_STALE)


async def later(session: AsyncSession, pair: Pair, until: date | None, by: Actor) -> None:
    """Put a pair off until a day, or (None) have it back now."""
    today = clock.today()
    if until is not None and not today < until <= latest_day(today):
        said = "请选择明天以后、一年以内的日期"
        raise Invalid("日期不对", hint=said, fields={"until": said})
    values = {"a": pair[0], "b": pair[1], "until": until, "by": by.name if until else None}
    if (await session.execute(_LATER, values)).first() is None:
        raise Refused("这一组已不在等待核对", hint="可能刚刚有人判断过，或依据已经变了；请看下一组。")
    audit.record(session, actor=by, action="review.later", target=("affiliation", pair[0]),
                 detail={"other": str(pair[1]), "until": str(until or "")})  # fmt: skip
