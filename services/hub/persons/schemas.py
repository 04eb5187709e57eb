"""What other modules, pages and the API see of persons."""

from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from services.hub.persons.rules import Pair


class _View(BaseModel):
    model_config = ConfigDict(frozen=True)


class Affiliated(_View):
    """One record of a person at one organisation, masked."""

    id: UUID
    org: str
    member_id: UUID
    person_id: UUID
    name: str
    former_names: tuple[str, ...]
    standing: str
    standing_title: str
    kind_title: str
    counted: bool
    sex: str | None
    birth_year: int | None
    district: str | None
    identity_mask: str | None
    phone_mask: str | None
    card_mask: str | None
    unit_names: tuple[str, ...]
    post: str | None
    joined_on: date | None
    left_on: date | None
    told_at: datetime


class Evidence(_View):
    """One piece of evidence between two records."""

    a: UUID
    b: UUID
    rule: str
    state: str
    since: datetime


class Decided(_View):
    """What staff decided at once, standing or undone: of two records, or of one and each of others."""

    id: int
    """a verdict of the decision, to undo the whole by"""
    pairs: tuple[Pair, ...]
    says: str
    reason: str
    by_id: UUID
    by_name: str
    at: datetime
    undone_at: datetime | None
    undone_by: str | None
    undone_reason: str | None

    @property
    def sides(self) -> tuple[UUID, tuple[UUID, ...]]:
        """The record that is in every pair, and the others."""
        one = min(set(self.pairs[0]).intersection(*self.pairs))
        return one, tuple(i for pair in self.pairs for i in pair if i != one)


class Linked(Evidence):
    """One link by rule, also one that no longer holds."""

    revoked_at: datetime | None


class Explanation(_View):
    """Everything that speaks for and against one person being one."""

    person_id: UUID
    records: list[Affiliated]
    linked: list[Evidence]
    open: list[Evidence]
    verdicts: list[Decided]
    past: list[Linked]
