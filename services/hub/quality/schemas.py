"""What the quality page shows."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from services.hub.persons import Affiliated
from services.hub.quality.rules import Precision

FoundWord = Literal["right", "wrong", "unsure"]


@dataclass(frozen=True)
class Figures:
    """Everything measured of links."""

    overall: Precision
    by_rule: dict[str, Precision]
    by_month: dict[str, Precision]
    links: dict[str, int]
    held: int


class Drawn(BaseModel):
    """One sample and how far it is judged."""

    model_config = ConfigDict(frozen=True)

    id: UUID
    rule: str | None
    since: date | None
    until: date | None
    drawn_at: datetime
    by_name: str
    size: int
    judged: int


class Pick(BaseModel):
    """One link of a sample with both records; None of a record that is no longer shared."""

    model_config = ConfigDict(frozen=True)

    number: int
    rule: str
    linked_at: datetime
    found: FoundWord | None
    found_by: str | None
    first: Affiliated | None
    second: Affiliated | None


class Held(BaseModel):
    """Evidence that cannot join, because numbers or decisions contradict it."""

    model_config = ConfigDict(frozen=True)

    first: Affiliated
    second: Affiliated
    rule: str
    since: datetime
