"""What enters and leaves by the API of units."""

from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from shared.kit.types import Int64, OptionalText60, Text200
from shared.org.units.models import Unit


class UnitOut(BaseModel):
    """One unit."""

    id: UUID
    parent_id: UUID | None
    path: str
    names: tuple[str, ...]
    name: str
    kind: str
    district: str | None
    status: str
    version: int

    @staticmethod
    def of(unit: Unit) -> "UnitOut":
        """The unit as the API shows it."""
        given: dict[str, Any] = {code: getattr(unit, code) for code in UnitOut.model_fields}
        return UnitOut(**given)


class UnitList(BaseModel):
    """Some units."""

    items: list[UnitOut]


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class UnitIn(_In):
    """A new unit below another."""

    parent_id: UUID
    name: Text200
    kind: Text200
    district: OptionalText60 = None


class UnitRename(_In):
    """Another name; `version` is the one that was read."""

    name: Text200
    version: Int64


class UnitMove(_In):
    """Another place in the tree."""

    parent_id: UUID
    reason: Text200
    version: Int64


class UnitEnd(_In):
    """The end of a unit, or the way back."""

    reason: Text200
    version: Int64
