"""How many match: exact up to a thousand; above that estimated from every sixteenth person, and said so.

An estimate is given with the range it is right in 19 times of 20 (two standard deviations of the draw), two
digits of it at most. Nothing is ever counted to its end: not a row more than needed is read.
"""

# ruff: noqa: S608 - statements are put together from constants of this module; values are parameters

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, log10, sqrt

from sqlalchemy.ext.asyncio import AsyncSession

from services.hub.lookup.narrowing import Filters, conditions
from services.hub.lookup.plans import Plan, matching
from services.hub.lookup.schemas import Accuracy, Facets, Parts, Total
from services.hub.persons import SAMPLED
from shared.kit.fast import fetch
from shared.kit.pagination import CAP
from shared.kit.pii import by_pinyin

PART = 16
"""One person of so many is in the sample."""
MOST = 4000
"""Rows of the sample that are read; what has more is only said to be more."""
LEAST = 10
"""Matches in the sample below which an estimate would say nothing."""
ENOUGH = 400
"""People of the sample who are proven to stand below a large unit, each by a look at the tree ..."""
THINNED = 8
"""... and if there are more, only one of so many of the sample."""
DISTRICTS = 30


async def facets(session: AsyncSession, plan: Plan) -> Facets:
    """Numbers over all matches of a query."""
    found = await fetch(session, _both(plan), plan.values)
    parts: dict[bool, list[Group]] = {True: [], False: []}
    for sampled, mask, district, standing, n in found:
        parts[sampled].append((mask, district, standing, n))
    rows, sample = parts[False], parts[True]
    counted, drawn = (sum(n for *_, n in part) for part in (rows, sample))
    if counted <= CAP:
        return _facets(Total(count=counted), _parts(rows), _parts(rows), 1)
    total = estimate(drawn, CAP)
    # what is more than was read was read in the order of names: its parts tell nothing of the whole
    return _facets(total, _parts(sample), _parts(rows), PART if total.accuracy is Accuracy.ABOUT else 0)


async def narrowed(
    session: AsyncSession, plan: Plan, filters: Filters, everything: Total, shown: int
) -> Total:
    """How many are left by the filters of a result that has more than the `shown` rows of one page."""
    if everything.accuracy is Accuracy.EXACT:
        return Total(count=await _count(session, plan, filters, CAP + 1))
    if filters.scope is None or filters.scope.few:
        return estimate(await _count(session, plan, filters, MOST + 1, _DRAWN), shown)
    drawn = await _count(session, plan, filters, ENOUGH + 1, _DRAWN)
    if drawn <= ENOUGH:
        return estimate(drawn, shown)
    return estimate(await _count(session, plan, filters, MOST + 1, _THINNED), shown, PART * THINNED)


def estimate(drawn: int, least: int, part: int = PART) -> Total:
    """What so many matches say of whom every `part`th is looked at; `least` are known to be there."""
    if drawn > MOST:
        return Total(count=_digits(MOST * part), accuracy=Accuracy.OVER)
    if drawn < LEAST:
        return Total(count=least, accuracy=Accuracy.OVER)
    margin = 2 * sqrt(drawn * part * (part - 1))
    return Total(
        count=max(least, _digits(drawn * part)), accuracy=Accuracy.ABOUT, margin=_digits(margin, 1, up=True)
    )


def _digits(value: float, digits: int = 2, *, up: bool = False) -> int:
    """Rounded to so many digits that mean something."""
    if value <= 0:
        return 0
    unit = 10 ** max(0, int(log10(value)) + 1 - digits)
    return int((ceil(value / unit) if up else round(value / unit)) * unit)


Group = tuple[int, str | None, str, int]


_ROW = "select n.active | n.past mask, n.district, n.standing"
_GROUPS = "mask, district, standing, count(*) n"
_DRAWN = f" and {SAMPLED.replace('person_id', 'n.person_id')}"
_THINNED = f"{_DRAWN} and (get_byte(uuid_send(n.person_id), 14) & {THINNED - 1}) = 0"


def _both(plan: Plan) -> str:
    """Matches one by one up to the cap; only where there are more, those in the sample. One round trip."""
    return (
        f"with every as materialized ({_ROW} {matching(plan)} limit {CAP + 1}),"
        f" sample as materialized ({_ROW} {matching(plan)}{_DRAWN}"
        f" and (select count(*) > {CAP} from every) limit {MOST + 1})"
        f" select false, {_GROUPS} from every group by 2, 3, 4"
        f" union all select true, {_GROUPS} from sample group by 2, 3, 4"
    )


async def _count(session: AsyncSession, plan: Plan, filters: Filters, limit: int, drawn: str = "") -> int:
    """Matches with the filters, `limit` of them at most."""
    where, values = conditions(filters)
    statement = f"select count(*) from (select 1 {matching(plan)}{drawn}{where} limit {limit}) h"
    [row] = await fetch(session, statement, dict(plan.values) | values)
    return int(row[0])


@dataclass(frozen=True)
class Seen:
    """Rows that were read, by what can narrow them."""

    bits: Counter[int]
    districts: Counter[str]
    standings: Counter[str]
    many: int

    def __or__(self, other: "Seen") -> "Seen":
        """Of each the larger number: as many there are at least."""
        return Seen(
            self.bits | other.bits,
            self.districts | other.districts,
            self.standings | other.standings,
            max(self.many, other.many),
        )


def _parts(rows: Sequence[Group]) -> Seen:
    bits, districts, standings, many = Counter[int](), Counter[str](), Counter[str](), 0
    for mask, district, standing, n in rows:
        bits.update({bit: n for bit in range(mask.bit_length()) if mask >> bit & 1})
        standings[standing] += n
        many += n if mask.bit_count() > 1 else 0
        if district:
            districts[district] += n
    return Seen(bits, districts, standings, many)


def _facets(total: Total, drawn: Seen, read: Seen, times: int) -> Facets:
    """The numbers beside the filters; `times` 0: which there are is known, how many is not."""
    least = drawn | read
    # the order of what is counted over all matches; what only the first of them show comes behind
    ordered = sorted(
        least.districts, key=lambda d: (-drawn.districts[d], -least.districts[d], by_pinyin(d, person=False))
    )
    ordered = ordered[:DISTRICTS]
    return Facets(total=total, least=_said(least, ordered, 1), **_said(drawn, ordered, times).model_dump())


def _said(seen: Seen, districts: Sequence[str], times: int) -> Parts:
    return Parts(
        bits={bit: _number(n, times) for bit, n in seen.bits.items()},
        many=_number(seen.many, times),
        districts={d: _number(seen.districts[d], times) for d in districts},
        standings={standing: _number(n, times) for standing, n in seen.standings.items()},
    )


def _number(count: int, times: int) -> int | None:
    """A number as it may be shown: exact, rounded, or none."""
    if times == 1:
        return count
    return _digits(count * times) if times and count >= LEAST else None
