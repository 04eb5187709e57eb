"""What a lookup asks and answers; the query's own text is never part of an answer."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.hub.lookup.rules import Kind
from services.hub.persons import Affiliated
from shared.kit.types import Blank, OptionalText60, OptionalText200, SearchText, Slug

Standing = Literal["active", "retained", "pending", "left"]


class Accuracy(StrEnum):
    """What a number of people is: counted, estimated from a sample, or only known to be more."""

    EXACT = "exact"
    ABOUT = "about"
    OVER = "over"


class Total(BaseModel):
    """How many. `margin`: an estimate is this near to the truth 19 times of 20."""

    count: int
    accuracy: Accuracy = Accuracy.EXACT
    margin: int = 0


class Parts(BaseModel):
    """Matches of a query by what can narrow them, organisations by their bit; a None is not known."""

    bits: dict[int, int | None]
    many: int | None
    districts: dict[str, int | None]
    standings: dict[str, int | None]


class Facets(Parts):
    """Numbers over all matches of a query; `least`: how many of each were seen, where nothing was counted."""

    total: Total
    least: Parts


class Ask(BaseModel):
    """A lookup: what is looked for and why. `reason` is needed where the purpose says so."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"text": "王小明", "purpose": "joint_activity"}}
    )

    text: SearchText = Field(repr=False)
    purpose: Slug
    reason: OptionalText200 = None
    understood_as: Kind | None = None


class Narrow(BaseModel):
    """Filters of a result."""

    org: OptionalText60 = None
    many: bool = False
    district: OptionalText60 = None
    standing: Annotated[Standing | None, Blank] = None
    unit: Annotated[UUID | None, Blank] = None
    """a unit and all below it"""


class PageQuery(Narrow):
    """A page of a result for programs: a misspelt filter is refused, not left out of the question."""

    model_config = ConfigDict(extra="forbid")

    cursor: Annotated[str, Field(max_length=2000)] = ""

    @property
    def narrow(self) -> Narrow:
        """The filters alone."""
        return Narrow(**self.model_dump(exclude={"cursor"}))


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


class Counts(BaseModel):
    """Numbers beside the filters; what is null is not known."""

    orgs: dict[str, int | None]
    many: int | None
    districts: dict[str, int | None]
    standings: dict[str, int | None]


class FacetCounts(Counts):
    """Exact like the total, or rounded estimates; `least`: there are so many at least, exact or not."""

    least: Counts


class AsOf(BaseModel):
    """How old the data of one organisation is."""

    org: str
    name: str
    event_at: datetime | None
    state: Literal["live", "behind", "away"]
    lag_seconds: float | None


class Result(BaseModel):
    """One page of a lookup. `total` is exact up to 1,000 people, above that estimated, and says so."""

    lookup_id: UUID
    kind: Kind
    other: Kind | None
    total: int
    accuracy: Accuracy
    margin: int
    matching: Total
    unit_name: str | None
    """of the unit the result is narrowed to"""
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


class UnitChoice(BaseModel):
    """A unit a result can be narrowed to, with the names above it."""

    id: UUID
    org: str
    names: list[str]


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
