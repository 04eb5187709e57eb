"""Bookings: whole shareable state as the owner decided it, and what others may ask the owner."""

from datetime import date
from typing import Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field

from shared.contracts.event import Event, event

HOLD, CONFIRM, RELEASE = "bookings.hold", "bookings.confirm", "bookings.release"
Status = Literal["held", "waiting", "confirmed", "refused", "cancelled", "expired", "released"]


class Booker(BaseModel):
    """On whose behalf a booking is asked for."""

    org: str = Field(pattern=r"^[a-z][a-z0-9_]{1,31}$")
    office: str = Field(default="", max_length=100)
    staff_name: str = Field(max_length=60)
    staff_id: UUID | None = None
    org_name: str = Field(default="", max_length=60, description="as the owner's calendar shows it")
    letter: str = Field(default="", max_length=2)
    palette: str = Field(default="", max_length=20)


class Wanted(BaseModel):
    """One venue for one time; `booking_id` is the asker's choice, so that asking twice is asking once."""

    booking_id: UUID
    venue_id: UUID
    start: AwareDatetime
    end: AwareDatetime


class HoldRequest(BaseModel):
    """Hold all of these venues of one owner, or none, until confirmed; a hold ends by itself."""

    request_id: UUID
    booker: Booker
    title: str = Field(min_length=1, max_length=100)
    people: int = Field(default=0, ge=0, le=100_000)
    seconds: int = Field(default=60, ge=5, le=3600)
    wanted: tuple[Wanted, ...] = Field(min_length=1, max_length=60)


class Alternative(BaseModel):
    """Another venue or another time that is free now."""

    venue_id: UUID
    venue_name: str
    start: AwareDatetime
    end: AwareDatetime


class Trouble(BaseModel):
    """Why one of the wanted cannot be had, and what could be instead."""

    booking_id: UUID
    reason: str
    alternatives: tuple[Alternative, ...] = ()


class BookingState(BaseModel):
    """How one booking stands at its owner."""

    booking_id: UUID
    status: Status
    reason: str = ""


class HoldAnswer(BaseModel):
    """All held (`troubles` empty), or none and why."""

    bookings: tuple[BookingState, ...] = ()
    troubles: tuple[Trouble, ...] = ()


class SettleRequest(BaseModel):
    """Confirm the holds of a request, or let go of whatever it has."""

    request_id: UUID
    booker: Booker
    reason: str = Field(default="", max_length=200)


class SettleAnswer(BaseModel):
    """How the request's bookings stand now; `settled` tells whether what was asked was done."""

    settled: bool
    bookings: tuple[BookingState, ...]


@event("booking.changed.v1", owner="organisation", title="预订变动", says="有一项预订提出、决定、改期或结束")
class BookingChanged(Event):
    """A booking was asked for, decided, moved or ended; the owner's word is the only one."""

    booking_id: UUID
    version: int
    venue_id: UUID
    hall_id: UUID
    place_from: int
    place_to: int | None
    start: AwareDatetime
    end: AwareDatetime
    busy_from: AwareDatetime
    busy_to: AwareDatetime
    status: Status
    purpose: str = Field(description="what it is for, as shown in the calendar")
    org: str = Field(description="whose staff booked")
    office: str = ""
    people: int = 0
    request_id: UUID | None = None
    series_id: UUID | None = None
    reason: str = ""
    decided_by: str = ""


FREE, ASK, LOOK = "venues.free", "venues.ask", "venues.look"
"""What an organisation's own service asks of the hub for its staff: venues of the others."""


class FreeRequest(BaseModel):
    """Venues of all organisations that are free long enough on a day."""

    day: date
    minutes: int = Field(default=120, ge=15, le=1440)
    people: int = Field(default=0, ge=0, le=100_000)
    district: str = Field(default="", max_length=100)


class FreeVenue(BaseModel):
    """One of them, with the first time that fits."""

    venue_id: UUID
    owner: str
    owner_name: str
    letter: str
    palette: str
    name: str
    address: str
    capacity: int
    start: AwareDatetime
    end: AwareDatetime


class FreeAnswer(BaseModel):
    """The best first."""

    venues: tuple[FreeVenue, ...]


class AskRequest(BaseModel):
    """Ask the owners for all of these on behalf of the asking organisation's staff."""

    request_id: UUID
    booker: Booker
    title: str = Field(min_length=1, max_length=60)
    people: int = Field(default=0, ge=0, le=100_000)
    wanted: tuple[Wanted, ...] = Field(min_length=1, max_length=20)


class LookRequest(BaseModel):
    """How requests of one member of staff stand."""

    staff_id: UUID


class Asked(BaseModel):
    """One request as it stands; `asking` may mean that an owner is away."""

    request_id: UUID
    title: str
    status: str
    reason: str
    venues: tuple[str, ...]
    start: AwareDatetime


class AskedList(BaseModel):
    """The newest first."""

    requests: tuple[Asked, ...]
