"""One row of a week grid: a day in three parts, what stands in them, which are free."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Literal

from shared.kit import clock
from shared.kit.calendar.kept import Written, just_written
from shared.kit.calendar.openings import DAY, STEP, Span, free_in, minutes
from shared.kit.calendar.workdays import DayKind, day_kind
from shared.kit.clock import CHINA

NOON, EVENING = 12 * 60, 18 * 60
PARTS = (("上午", Span(0, NOON)), ("下午", Span(NOON, EVENING)), ("晚上", Span(EVENING, DAY)))
SHORTEST = 30
"""Minutes a free part must have to be offered."""


@dataclass(frozen=True)
class Entry:
    """Something that stands in the grid; `busy_from` and `busy_to` include what is needed around it."""

    start: datetime
    end: datetime
    title: str
    palette: str
    letter: str
    who: str
    href: str = ""
    waiting: bool = False
    busy_from: datetime | None = None
    busy_to: datetime | None = None

    @property
    def clock(self) -> str:
        """9:00, when it begins in China."""
        here = self.start.astimezone(CHINA)
        return f"{here.hour}:{here.minute:02}"

    def span(self, day: date, *, around: bool = False) -> Span:
        """Its minutes on that day, cut at midnight; `around`: with what is needed before and after."""
        midnight = datetime.combine(day, time(), CHINA)
        start = (self.busy_from or self.start) if around else self.start
        end = (self.busy_to or self.end) if around else self.end
        return Span(max(0, minutes(start - midnight)), min(DAY, minutes(end - midnight)))


@dataclass(frozen=True)
class Slot:
    """A part of the day, or several that one entry fills. `offer` are the free minutes a click books;
    `past`: nothing stands in it, and it is too late, or too soon, to book it.
    """

    state: Literal["busy", "free", "past", "shut"]
    part: str
    parts: int = 1
    entries: tuple[Entry, ...] = ()
    offer: Span | None = None

    @property
    def hours(self) -> str:
        """9:00—12:00, what is offered."""
        return (
            "—".join(f"{m // 60}:{m % 60:02}" for m in (self.offer.opens, self.offer.closes))
            if self.offer
            else ""
        )


@dataclass(frozen=True)
class Begin:
    """When a booking may begin, from now: not before `notice`, not after `horizon`."""

    notice: timedelta = timedelta()
    horizon: timedelta = timedelta(days=36_500)

    def on(self, day: date) -> Span:
        """The first and the last minute of the day, both included; none when the last is before the first."""
        midnight, now = datetime.combine(day, time(), CHINA), clock.now()
        first, last = minutes(now + self.notice - midnight), minutes(now + self.horizon - midnight)
        return Span(0 if first < 0 else -(-(first + 1) // STEP) * STEP, min(DAY, last))


@dataclass(frozen=True)
class GridDay:
    """A column of the grid."""

    day: date
    kind: DayKind
    today: bool
    past: bool


@dataclass(frozen=True)
class GridRow:
    """A row of the grid: where it is, how many fit in, what is there, its slots; `use` is a percentage.

    `keep` takes what a page wrote for it, to be known from now on, and gives it back.
    `marks` are those of `Written`.
    """

    key: str
    name: str
    href: str
    letter: str
    palette: str
    owner: str
    place: str
    people: int
    things: tuple[str, ...]
    cells: tuple[tuple[Slot, ...], ...]
    use: int = 0
    keep: Callable[[str], Written] = just_written
    marks: tuple[tuple[str, str], ...] = ()


def grid_days(first: date, number: int) -> list[GridDay]:
    """So many columns from a day on."""
    today = clock.today()
    days = [first + timedelta(days=n) for n in range(number)]
    return [GridDay(d, day_kind(d), d == today, d < today) for d in days]


def use_of(cells: Iterable[Iterable[Slot]]) -> int:
    """How many percent of the open parts are taken."""
    slots = [s for cell in cells for s in cell]
    busy = sum(s.parts for s in slots if s.state == "busy")
    return round(100 * busy / max(1, busy + sum(s.state in ("free", "past") for s in slots)))


def monday_of(day: date) -> date:
    """The Monday of that day's week."""
    return day - timedelta(days=day.weekday())


def day_slots(
    day: date, opened: Sequence[Span], entries: Sequence[Entry], begin: Begin | None = None
) -> list[Slot]:
    """The parts of a day from morning to evening; what is offered begins as `begin` says, else any time."""
    spans = [(e, span) for e in entries if (span := e.span(day)).minutes > 0]
    spans.sort(key=lambda each: each[0].start)
    in_part = [tuple(e for e, span in spans if _meet(span, part)) for _, part in PARTS]
    free = free_in(opened, [e.span(day, around=True) for e, _ in spans])
    slots, begins = list[Slot](), (begin or Begin()).on(day)
    for (title, part), inside in zip(PARTS, in_part, strict=True):
        if slots and len(inside) == 1 and slots[-1].entries == inside:
            slots[-1] = Slot("busy", slots[-1].part, slots[-1].parts + 1, inside)
        elif inside:
            slots.append(Slot("busy", title, entries=inside))
        else:
            slots.append(_empty(title, part, opened, free, begins))
    return slots


def _empty(title: str, part: Span, opened: Sequence[Span], free: Sequence[Span], begins: Span) -> Slot:
    offers = [s for s in (_within(span, part) for span in free) if s.minutes >= SHORTEST]
    if offers:
        late = (Span(max(s.opens, begins.opens), s.closes) for s in offers)
        soon = (s for s in late if s.opens <= begins.closes)
        longest = max(soon, key=lambda s: s.minutes, default=Span(0, 0))
        return Slot("free", title, offer=longest) if longest.minutes >= SHORTEST else Slot("past", title)
    shut = not any(_meet(span, part) for span in opened)
    return Slot("shut" if shut else "busy", title)


def _within(span: Span, part: Span) -> Span:
    return Span(max(span.opens, part.opens), min(span.closes, part.closes))


def _meet(a: Span, b: Span) -> bool:
    return a.opens < b.closes and b.opens < a.closes
