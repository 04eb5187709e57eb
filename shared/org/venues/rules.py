"""Pure rules of venues: reading opening hours as people write them, who may book when."""

import re
from collections.abc import Iterable
from datetime import datetime, timedelta

from shared.contracts.venues import Hours, Opening, Sharing, WeekdayHours
from shared.kit.calendar import STEP, is_open, weekly_lines
from shared.kit.clock import CHINA
from shared.kit.errors import Invalid, Refused
from shared.org.venues.titles import DAYS, DAYS_EN, WEEKDAYS

_LINE = re.compile(
    r"^(?:周|星期)([一二三四五六日天])(?:(?:至|到|-|—|－)(?:周|星期)?([一二三四五六日天]))?[\s：:]*(.+)$"
)
_ENGLISH = re.compile(
    r"^({0})[a-z]*(?:\s*(?:to|-|—|–)\s*({0})[a-z]*)?[\s：:]*(.+)$".format("|".join(DAYS_EN)), re.IGNORECASE
)
_HOURS = re.compile(r"(\d{1,2})[:：](\d{2})\s*(?:-|—|–|至|到|~)+\s*(\d{1,2})[:：](\d{2})")


def read_hours(text: str) -> tuple[WeekdayHours, ...]:
    """`周一至周五 8:30-12:00 14:00-21:00` or `Mon to Fri 8:30-12:00`, some days a line.

    Invalid says which line is not clear.
    """
    out: list[WeekdayHours] = []
    for line in filter(None, (line.strip() for line in text.splitlines())):
        found = _LINE.match(line) or _ENGLISH.match(line)
        spans = _HOURS.findall(found[3]) if found else []
        if not found or not spans or _HOURS.sub("", found[3]).strip(" ,，、;；和及"):
            raise _unread(line)
        first = _weekday(found[1])
        last = _weekday(found[2]) if found[2] else first
        for weekday in range(first, last + 1) if first <= last else ():
            out += [_hours(line, weekday, span) for span in spans]
        if first > last:
            raise _unread(line)
    return tuple(out)


def written_hours(weekly: Iterable[WeekdayHours], *, english: bool = False) -> str:
    """The same hours as text, days with equal hours together."""
    days, to = (DAYS_EN, " to ") if english else (DAYS, "至")
    return "\n".join(
        f"{days[first]}{f'{to}{days[last]}' if last > first else ''} {spans}"
        for first, last, spans in weekly_lines(weekly)
    )


def refuse_backwards(start: datetime, end: datetime) -> None:
    """Invalid when the end is not after the start: no database has a range for it."""
    if start >= end:
        raise Invalid("结束时间应晚于开始时间", fields={"closes": "应晚于开始时间"})


def refuse_booking(
    opening: Opening, sharing: Sharing, *, mine: bool, org: str, start: datetime, end: datetime, now: datetime
) -> None:
    """Refused when the venue's rule does not allow it; `mine`: the owner's own staff ask."""
    refuse_backwards(start, end)
    if start.minute % STEP or end.minute % STEP or start.second or end.second:
        raise Invalid(f"请按{STEP}分钟的整倍数选择起止时间", fields={"start": "起止时间不正确"})
    if sharing.share == "own" and not mine:
        raise Refused("这个场地只供本单位使用")
    if sharing.share == "some" and not mine and org not in sharing.partners:
        raise Refused("这个场地没有对您的组织开放")
    if end - start > timedelta(hours=sharing.longest_hours):
        raise Refused(f"一次最长可订{sharing.longest_hours}小时")
    if start < now + timedelta(hours=0 if mine else sharing.notice_hours):
        raise Refused("已经过了开始时间" if mine else f"须提前{sharing.notice_hours}小时预订")
    if start > now + timedelta(days=sharing.horizon_days):
        raise Refused(f"最多可提前{sharing.horizon_days}天预订")
    if not is_open(opening, start, end):
        day = start.astimezone(CHINA)
        raise Refused(f"{day.month}月{day.day}日的这个时段不开放", hint="请按开放时间选择，或另选一天。")


def needs_approval(sharing: Sharing, *, mine: bool) -> bool:
    """Whether such a booking waits for somebody of the owner."""
    return sharing.approval == "everybody" or (sharing.approval == "others" and not mine)


def _hours(line: str, weekday: int, span: tuple[str, str, str, str]) -> WeekdayHours:
    opens, closes = int(span[0]) * 60 + int(span[1]), int(span[2]) * 60 + int(span[3])
    if not 0 <= opens < closes <= 24 * 60 or int(span[1]) > 59 or int(span[3]) > 59:
        raise _unread(line)
    return WeekdayHours(weekday=weekday, **Hours(opens=opens, closes=closes).model_dump())


def _weekday(day: str) -> int:
    if day.isascii():
        return DAYS_EN.index(day.title())
    return 6 if day == "天" else WEEKDAYS.index(day)


def _unread(line: str) -> Invalid:
    said = f"看不懂“{line[:40]}”"
    return Invalid(said, hint="请按“周一至周五 8:30-12:00 14:00-21:00”的样式填写。", fields={"hours": said})
