"""What enters by the API and the form of a round."""

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from shared.kit.types import Day, FreeText200, Int64, Moment, Text60, Text200


class NewRound(BaseModel):
    """Venues, a period, and until when wishes may be entered."""

    model_config = ConfigDict(extra="forbid")

    title: Text60
    note: FreeText200 = ""
    venues: Annotated[tuple[UUID, ...], Field(min_length=1, max_length=30)]
    first: Day
    last: Day
    closes_at: Moment


class Step(BaseModel):
    """What the asker saw."""

    model_config = ConfigDict(extra="forbid")

    version: Int64


class Ending(Step):
    """The end of a round, with its reason."""

    reason: Text200


class Undoing(Ending):
    """A drawing is undone; wishes may be entered again until then."""

    closes_at: Moment


class RoundOut(BaseModel):
    """One round."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    version: int
    title: str
    venues: list[UUID]
    first: date
    last: date
    status: str
    note: str
    cancelled: str
