"""Venues of an organisation: whole shareable state, newest version wins."""

from datetime import date
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, Field, model_validator

from shared.contracts.event import Event, event

Minute = Field(ge=0, le=1440, description="minutes after midnight in China")


class Hours(BaseModel):
    """Open from a minute of the day to another."""

    opens: int = Minute
    closes: int = Minute

    @model_validator(mode="after")
    def _forwards(self) -> "Hours":
        if self.opens >= self.closes:
            raise ValueError("关门时间应晚于开门时间")
        return self


class WeekdayHours(Hours):
    """The same on one weekday; Monday is 0."""

    weekday: int = Field(ge=0, le=6)


class OpenException(BaseModel):
    """Other hours (or none) from a day to a day, both included."""

    first: date
    last: date
    hours: tuple[Hours, ...] = ()
    reason: str = Field(default="", max_length=100)


class Opening(BaseModel):
    """When a venue is open. A weekend on which people work has Monday's hours."""

    weekly: tuple[WeekdayHours, ...] = ()
    holidays: Literal["closed", "as_sunday", "as_usual"] = "closed"
    exceptions: tuple[OpenException, ...] = ()


class Sharing(BaseModel):
    """Who may book, and how: the owner's rule."""

    share: Literal["own", "some", "all"] = Field(default="all", description="who may book")
    partners: tuple[str, ...] = Field(default=(), description="codes of organisations when `share` is some")
    approval: Literal["nobody", "others", "everybody"] = Field(
        default="others", description="whose bookings wait for approval"
    )
    notice_hours: int = Field(default=2, ge=0, le=24 * 60)
    horizon_days: int = Field(default=90, ge=1, le=730)
    longest_hours: int = Field(default=12, ge=1, le=24)
    quota_hours: int | None = Field(
        default=None, ge=1, le=744, description="hours a month for each other organisation"
    )
    buffer_before: int = Field(default=0, ge=0, le=240, description="minutes kept free before a booking")
    buffer_after: int = Field(default=0, ge=0, le=240, description="minutes kept free after a booking")
    grace_minutes: int | None = Field(
        default=None, ge=5, le=240, description="not checked in so long after the beginning: released"
    )
    pledge: str = Field(default="", max_length=200, description="service promised in return for the room")


@event("venue.changed.v1", owner="organisation", title="场地变动", says="有一处场地上线、调整或停用")
class VenueChanged(Event):
    """A venue was listed, changed or closed.

    A hall and its parts share `hall_id`; the hall takes every `place` of it (`place_to` absent = no end), a
    part takes one, so that two bookings exclude each other when hall and places meet.
    """

    venue_id: UUID
    version: int
    hall_id: UUID
    place_from: int
    place_to: int | None
    name: str
    names: tuple[str, ...] = Field(description="the hall's name before the part's")
    kind: str
    kind_title: str
    grade: str = ""
    cluster: str = ""
    capacity: int
    equipment: tuple[str, ...] = ()
    address: str
    district: str | None
    latitude: float | None = None
    longitude: float | None = None
    unit_id: UUID
    unit_names: tuple[str, ...]
    lead_org: str = Field(default="", description="organisation that leads where several have moved in")
    tenants: tuple[str, ...] = Field(default=(), description="organisations that have moved in")
    opening: Opening
    sharing: Sharing
    status: Literal["active", "closed"]
