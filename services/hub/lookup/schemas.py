"""What a lookup asks and answers; the query's own text is never part of an answer."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.hub.lookup.rules import Kind
from services.hub.persons import Affiliated
from shared.kit.types import OptionalText60, OptionalText200, SearchText, Slug

Standing = Literal["active", "retained", "pending", "left"]


class Ask(BaseModel):
    """A lookup: what is looked for and why. `reason` is needed where the purpose says so."""

    model_config = ConfigDict(json_schema_extra={"example": {"text": "王小明", "purpose": "joint_activity"}})

    text: SearchText = Field(repr=False)
    purpose: Slug
    reason: OptionalText200 = None
    understood_as: Kind | None = None


class Narrow(BaseModel):
    """Filters of a result."""

    org: OptionalText60 = None
    many: bool = False
    district: OptionalText60 = None
    standing: Standing | None = None


class Badge(BaseModel):
    """One organisation as a person's row shows it: on its roll (`in`), once (`out`) or never (`none`)."""

    org: str
    state: Literal["in", "out", "none"]


class Found(BaseModel):
    """One person of a result, masked."""

    id: UUID
    name: str
    spoken: str
    sex: str | None
    age_band: str
    phone_mask: str | None
    identity_mask: str | None
    district: str | None
    unit: str
    role: str
    records: int
    standing: str
    standing_title: str
    badges: list[Badge]


class FacetCounts(BaseModel):
    """Numbers beside the filters; empty when more match than are counted."""

    orgs: dict[str, int]
    many: int
    districts: dict[str, int]
    standings: dict[str, int]


class AsOf(BaseModel):
    """How old the data of one organisation is."""

    org: str
    name: str
    event_at: datetime | None
    state: Literal["live", "behind", "away"]
    lag_seconds: float | None


class Result(BaseModel):
    """One page of a lookup. `total` is counted up to 1,000; `capped` says that there are more."""

    lookup_id: UUID
    kind: Kind
    other: Kind | None
    total: int
    capped: bool
    matching: int
    facets: FacetCounts
    rows: list[Found]
    previous: str | None
    next: str | None
    as_of: list[AsOf]
    looked_at: datetime
    expires_at: datetime


class Details(BaseModel):
    """One person with every record, masked, and why the records are one person."""

    lookup_id: UUID
    person: Found
    records: list[Affiliated]
    linked_by: list[str]
    opened_at: datetime


class PurposeChoice(BaseModel):
    """A purpose that may be chosen today."""

    model_config = ConfigDict(from_attributes=True)

    code: str
    title: str
    title_en: str
    needs_reason: bool


class RecentLookup(BaseModel):
    """One of the caller's own lookups: never what was typed."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    at: datetime
    purpose_title: str
    reason: str
    kind: Kind
    found: int
    capped: bool
    opened: int
    live: bool
