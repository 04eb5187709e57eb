"""Seasonal rounds: what an organisation's service asks of the hub for its staff, and the hub of the owner."""

from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field, StringConstraints, model_validator

from shared.contracts.bookings import Booker

ROUNDS, ROUND, WISH, UNWISH = "rounds.all", "rounds.one", "rounds.wish", "rounds.unwish"
OrgCode = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{1,31}$")]
Minute = Annotated[int, Field(ge=0, le=1440)]


class RoundsRequest(BaseModel):
    """The rounds of all other organisations (asked of the hub), or those of one (asked of it)."""

    org: OrgCode


class RoundLine(BaseModel):
    """One round in a list."""

    round_id: UUID
    owner: str
    owner_name: str
    title: str
    venues: tuple[str, ...]
    first: date
    last: date
    closes_at: AwareDatetime
    status: str


class RoundsAnswer(BaseModel):
    """The latest deadline first; `away` names owners that did not answer."""

    rounds: tuple[RoundLine, ...] = ()
    away: tuple[str, ...] = ()


class RoundRequest(BaseModel):
    """One round as somebody of `org` may see it."""

    owner: OrgCode
    org: OrgCode
    round_id: UUID


class Choice(BaseModel):
    """A venue that may be wished for."""

    venue_id: UUID
    name: str
    capacity: int


class WishState(BaseModel):
    """A wish and, once published, what became of it and why."""

    wish_id: UUID
    org: str
    org_name: str
    office: str
    rank: int
    title: str
    people: int
    venue: str
    weekday: int | None
    on: date | None
    opens: int
    closes: int
    outcome: str = ""
    turn: int = 0
    before: str = Field(default="", description="organisation and title of the wish that was given instead")
    left_out: dict[date, str] = Field(default_factory=dict)
    booked: int | None = None
    mine: bool = False


class RoundState(RoundLine):
    """A round with what its reader may see: own wishes while it is open, everybody's with the result."""

    note: str
    cancelled: str = Field(default="", description="why it was cancelled")
    choices: tuple[Choice, ...]
    wishes: tuple[WishState, ...]
    wished: int = Field(description="number of wishes, whoever made them")
    seed_hash: str
    seed: str = ""
    used: dict[str, float] = Field(default_factory=dict)
    undone: tuple[dict[str, Any], ...] = ()
    opened_by: str = Field(default="", description="for the owner's own staff")
    drawn_at: AwareDatetime | None = None
    published_at: AwareDatetime | None = None


class WishIn(BaseModel):
    """A venue on a weekday of the period or on one date."""

    wish_id: UUID
    venue_id: UUID
    weekday: Annotated[int | None, Field(ge=0, le=6)] = None
    on: date | None = None
    opens: Minute
    closes: Minute
    rank: Annotated[int, Field(ge=1, le=40)]
    title: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60)]
    people: Annotated[int, Field(ge=0, le=100_000)] = 0

    @model_validator(mode="after")
    def _one_meaning(self) -> "WishIn":
        if (self.weekday is None) == (self.on is None):
            raise ValueError("请选择每周的一天，或填写一个日期")
        return self


class WishRequest(BaseModel):
    """A wish of an organisation's staff; sent twice it is one."""

    owner: OrgCode
    round_id: UUID
    booker: Booker
    wish: WishIn


class UnwishRequest(BaseModel):
    """A wish is not needed any more."""

    owner: OrgCode
    round_id: UUID
    booker: Booker
    wish_id: UUID


class Done(BaseModel):
    """It was done."""

    done: Literal[True] = True
