"""When something is open on a day: weekly hours, what holidays do to them, dated exceptions, in minutes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from shared.contracts.venues import Opening, WeekdayHours
from shared.kit.calendar.workdays import day_kind
from shared.kit.clock import CHINA

DAY = 24 * 60
SUNDAY, MONDAY = 6, 0
STEP = 15
"""Minutes: bookings begin and end on quarters of an hour."""


@dataclass(frozen=True, order=True)
class Span:
    """From a minute of the day to another, the end not included."""

    opens: int
    closes: int

    @property
    def minutes(self) -> int:
        return self.closes - self.opens

    def on(self, day: date) -> tuple[datetime, datetime]:
        """The two instants on that day in China."""
        midnight = datetime.combine(day, time(), CHINA)
        return midnight + timedelta(minutes=self.opens), midnight + timedelta(minutes=self.closes)


def written(minute: int) -> str:
    """510 -> 8:30."""
    return f"{minute // 60}:{minute % 60:02}"


def open_spans(opening: Opening, day: date) -> list[Span]:
    """The open spans of the day, in order, merged."""
    for exception in opening.exceptions:
        if exception.first <= day <= exception.last:
            return merged(Span(h.opens, h.closes) for h in exception.hours)
    kind, weekday = day_kind(day), day.weekday()
    if kind.holiday and opening.holidays == "closed":
        return []
    if kind.holiday and opening.holidays == "as_sunday":
        weekday = SUNDAY
    elif kind.workday and kind.moved:
        weekday = MONDAY
    return merged(Span(h.opens, h.closes) for h in opening.weekly if h.weekday == weekday)


def merged(spans: Iterable[Span]) -> list[Span]:
    """The same minutes in as few spans as can be, in order."""
    out: list[Span] = []
    for span in sorted(spans):
        if out and span.opens <= out[-1].closes:
            out[-1] = Span(out[-1].opens, max(out[-1].closes, span.closes))
        elif span.minutes > 0:
            out.append(span)
    return out


def weekly_lines(weekly: Iterable[WeekdayHours]) -> list[tuple[int, int, str]]:
    """Weekdays that follow each other with equal hours: the first, the last, `8:30-12:00 14:00-21:00`."""
    hours, lines = list(weekly), list[tuple[int, int, str]]()
    for weekday in range(7):
        text = " ".join(f"{written(h.opens)}-{written(h.closes)}" for h in hours if h.weekday == weekday)
        if text and lines and lines[-1][1:] == (weekday - 1, text):
            lines[-1] = (lines[-1][0], weekday, text)
        elif text:
            lines.append((weekday, weekday, text))
    return lines


def is_open(opening: Opening, start: datetime, end: datetime) -> bool:
    """Whether all of it lies in one open span of one day (midnight counts as the end of the day before)."""
    here, there = start.astimezone(CHINA), end.astimezone(CHINA)
    midnight = datetime.combine(here.date(), time(), CHINA)
    wanted = Span(minutes(here - midnight), minutes(there - midnight))
    return wanted.closes <= DAY and any(
        s.opens <= wanted.opens and wanted.closes <= s.closes for s in open_spans(opening, here.date())
    )


def span_on(day: date, low: datetime, high: datetime) -> Span:
    """The minutes of that day between two instants, cut at midnight."""
    midnight = datetime.combine(day, time(), CHINA)
    opens, closes = minutes(low - midnight), minutes(high - midnight)
    return Span(min(DAY, max(0, opens)), max(0, min(DAY, closes)))


def first_fit(opening: Opening, day: date, length: int, taken: Iterable[Span], window: Span) -> int | None:
    """The first quarter of an hour at which so many minutes are open and free within the window."""
    for span in free_in(open_spans(opening, day), taken):
        begins = -(-max(span.opens, window.opens) // 15) * 15
        if begins + length <= min(span.closes, window.closes):
            return begins
    return None


def free_in(spans: Sequence[Span], busy: Iterable[Span]) -> list[Span]:
    """What is left of the open spans without the busy minutes."""
    left = list(spans)
    for taken in merged(busy):
        cut: list[Span] = []
        for span in left:
            parts = (
                Span(span.opens, min(span.closes, taken.opens)),
                Span(max(span.opens, taken.closes), span.closes),
            )
            cut += [p for p in parts if p.minutes > 0] if _touch(span, taken) else [span]
        left = cut
    return left


def minutes(passed: timedelta) -> int:
    """Whole minutes."""
    return int(passed.total_seconds() // 60)


def _touch(a: Span, b: Span) -> bool:
    return a.opens < b.closes and b.opens < a.closes
