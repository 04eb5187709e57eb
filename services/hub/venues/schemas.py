"""What enters and leaves by the API of shared venues."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.hub.venues.models import BookingRequest, RequestItem
from shared.kit.types import FreeText200, Moment, Text60


class WishIn(BaseModel):
    """One venue for one time."""

    model_config = ConfigDict(extra="forbid")

    venue_id: UUID
    start: Moment
    end: Moment


class RequestIn(BaseModel):
    """All of these or none."""

    model_config = ConfigDict(extra="forbid")

    title: Text60
    people: Annotated[int, Field(ge=0, le=100_000)] = 0
    org: Annotated[str, Field(max_length=32)] = ""
    venues: Annotated[tuple[WishIn, ...], Field(min_length=1, max_length=20)]


class Cancelling(BaseModel):
    """Why it is not needed any more."""

    model_config = ConfigDict(extra="forbid")

    reason: FreeText200 = ""


class ItemOut(BaseModel):
    """One venue of a request."""

    booking_id: UUID
    owner: str
    venue_id: UUID
    venue_name: str
    start: datetime
    end: datetime
    status: str
    reason: str


class RequestOut(BaseModel):
    """A request as it stands: `asking` may mean that an owner is away, never that anything is booked."""

    id: UUID
    status: str
    title: str
    org: str
    reason: str
    troubles: list[dict[str, Any]]
    items: list[ItemOut]

    @staticmethod
    def of(request: BookingRequest, items: list[RequestItem]) -> "RequestOut":
        """As the API shows it."""
        shown = []
        for item in items:
            assert item.during.lower is not None
            assert item.during.upper is not None
            shown.append(
                ItemOut(
                    booking_id=item.booking_id, owner=item.owner, venue_id=item.venue_id,
                    venue_name=item.venue_name,
                    start=item.during.lower, end=item.during.upper, status=item.status, reason=item.reason,
                )
            )  # fmt: skip
        return RequestOut(
            id=request.id, status=request.status, title=request.title, org=request.org, reason=request.reason,
            troubles=request.troubles, items=shown,
        )  # fmt: skip


class FreeOut(BaseModel):
    """A venue with a time that fits."""

    model_config = ConfigDict(from_attributes=True)

    venue_id: UUID
    org: str
    name: str
    address: str
    capacity: int
    district: str | None
    start: datetime
    end: datetime
    distance: float | None


class FreeList(BaseModel):
    """Venues that fit, the best first."""

    items: list[FreeOut]


class BookedOut(BaseModel):
    """A booking as its owner decided it."""

    booking_id: UUID
    owner: str
    venue_id: UUID
    start: datetime
    end: datetime
    status: str
    version: int


class BookedList(BaseModel):
    """Bookings of some days, for programs and for comparing the hub with the owners."""

    items: list[BookedOut]
