"""Pure rules of repetition: the dates a rule gives, and what holidays do to them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Literal

from dateutil.rrule import rrule, rrulestr

from shared.kit.calendar import day_kind
from shared.kit.clock import CHINA
from shared.kit.errors import Invalid

MOST = 104
"""Occurrences of one series: two years of weeks."""
Holidays = Literal["keep", "skip", "shift"]
_PLAIN = {"DAILY", "WEEKLY", "MONTHLY"}


@dataclass(frozen=True)
class Occurrence:
    """One time of a series: the date the rule gave, and where a holiday moved it (or that it drops out)."""

    on: date
    start: datetime
    end: datetime
    note: str = ""
    skipped: bool = False


def occurrences(rule: str, start: datetime, end: datetime, holidays: Holidays) -> list[Occurrence]:
    """All times of the rule from the first one on; Invalid when it has no end, or too many."""
    first = start.astimezone(CHINA).replace(tzinfo=None)
    dates = _dates(rule, first)
    length, taken = end - start, {d.date() for d in dates}
    out = []
    for at in dates:
        day, note = _moved(at.date(), holidays, taken, 1 if "DAILY" in rule.upper() else 7)
        begins = datetime.combine(day or at.date(), at.time(), CHINA)
        out.append(Occurrence(at.date(), begins, begins + length, note, skipped=day is None))
    return out


def without(all_: Iterable[Occurrence], left_out: Iterable[date]) -> list[Occurrence]:
    """What is to be booked: neither skipped for a holiday nor taken out by hand."""
    out = set(left_out)
    return [o for o in all_ if not o.skipped and o.on not in out]


def _dates(rule: str, first: datetime) -> list[datetime]:
    try:
        read = rrulestr(rule, dtstart=first)
    except (ValueError, TypeError, KeyError) as error:
        raise _unread() from error
    frequency = next(
        (p[5:] for p in rule.upper().removeprefix("RRULE:").split(";") if p.startswith("FREQ=")), ""
    )
    if not isinstance(read, rrule) or frequency not in _PLAIN:
        raise _unread()
    found = list(islice(read, MOST + 1))
    if len(found) > MOST:
        raise Invalid(
            f"重复最多{MOST}次", hint="请设置结束日期或次数。", fields={"rule": f"重复最多{MOST}次"}
        )
    if not found:
        raise Invalid("这个重复规则没有任何日期", fields={"rule": "没有任何日期"})
    return found


def _moved(day: date, holidays: Holidays, taken: set[date], step: int) -> tuple[date | None, str]:
    """The day it takes place: a public holiday keeps, skips or shifts it by whole steps."""
    kind = day_kind(day)
    if not kind.holiday or holidays == "keep":
        return day, kind.holiday
    if holidays == "skip":
        return None, f"{kind.holiday}，跳过"
    later = day
    while day_kind(later).holiday or later in taken:
        later += timedelta(days=step)
    taken.add(later)
    return later, f"{kind.holiday}，顺延至{later.month}月{later.day}日"


def _unread() -> Invalid:
    return Invalid(
        "看不懂这个重复规则", hint="例如 FREQ=WEEKLY;INTERVAL=2;COUNT=4。", fields={"rule": "重复规则不正确"}
    )
