"""What enters and leaves by the API of venues."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from shared.contracts.venues import OpenException, Opening, Sharing
from shared.kit.types import FreeText200, Int64, Text60, Text200
from shared.org.venues.titles import FUNCTIONS, HAVES, SERVICES

OrgCode = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]{1,30}$")]
Latitude = Annotated[float, Field(ge=-90, le=90)]
Longitude = Annotated[float, Field(ge=-180, le=180)]
Words = Annotated[tuple[Text60, ...], Field(max_length=40)]


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class VenueIn(_In):
    """All a venue's keeper may say of it."""

    name: Text60
    kind: Text60
    level: Literal["", "city", "district", "subdistrict", "community"] = ""
    grade: FreeText200 = ""
    cluster: FreeText200 = ""
    capacity: int = Field(ge=1, le=100_000)
    equipment: Words = ()
    address: Text200
    latitude: Latitude | None = None
    longitude: Longitude | None = None
    functions: tuple[Literal[tuple(FUNCTIONS)], ...] = ()  # type: ignore[valid-type]
    services: tuple[Literal[tuple(SERVICES)], ...] = ()  # type: ignore[valid-type]
    staffing: Literal["", "one_three_n", "lead_eight"] = ""
    lead_org: OrgCode | Literal[""] = ""
    tenants: Annotated[tuple[OrgCode, ...], Field(max_length=8)] = ()
    opening: Opening = Opening()
    sharing: Sharing = Sharing()


class NewVenue(VenueIn):
    """A venue of a unit, or a part of a hall (then it belongs to the hall's unit)."""

    unit_id: UUID
    hall_id: UUID | None = None


class VenueChange(VenueIn):
    """Everything anew; `version` is the one that was read."""

    version: Int64


class VenueClose(_In):
    """The end of a venue."""

    reason: Text200
    version: Int64


class Inspection(_In):
    """What an inspection of the seven found."""

    found: dict[Literal[tuple(HAVES)], bool]  # type: ignore[valid-type]
    note: FreeText200 = ""
    version: Int64


class ExceptionIn(OpenException):
    """Other hours for some days."""

    version: Int64


class VenueOut(BaseModel):
    """One venue."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    hall_id: UUID
    unit_id: UUID
    name: str
    kind: str
    level: str
    grade: str
    cluster: str
    capacity: int
    equipment: list[str]
    address: str
    district: str | None
    latitude: float | None
    longitude: float | None
    functions: list[str]
    services: list[str]
    staffing: str
    lead_org: str
    tenants: list[str]
    haves: dict[str, Any]
    opening: Opening
    sharing: Sharing
    status: str
    version: int
    changed_at: datetime


class VenueList(BaseModel):
    """Some venues."""

    items: list[VenueOut]
