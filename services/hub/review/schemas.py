"""What pages and the API see of the queue."""

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from services.hub.persons import Affiliated

Rule = Literal["", "R1", "R1N", "R2", "R3", "R4"]
AGES = (7, 30, 90)


class _View(BaseModel):
    model_config = ConfigDict(frozen=True)


class Filter(_View):
    """Which pairs are wanted."""

    tab: Literal["waiting", "later"] = "waiting"
    rule: Rule = ""
    org: str = ""
    age: int = 0
    search: UUID | None = None

    def parameters(self, **other: object) -> dict[str, str]:
        """As the parameters of an address: what is set only."""
        values = self.model_dump() | other
        return {k: str(v) for k, v in values.items() if v and (k, v) != ("tab", "waiting")}


class Waiting(_View):
    """Two records that may be one person, the rules that say so, and since when it waits."""

    first: Affiliated
    second: Affiliated
    rules: tuple[str, ...]
    shown: int
    """the decision that stands of the pair although it waits, 0 for none"""
    raised_at: datetime
    because: str
    later_until: date | None
    later_by: str | None


class Queue(_View):
    """A page of the queue; `next` is the cursor of the following one."""

    rows: list[Waiting]
    next: str | None


class Backlog(_View):
    """Figures of the queue, counted up to a cap."""

    waiting: int
    later: int
    oldest: datetime | None
    over_week: int
    over_month: int
