"""The booking panel: what is typed, whether it can be had, and booking it once or again and again."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from shared.kit.clock import CHINA
from shared.kit.errors import Invalid
from shared.kit.staff import Staff
from shared.org.bookings.rules import Holidays
from shared.org.bookings.series import Preview, Repeat, preview
from shared.org.bookings.service import Ask, own_booker
from shared.org.kit import OrgKit

REPEATS = {
    "": "不重复", "daily": "每天", "weekly": "每周", "fortnightly": "隔周", "monthly": "每月",
}  # fmt: skip
HOLIDAYS = {"shift": "遇节假日顺延", "skip": "遇节假日跳过", "keep": "节假日照常"}
_RULES = {"": "FREQ=DAILY", "daily": "FREQ=DAILY", "weekly": "FREQ=WEEKLY",
          "fortnightly": "FREQ=WEEKLY;INTERVAL=2",
          "monthly": "FREQ=MONTHLY"}  # fmt: skip


@dataclass(frozen=True)
class Typed:
    """What stands in the panel."""

    venue: UUID
    day: date | None
    opens: str
    closes: str
    title: str = ""
    people: int = 0
    repeat: str = ""
    times: int = 1
    holidays: str = "shift"
    left_out: tuple[date, ...] = ()

    @property
    def repeats(self) -> bool:
        return bool(self.repeat) and self.times > 1


def moments(typed: Typed) -> tuple[datetime, datetime]:
    """Beginning and end; Invalid says which field is wrong. 0:00 and 24:00 end the day."""
    if typed.day is None:
        raise Invalid("请选择日期", fields={"day": "请选择日期"})
    found = []
    for name, text in (("opens", typed.opens), ("closes", typed.closes)):
        try:
            hour, minute = (int(part) for part in text.split(":")[:2])
            whole = timedelta(days=name == "closes" and (hour, minute) in ((0, 0), (24, 0)))
            found.append(datetime.combine(typed.day, time(0 if whole else hour, minute), CHINA) + whole)
        except ValueError:
            raise Invalid("请填写时间", fields={name: "请按 9:00 的样式填写"}) from None
    return found[0], found[1]


def ask_of(org: OrgKit, staff: Staff, typed: Typed) -> Ask:
    """The wish as one booking."""
    start, end = moments(typed)
    if not typed.title:
        raise Invalid("请填写活动名称", fields={"title": "请填写活动名称"})
    who = own_booker(org, staff.office[:100], staff.name[:60], staff.id)
    return Ask(typed.venue, start, end, typed.title, who, typed.people)


def repeat_of(org: OrgKit, staff: Staff, typed: Typed) -> Repeat:
    """The wish as a series (of one, when it does not repeat)."""
    start, end = moments(typed)
    holidays: Holidays = (
        "keep" if typed.holidays == "keep" or not typed.repeats else _holidays(typed.holidays)
    )
    times = typed.times if typed.repeats else 1
    return Repeat(
        venue_id=typed.venue,
        start=start,
        end=end,
        rule=f"{_RULES.get(typed.repeat, 'FREQ=WEEKLY')};COUNT={min(max(times, 1), 104)}",
        holidays=holidays,
        title=typed.title,
        booker=own_booker(org, staff.office[:100], staff.name[:60], staff.id),
        people=typed.people,
        left_out=frozenset(typed.left_out),
    )


async def looked_at(session: AsyncSession, org: OrgKit, staff: Staff, typed: Typed) -> list[Preview]:
    """Each date of the wish as it would stand now."""
    return await preview(session, org, repeat_of(org, staff, typed))


def _holidays(text: str) -> Holidays:
    return "skip" if text == "skip" else "shift"
