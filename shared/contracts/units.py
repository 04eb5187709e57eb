"""Units of an organisation: whole shareable state, newest version wins."""

from typing import Literal
from uuid import UUID

from shared.contracts.event import Event, event


@event("unit.changed.v1", owner="organisation", title="单位变动", says="有一个单位新设、改名、移动或停用")
class UnitChanged(Event):
    """A unit was founded, renamed, moved or closed. `path` holds the ids from the top, joined by `/`."""

    unit_id: UUID
    version: int
    parent_id: UUID | None
    path: str
    names: tuple[str, ...]
    kind: str
    kind_title: str
    district: str | None
    status: Literal["active", "closed"]
