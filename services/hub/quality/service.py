"""Use cases of quality: draw a sample of automatic links, say of each whether it is right."""

from datetime import date, datetime, time, timedelta
from uuid import UUID

from sqlalchemy import select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from services.hub import persons
from services.hub.quality.models import Sample, Sampled
from shared.kit import audit, clock
from shared.kit.audit import Actor
from shared.kit.errors import NotFound, Refused
from shared.kit.types import in_order

LARGEST = 500
_ROUGHLY = text("select greatest(reltuples, 0)::bigint from pg_class where oid = 'edge'::regclass")
# every link has the same chance; the share only spares sorting all of a large table
_DRAW = text(
    "select a, b, rule, since from edge tablesample bernoulli (cast(:share as real)) where revoked_at is null"
    " and state = 'linked' and (cast(:rule as text) is null or rule = :rule)"
    " and (cast(:since as timestamptz) is null or since >= :since)"
    " and (cast(:until as timestamptz) is null or since < :until) order by random() limit :size"
)
_SPARE = 50
"""How many times more links than asked are looked at in a large table."""


async def draw(
    session: AsyncSession, by: Actor, size: int, rule: str | None, since: date | None, until: date | None
) -> UUID:
    """A random sample of the automatic links in force."""
    since, until = in_order(since, until)
    wanted = {"rule": rule, "since": since and _start(since), "until": until and _start(until + timedelta(1))}
    total = int(await session.scalar(_ROUGHLY) or 0)
    share = min(100.0, 100.0 * size * _SPARE / total) if total else 100.0
    rows = list(await session.execute(_DRAW, {**wanted, "size": size, "share": share}))
    if len(rows) < size and share < 100:  # a rare rule or a short period
        rows = list(await session.execute(_DRAW, {**wanted, "size": size, "share": 100.0}))
    if not rows:
        raise Refused("没有可抽查的自动关联", hint="请放宽规则或时间范围。")
    sample = Sample(rule=rule, since=since, until=until, by_id=by.id, by_name=by.name)
    session.add(sample)
    await session.flush()
    session.add_all(
        Sampled(sample_id=sample.id, number=n, a=r.a, b=r.b, rule=r.rule, linked_at=r.since)
        for n, r in enumerate(rows, 1)
    )
    audit.record(session, actor=by, action="quality.drawn", target=("sample", sample.id),
                 detail={"size": len(rows), "rule": rule or ""})  # fmt: skip
    return sample.id


async def judge(
    session: AsyncSession, by: Actor, sample_id: UUID, number: int, found: str, was: str, *, separate: bool
) -> None:
    """Say what one link of a sample is; refused when somebody else did meanwhile (`was` is what was shown).

    A wrong one is taken apart at once when asked.
    """
    key = (Sampled.sample_id == sample_id, Sampled.number == number)
    row = await session.scalar(select(Sampled).where(*key).with_for_update())
    if row is None:
        raise NotFound("没有这一条", hint="请从质量页进入。")
    if (row.found or "") != was:
        raise Refused(f"{row.found_by}刚刚已经判断过这一条", hint="请刷新后再看；如有不同意见可以重新判断。")
    values = {"found": found, "found_by": by.name, "found_at": clock.now()}
    await session.execute(update(Sampled).where(*key).values(values))
    audit.record(session, actor=by, action="quality.judged", target=("sample", sample_id),
                 detail={"number": number, "found": found})  # fmt: skip
    if found == "wrong" and separate:
        await persons.decide(session, (row.a, row.b), "never", "抽查发现误关联", by)


def _start(day: date) -> datetime:
    return datetime.combine(day, time(), clock.CHINA)
