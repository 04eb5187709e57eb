"""Reading what is known of the quality of links."""

from collections import Counter, defaultdict
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.hub import persons
from services.hub.quality.rules import Precision
from services.hub.quality.schemas import Drawn, Figures, Held, Pick
from shared.kit.errors import NotFound
from shared.kit.pagination import CAP

MONTHS = 12
SAMPLES = 20
_FOUND = text(
    "select p.rule, to_char(p.linked_at at time zone 'Asia/Shanghai', 'YYYY-MM') as month, s.rule is null"
    " and s.since is null and s.until is null as unbiased, count(*) filter (where found = 'right') as right_,"
    " count(*) filter (where found = 'wrong') as wrong, count(*) filter (where found = 'unsure') as unsure,"
    " count(*) filter (where found is null) as waiting"
    " from link_sampled p join link_sample s on s.id = p.sample_id group by 1, 2, 3"
)
_LINKS = text(
    "select rule, count(*) as n from edge where revoked_at is null and state = 'linked'"
    " group by rule order by rule"
)
_HELD = text(
    "select a, b, rule, since from edge where revoked_at is null and state = 'held'"
    " order by since, a, b, rule limit :most"
)
_HELD_COUNT = text(
    "select count(*) from (select 1 from edge where revoked_at is null and state = 'held' limit :cap) x"
)
# grouped by the two columns of an index: a few dozen groups, and no row of the table is read
_OVERLAP = text("select active, past, count(*) as n from person group by active, past")
_SAMPLES = text(
    "select s.*, count(*) as size, count(p.found) as judged from link_sample s"
    " join link_sampled p on p.sample_id = s.id group by s.id order by s.drawn_at desc limit :most"
)
_PICKS = text("select * from link_sampled where sample_id = :id order by number")


async def figures(session: AsyncSession) -> Figures:
    """Precision by sample, links by rule, contradictions.

    The whole is estimated by samples of everything only: a sample of one rule would weigh too much.
    """
    overall = Precision(0, 0, 0)
    by_rule: dict[str, Precision] = defaultdict(lambda: Precision(0, 0, 0))
    by_month: dict[str, Precision] = defaultdict(lambda: Precision(0, 0, 0))
    for row in await session.execute(_FOUND):
        part = Precision(row.right_, row.wrong, row.unsure, row.waiting)
        by_rule[row.rule] += part
        if row.unbiased:
            overall += part
            by_month[row.month] += part
    links = {r.rule: r.n for r in await session.execute(_LINKS)}
    held = int(await session.scalar(_HELD_COUNT, {"cap": CAP}) or 0)
    months = dict(sorted(by_month.items(), reverse=True)[:MONTHS])
    return Figures(overall, dict(sorted(by_rule.items())), months, links, held)


async def overlap(session: AsyncSession) -> dict[int, int]:
    """How many persons have records at one organisation, at two, and so on: counted, past records too."""
    found = Counter[int]()
    for row in await session.execute(_OVERLAP):
        found[(row.active | row.past).bit_count()] += row.n
    return dict(sorted(found.items()))


async def samples(session: AsyncSession) -> list[Drawn]:
    """The newest samples."""
    rows = (await session.execute(_SAMPLES, {"most": SAMPLES})).mappings()
    return [Drawn.model_validate(dict(r)) for r in rows]


async def picks(session: AsyncSession, sample_id: UUID) -> list[Pick]:
    """The links of a sample with their records as they are now."""
    rows: list[Any] = list(await session.execute(_PICKS, {"id": sample_id}))
    if not rows:
        raise NotFound("没有这份抽样", hint="请从质量页进入。")
    records = await persons.by_id(session, {i for r in rows for i in (r.a, r.b)})
    return [
        Pick(number=r.number, rule=r.rule, linked_at=r.linked_at, found=r.found, found_by=r.found_by,
             first=records.get(r.a), second=records.get(r.b))
        for r in rows
    ]  # fmt: skip


async def held(session: AsyncSession, most: int) -> list[Held]:
    """The oldest contradictions."""
    rows = list(await session.execute(_HELD, {"most": most}))
    records = await persons.by_id(session, {i for r in rows for i in (r.a, r.b)})
    return [
        Held(first=records[r.a], second=records[r.b], rule=r.rule, since=r.since)
        for r in rows
        if r.a in records and r.b in records
    ]
