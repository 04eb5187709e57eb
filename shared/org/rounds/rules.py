"""Pure rules of a seasonal round: who is given which of the wanted times, and why.

Organisations take turns. In a turn each organisation that still has a wish that can be had is given exactly
one: the first of its own order (rank, then lot). In odd turns the organisation that used these venues least
in the past year begins, in even turns the one that came last. Equal use is decided by lot: a hash
of the round's seed and the organisation's code. Of the seed a hash is published when the round opens and the
seed itself with the result: nobody can choose it after the wishes are known, everybody can draw again.

What this promises: a wish that was not given met one given no later than the turn after the last in which its
organisation got something. So nobody is ahead of another by more than one where both wanted it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from shared.joint.rounds.lots import lot, order_of
from shared.kit.clock import CHINA

GIVEN, TAKEN, CLOSED, BOOKED = "given", "taken", "closed", "booked"
"""Given; somebody else's wish came first; the venue is not open; bookings stand at all of its times."""
PAST, RULE = "past", "rule"
"""It is over already; the venue's rule does not allow it: sharing, capacity, longest time."""
DAY = timedelta(days=1)
LONGEST = timedelta(days=190)


@dataclass(frozen=True)
class Time:
    """A hall (or places of it) for a time, what is kept free around it included."""

    hall: UUID
    first_place: int
    next_place: int | None
    start: datetime
    end: datetime

    def meets(self, other: "Time") -> bool:
        """Whether both cannot be had."""
        return (
            self.hall == other.hall
            and (other.next_place is None or self.first_place < other.next_place)
            and (self.next_place is None or other.first_place < self.next_place)
            and self.start < other.end
            and other.start < self.end
        )


@dataclass(frozen=True)
class Wanted:
    """One wish with the times that could be had when it was drawn; `why_none` when there are none."""

    id: UUID
    org: str
    rank: int
    times: tuple[Time, ...]
    why_none: str = CLOSED


@dataclass(frozen=True)
class Outcome:
    """What became of a wish: `turn` in which it was given, or `before` it the wish that was given."""

    wish: UUID
    fact: str
    turn: int = 0
    before: UUID | None = None


def draw(wanted: Sequence[Wanted], used: Mapping[str, float], seed: str) -> list[Outcome]:
    """Every wish with its outcome, in the order in which they were decided."""
    queues: dict[str, list[Wanted]] = {org: [] for org in order_of((w.org for w in wanted), used, seed)}
    for wish in sorted(wanted, key=lambda w: (w.rank, lot(seed, str(w.id)))):
        queues[wish.org].append(wish)
    given, out, turn = _Given(), list[Outcome](), 0
    while any(queues.values()):
        turn += 1
        for org in list(queues) if turn % 2 else reversed(list(queues)):
            out += _go(queues[org], given, turn)
    return out


def _go(queue: list[Wanted], given: "_Given", turn: int) -> list[Outcome]:
    """One organisation's go: wishes that cannot be had drop out until one can."""
    out = []
    while queue:
        wish = queue.pop(0)
        if not wish.times:
            out.append(Outcome(wish.id, wish.why_none))
        elif blocker := given.before(wish):
            out.append(Outcome(wish.id, TAKEN, before=blocker))
        else:
            given.add(wish)
            out.append(Outcome(wish.id, GIVEN, turn))
            break
    return out


class _Given:
    """What has been given, found by hall and day."""

    def __init__(self) -> None:
        self._at: dict[tuple[UUID, date], list[tuple[Time, UUID]]] = {}

    def add(self, wish: Wanted) -> None:
        for time in wish.times:
            for day in _days(time):
                self._at.setdefault((time.hall, day), []).append((time, wish.id))

    def before(self, wish: Wanted) -> UUID | None:
        """A given wish that one meets, or None."""
        for time in wish.times:
            for day in _days(time):
                for taken, who in self._at.get((time.hall, day), ()):
                    if time.meets(taken):
                        return who
        return None


def _days(time: Time) -> list[date]:
    first, last = time.start.date(), time.end.date()
    return [first + DAY * n for n in range((last - first).days + 1)]


def period_faults(
    first: date | None, last: date | None, closes: datetime | None, *, now: datetime
) -> dict[str, str]:
    """What is wrong with the period and the deadline, as far as they are known."""
    faults = deadline_faults(closes, first, now=now) if closes else {}
    if first and first <= now.astimezone(CHINA).date():
        faults["first"] = "从明天以后开始，最长约半年"
    if first and last and last < first:
        faults["last"] = "结束日期不能早于开始日期"
    if first and last and last - first > LONGEST:
        faults["last"] = "从明天以后开始，最长约半年"
    return faults


def deadline_faults(closes: datetime, first: date | None, *, now: datetime) -> dict[str, str]:
    """Wishes end in the future and before the period begins."""
    if now < closes and (first is None or closes.astimezone(CHINA).date() < first):
        return {}
    return {"closes_at": "截止时间应在现在之后、使用期间之前"}


def dates_of(weekday: int | None, on: date | None, first: date, last: date) -> list[date]:
    """The days a wish means: one date, or a weekday through the period."""
    if on is not None:
        return [on] if first <= on <= last else []
    return [d for n in range((last - first).days + 1) if (d := first + DAY * n).weekday() == weekday]
