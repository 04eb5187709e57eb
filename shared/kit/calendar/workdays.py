"""Working days in China: the State Council's notice where known, weekends and the law's fixed days beyond.

The notice for a year comes each November. Until it is in the package a day of that year is `provisional`.
"""

from dataclasses import dataclass
from datetime import date
from functools import lru_cache

import chinese_calendar

FIXED = {
    (1, 1): "元旦", (5, 1): "劳动节", (5, 2): "劳动节",
    (10, 1): "国庆节", (10, 2): "国庆节", (10, 3): "国庆节",
}  # fmt: skip
"""《全国年节及纪念日放假办法》(2024): the holidays that need no lunar calendar."""
_NAMES = {
    "New Year's Day": "元旦", "Spring Festival": "春节", "Tomb-sweeping Day": "清明节",
    "Labour Day": "劳动节", "Dragon Boat Festival": "端午节",
    "National Day": "国庆节", "Mid-autumn Festival": "中秋节",
}  # fmt: skip


@dataclass(frozen=True)
class DayKind:
    """What a day is. `moved`: a weekend on which people work, or a weekday off in its place."""

    workday: bool
    holiday: str = ""
    moved: bool = False
    provisional: bool = False

    @property
    def mark(self) -> str:
        """休 on days off, 班 on a weekend on which people work, nothing on a plain working day."""
        if not self.workday:
            return "休"
        return "班" if self.moved else ""


@lru_cache(maxsize=4096)
def day_kind(day: date) -> DayKind:
    """The kind of any day; it never fails."""
    weekend = day.weekday() >= 5
    try:
        off, name = chinese_calendar.get_holiday_detail(day)
    except NotImplementedError:
        fixed = FIXED.get((day.month, day.day), "")
        return DayKind(workday=not weekend and not fixed, holiday=fixed, provisional=True)
    if not off:
        return DayKind(workday=True, moved=weekend)
    return DayKind(workday=False, holiday=_NAMES.get(str(name), ""))
