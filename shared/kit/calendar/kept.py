"""Rows of a week grid as they were written, for as long as nothing they show has changed.

A page of twenty venues with thirty bookings each is some 600 entries: to write them anew takes many times as
long as to ask the database whether any has changed. Every change of a venue or a booking raises its version,
and versions are part of the stamp: nothing old is ever shown, and nothing has to be told to this store.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass

from shared.kit import clock
from shared.kit.calendar.openings import STEP

MOST = 1_000
"""Rows of one process, some 10 KB each."""
HERE = "\0"
"""Stands in a kept row for the address of the page it is printed on: no text of a database holds it."""
Look = Callable[[str], Hashable]
"""By a venue's id, what its row is written with beside what is in it: language, addresses, what is picked."""


@dataclass(frozen=True)
class Written:
    """A row as it goes out; `marks`: names and colours of whose bookings stand in it."""

    content: bytes
    marks: tuple[tuple[str, str], ...] = ()


def just_written(row: str) -> Written:
    """One that is not kept."""
    return Written(row.encode())


class KeptRows:
    """The rows used last, by what they were made of."""

    def __init__(self, most: int = MOST) -> None:
        self.most = most
        self._rows: OrderedDict[Hashable, Written] = OrderedDict()

    def __len__(self) -> int:
        return len(self._rows)

    def get(self, stamp: Hashable) -> Written | None:
        """The row written for this stamp, if it is still here."""
        if stamp in self._rows:
            self._rows.move_to_end(stamp)
        return self._rows.get(stamp)

    def keep(self, stamp: Hashable, row: str, marks: tuple[tuple[str, str], ...] = ()) -> Written:
        """The same row, from now on known."""
        written = self._rows[stamp] = Written(row.encode(), marks)
        if len(self._rows) > self.most:
            self._rows.popitem(last=False)
        return written


def quarter() -> int:
    """Part of every stamp: what has passed and what can be booked changes with the quarter of an hour."""
    return int(clock.now().timestamp()) // (STEP * 60)
