"""How many match: exact up to a thousand; above that estimated from every sixteenth person, and said so.

An estimate is given with the range it is right in 19 times of 20 (two standard deviations of the draw), two
digits of it at most. Nothing is ever counted to its end: not a row more than needed is read.
"""

# ruff: noqa: S608 - statements are put together from constants of this module; values are parameters

from collections.abc import Sequence
from math import ceil, log10, sqrt
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.hub.lookup.narrowing import Filters, conditions
from services.hub.lookup.plans import Plan, matching
from services.hub.lookup.schemas import Accuracy, Facets, Total
from services.hub.persons import SAMPLED
from shared.kit.pagination import CAP

PART = 16
"""One person of so many is in the sample."""
MOST = 4000
"""Rows of the sample that are read; what has more is only said to be more."""
SURE = 100
"""Matches in the sample that make counting one by one pointless: there are more than a thousand."""
LEAST = 10
"""Matches in the sample below which an estimate would say nothing."""
DISTRICTS = 30
EVERYTHING = Filters()


async def facets(session: AsyncSession, plan: Plan) -> Facets:
    """Numbers over all matches of a query."""
    sample = await _groups(session, plan, EVERYTHING, MOST + 1, sampled=True)
    drawn = sum(n for *_, n in sample)
    if drawn < SURE:
        rows = await _groups(session, plan, EVERYTHING, CAP + 1)
        counted = sum(n for *_, n in rows)
        if counted <= CAP:
            return _facets(Total(count=counted), rows, 1)
    total = estimate(drawn, CAP)
    # what is more than was read was read in the order of names: its parts tell nothing of the whole
    return _facets(total, sample, PART if total.accuracy is Accuracy.ABOUT else 0)


async def narrowed(
    session: AsyncSession, plan: Plan, filters: Filters, everything: Total, shown: int
) -> Total:
    """How many are left by the filters of a result that has more than the `shown` rows of one page."""
    if everything.accuracy is Accuracy.EXACT:
        rows = await _groups(session, plan, filters, CAP + 1)
        return Total(count=sum(n for *_, n in rows))
    sample = await _groups(session, plan, filters, MOST + 1, sampled=True)
    return estimate(sum(n for *_, n in sample), shown)


def estimate(drawn: int, least: int) -> Total:
    """What so many matches in the sample say; `least` are known to be there."""
    if drawn > MOST:
        return Total(count=_digits(MOST * PART), accuracy=Accuracy.OVER)
    if drawn < LEAST:
        return Total(count=least, accuracy=Accuracy.OVER)
    margin = 2 * sqrt(drawn * PART * (PART - 1))
    return Total(
        count=max(least, _digits(drawn * PART)), accuracy=Accuracy.ABOUT, margin=_digits(margin, 1, up=True)
    )


def _digits(value: float, digits: int = 2, *, up: bool = False) -> int:
    """Rounded to so many digits that mean something."""
    if value <= 0:
        return 0
    unit = 10 ** max(0, int(log10(value)) + 1 - digits)
    return int((ceil(value / unit) if up else round(value / unit)) * unit)


Group = tuple[int, str | None, str, int]


async def _groups(
    session: AsyncSession, plan: Plan, filters: Filters, limit: int, *, sampled: bool = False
) -> Sequence[Group]:
    """Matches by organisations, district and standing; `limit` of them at most."""
    where, values = conditions(filters)
    drawn = f" and {SAMPLED.replace('person_id', 'n.person_id')}" if sampled else ""
    statement = text(
        "select h.active | h.past mask, h.district, h.standing, count(*) n"
        f" from (select n.active, n.past, n.district, n.standing {matching(plan)}{drawn}{where}"
        f" limit {limit}) h group by 1, 2, 3"
    )
    return [tuple(r) for r in await session.execute(statement, dict(plan.values) | values)]


def _facets(total: Total, rows: Sequence[Group], times: int) -> Facets:
    """The numbers beside the filters; `times` 0: which there are is known, how many is not."""
    bits, districts, standings, many = dict[int, int](), dict[str, int](), dict[str, int](), 0
    for mask, district, standing, n in rows:
        for bit in range(mask.bit_length()):
            if mask >> bit & 1:
                bits[bit] = bits.get(bit, 0) + n
        standings[standing] = standings.get(standing, 0) + n
        many += n if mask.bit_count() > 1 else 0
        if district:
            districts[district] = districts.get(district, 0) + n
    ordered = sorted(districts.items(), key=lambda pair: (-pair[1], pair[0]))[:DISTRICTS]
    return Facets(
        total=total,
        bits=_times(bits, times),
        many=_said(many, times),
        districts=_times(dict(ordered), times),
        standings=_times(standings, times),
    )


def _times(counts: dict[Any, int], times: int) -> dict[Any, int | None]:
    return {key: _said(n, times) for key, n in counts.items()}


def _said(count: int, times: int) -> int | None:
    """A number as it may be shown: exact, rounded, or none."""
    if times == 1:
        return count
    return _digits(count * times) if times and count >= LEAST else None
