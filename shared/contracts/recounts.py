"""What the hub may ask an owner to prove or to rebuild its projection: sums, rows, states, whole pages."""

from typing import Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field

SUMS = "recount.sums"
ROWS = "recount.rows"
STATES = "recount.states"
UNITS = "recount.units"
PAGE = "snapshot.page"
HEAD = "snapshot.head"
MOST_ROWS = 8000
Kind = Literal["members", "units"]
MOST_STATES = 300
PAGE_SIZE = 400


class SumsRequest(BaseModel):
    """By district; or, of one district, by bucket. `form` is `digests.FORM` of the asker."""

    form: int
    district: str | None = None


class Sum(BaseModel):
    """Count and XOR of the digests of one part; withdrawn members count under the empty district."""

    part: str
    count: int
    digest: int


class SumsAnswer(BaseModel):
    """What the owner has told, by part; `newest` is the number of its newest event when it looked."""

    parts: list[Sum]
    newest: int


class RowsRequest(BaseModel):
    """Which members these buckets of a district hold; `after` is the last one of the page before."""

    form: int
    district: str
    buckets: list[int] = Field(max_length=4096)
    after: UUID | None = None


class RowsAnswer(BaseModel):
    """Id and digest, in the order of ids, at most MOST_ROWS."""

    rows: list[tuple[UUID, int]]


class Told(BaseModel):
    """One event as if it were told now: type, payload, and when it was told."""

    type: str
    at: AwareDatetime
    data: dict[str, object]


class StatesRequest(BaseModel):
    """The newest word on each of these."""

    kind: Kind = "members"
    ids: list[UUID] = Field(max_length=MOST_STATES)


class StatesAnswer(BaseModel):
    """Those the owner ever told of; of the others it knows nothing."""

    told: list[Told]


class PageRequest(BaseModel):
    """All members or all units, page by page, in the order of their ids."""

    kind: Kind
    after: UUID | None = None


class PageAnswer(BaseModel):
    """`after` asks for the next page; null when this was the last."""

    told: list[Told]
    after: UUID | None


class HeadRequest(BaseModel):
    """How the organisation announces itself, how many there are, and the number of its newest event."""


class HeadAnswer(BaseModel):
    """Every change told after `newest` comes as an event with a higher number."""

    announced: Told
    members: int
    units: int
    newest: int


class UnitsRequest(BaseModel):
    """Id and digest of every unit after this one, as many as one answer holds."""

    form: int
    after: UUID | None = None
