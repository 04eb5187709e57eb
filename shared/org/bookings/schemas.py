"""What enters and leaves by the API of bookings."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from shared.contracts.bookings import Alternative
from shared.kit.types import Day, FreeText200, Int64, Moment, Text60, Text200
from shared.org.bookings.models import Booking, BookingChange, Series, Waiter
from shared.org.bookings.series import Preview

People = Annotated[int, Field(ge=0, le=100_000)]


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class BookingIn(_In):
    """One venue for one time."""

    venue_id: UUID
    start: Moment
    end: Moment
    title: Text60
    people: People = 0


class BookingMove(_In):
    """Another time, perhaps another venue."""

    start: Moment
    end: Moment
    venue_id: UUID | None = None
    version: Int64


class BookingEdit(_In):
    """What it is for and how many come."""

    title: Text60
    people: People = 0
    version: Int64


class Why(_In):
    """A reason somebody else will read."""

    reason: Text200


class WhyNot(_In):
    """A reason that may be left out."""

    reason: FreeText200 = ""


class Elsewhere(_In):
    """A date that takes place at another venue."""

    on: Day
    venue_id: UUID


class SeriesIn(BookingIn):
    """The same again and again."""

    rule: Text200
    holidays: Literal["keep", "skip", "shift"] = "shift"
    left_out: Annotated[tuple[Day, ...], Field(max_length=104)] = ()
    elsewhere: Annotated[tuple[Elsewhere, ...], Field(max_length=104)] = ()


class DatesOut(_In):
    """Dates to take out of a series."""

    dates: Annotated[tuple[Day, ...], Field(min_length=1, max_length=104)]
    reason: FreeText200 = ""


class DateBack(_In):
    """A date to book again, here or elsewhere."""

    on: Day
    venue_id: UUID | None = None


class BookingOut(BaseModel):
    """One booking."""

    id: UUID
    version: int
    venue_id: UUID
    start: datetime
    end: datetime
    status: str
    title: str
    people: int
    org: str
    office: str
    staff_name: str
    series_id: UUID | None
    series_on: date | None
    request_id: UUID | None
    reason: str
    decided_by: str
    checked_in_at: datetime | None

    @staticmethod
    def of(booking: Booking) -> "BookingOut":
        """As the API shows it."""
        given = {name: getattr(booking, name) for name in BookingOut.model_fields}
        return BookingOut(**given)


class ChangeOut(BaseModel):
    """One line of the history."""

    model_config = ConfigDict(from_attributes=True)

    at: datetime
    fact: str
    actor: str
    reason: str

    @staticmethod
    def of(change: BookingChange) -> "ChangeOut":
        """As the API shows it."""
        return ChangeOut.model_validate(change)


class BookingDetail(BookingOut):
    """One booking with its history."""

    history: list[ChangeOut]


class BookingList(BaseModel):
    """Some bookings."""

    items: list[BookingOut]


class PreviewOut(BaseModel):
    """One date of a series before it is booked."""

    on: date
    start: datetime
    end: datetime
    note: str
    skipped: bool
    problem: str
    approval: bool
    alternatives: tuple[Alternative, ...]

    @staticmethod
    def of(seen: Preview) -> "PreviewOut":
        """As the API shows it."""
        each = seen.occurrence
        return PreviewOut(
            on=each.on, start=each.start, end=each.end, note=each.note, skipped=each.skipped,
            problem=seen.problem,
            approval=seen.approval, alternatives=seen.alternatives,
        )  # fmt: skip


class PreviewList(BaseModel):
    """Every date of a series."""

    items: list[PreviewOut]


class SeriesOut(BaseModel):
    """A series with its bookings."""

    id: UUID
    venue_id: UUID
    rule: str
    holidays: str
    title: str
    left_out: list[str]
    needed_at: datetime | None
    bookings: list[BookingOut]

    @staticmethod
    def of(series: Series, bookings: list[Booking]) -> "SeriesOut":
        """As the API shows it."""
        given = {n: getattr(series, n) for n in SeriesOut.model_fields if n != "bookings"}
        return SeriesOut(**given, bookings=[BookingOut.of(b) for b in bookings])


class WaiterOut(BaseModel):
    """A place on the waiting list."""

    id: UUID
    venue_id: UUID
    start: datetime
    end: datetime
    title: str
    status: str
    booking_id: UUID | None

    @staticmethod
    def of(waiter: Waiter) -> "WaiterOut":
        """As the API shows it."""
        assert waiter.during.lower is not None
        assert waiter.during.upper is not None
        return WaiterOut(
            id=waiter.id, venue_id=waiter.venue_id, start=waiter.during.lower, end=waiter.during.upper,
            title=waiter.title, status=waiter.status, booking_id=waiter.booking_id,
        )  # fmt: skip


class FreeSlot(BaseModel):
    """A venue with its longest free time on a day."""

    venue_id: UUID
    name: str
    capacity: int
    district: str | None
    start: datetime
    end: datetime


class FreeSlots(BaseModel):
    """Venues that fit, the best first."""

    items: list[FreeSlot]
