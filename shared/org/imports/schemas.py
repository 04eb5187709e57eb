"""What enters and leaves by the API of imports."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from shared.kit.types import Count, FreeText200, Int64, Text200
from shared.org.imports.columns import load
from shared.org.imports.models import ImportBatch, ImportRow
from shared.org.imports.queries import Proposal, seconds_left


class TableOut(BaseModel):
    """One sheet: the row of its titles and the field each column is imported as ('' = not imported).

    Of a sheet that is `hidden` in the workbook nothing is read.
    """

    sheet: int
    name: str
    head: int
    titles: list[str]
    fields: list[str]
    confidence: list[float]
    rows: int
    hidden: bool


class ProblemOut(BaseModel):
    """Why a file was refused or a stage given up."""

    reason: str = ""
    hint: str = ""
    rows: list[int] = []


class ImportOut(BaseModel):
    """One import and how far it has come."""

    id: UUID
    status: str
    file_name: str
    created_at: datetime
    uploaded_by: str
    version: int
    sums: dict[str, int]
    done: int
    total: int
    seconds_left: int | None
    problem: ProblemOut
    tables: list[TableOut]

    @staticmethod
    def of(batch: ImportBatch) -> "ImportOut":
        """The batch as the API shows it."""
        known = {k: v for k, v in batch.problem.items() if k in ProblemOut.model_fields}
        tables = [TableOut(**{f: getattr(t, f) for f in TableOut.model_fields}) for t in load(batch.tables)]
        return ImportOut(
            id=batch.id, status=batch.status, file_name=batch.file_name, created_at=batch.created_at,
            uploaded_by=batch.actor_name, version=batch.version, sums=batch.sums, done=batch.done,
            total=batch.total, seconds_left=seconds_left(batch), problem=ProblemOut(**known), tables=tables,
        )  # fmt: skip


class ImportList(BaseModel):
    """Imports, the newest first."""

    items: list[ImportOut]
    next: str | None


class LineOut(BaseModel):
    """One line of the roster: what it would do, or why not. Values are masked."""

    line: int
    sheet: int
    row: int
    outcome: str
    state: str
    decision: str
    wants_look: bool
    doubted: bool
    name: str
    identity_last4: str
    note: str
    changes: list[dict[str, str]]
    troubles: list[dict[str, str]]

    @staticmethod
    def of(row: ImportRow) -> "LineOut":
        """The line as the API shows it."""
        same = {f: getattr(row, f) for f in LineOut.model_fields if f != "identity_last4"}
        return LineOut(**same, identity_last4=row.last4)


class LineList(BaseModel):
    """A page of lines."""

    items: list[LineOut]
    next: str | None


class UnitProposal(BaseModel):
    """A unit that would be founded."""

    id: UUID
    parent_id: UUID | None
    below: str
    name: str
    kind: str
    kinds: list[str]
    people: int

    @staticmethod
    def of(proposal: Proposal) -> "UnitProposal":
        """The proposal as the API shows it."""
        unit = proposal.unit
        return UnitProposal(
            id=unit.id, parent_id=unit.parent_id, below=unit.below, name=unit.name, kind=unit.kind,
            kinds=[code for code, _ in proposal.kinds], people=unit.people,
        )  # fmt: skip


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class SheetIn(_In):
    """The mapping of one sheet: a field code or '' per column."""

    sheet: Annotated[Count, Field(le=1000)]
    use: bool = True
    fields: list[FreeText200] = Field(max_length=200)


class MappingIn(_In):
    """The mapping of the sheets that are to change."""

    sheets: list[SheetIn] = Field(max_length=100)


class DecisionIn(_In):
    """What to do with a line."""

    decision: Literal["skip", "confirm", ""]


class UnitIn(_In):
    """Another name or kind for a unit to be founded."""

    name: Text200
    kind: Text200


class ConfirmIn(_In):
    """`version`: as it was seen; refused when the plan has changed since."""

    version: Int64 | None = None
