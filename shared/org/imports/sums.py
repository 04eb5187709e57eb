"""Counting the lines of a batch by what they would do and by what they did.

A batch may have a million lines: they are counted once when a stage ends, pages read the result, and a
decision about one line moves it.
"""

from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from shared.org.imports.models import ImportBatch, ImportRow, ImportUnit

DECIDED = ("to_write", "waiting", "aside", "aside_new", "aside_changed", "aside_doubted")
"""Sums that a decision about a line moves."""


def writable() -> ColumnElement[bool]:
    """Lines that will be written: new or changed, not put aside, a change of name only when confirmed."""
    return and_(
        ImportRow.outcome.in_(("new", "changed")),
        ImportRow.decision != "skip",
        or_(ImportRow.wants_look.is_(False), ImportRow.decision == "confirm"),
    )


async def outcome_sums(session: AsyncSession, batch_id: UUID) -> dict[str, int]:
    """How many lines of each outcome; `rows` is all lines, those that are no people (ignored) included.

    `doubted` are those among the new that come onto the roll as pending; `to_write` those a confirmation
    writes, `waiting` changes of name nobody has looked at, `aside` those staff said no to, of each sort
    too; `founding` the units that come with them.
    """
    still, aside = ImportRow.state == "", ImportRow.decision == "skip"
    query = select(
        ImportRow.outcome, func.count(), func.count().filter(ImportRow.doubted),
        func.count().filter(still, writable()),
        func.count().filter(still, ImportRow.wants_look, ImportRow.decision == ""),
        func.count().filter(aside),
        func.count().filter(aside, ImportRow.outcome == "new"),
        func.count().filter(aside, ImportRow.outcome == "changed"),
        func.count().filter(aside, ImportRow.doubted),
    )  # fmt: skip
    query = query.where(ImportRow.batch_id == batch_id).group_by(ImportRow.outcome)
    counted = (await session.execute(query)).all()
    found = {row[0]: row[1] for row in counted}
    out = {name: found.get(name, 0) for name in ("new", "changed", "same", "refused", "ignored")}
    decided = {name: sum(int(row[3 + at]) for row in counted) for at, name in enumerate(DECIDED)}
    founding = await units_needed(session, batch_id)
    rows, doubted = sum(out.values()), sum(row[2] for row in counted)
    return out | decided | {"rows": rows, "doubted": doubted, "founding": founding}


async def counted(session: AsyncSession, batch: ImportBatch) -> dict[str, int]:
    """The batch's sums; those of a batch planned before all were kept are counted while it is decided on."""
    if DECIDED[-1] in batch.sums or batch.status != "ready":
        return batch.sums
    return batch.sums | await outcome_sums(session, batch.id)


async def recounted(session: AsyncSession, batch: ImportBatch, row: ImportRow, before: list[int]) -> None:
    """Move the sums after a decision about `row`; `before`: what it counted for until then."""
    sums = await counted(session, batch)
    moved = {name: sums[name] + now - was for name, was, now in zip(DECIDED, before, worth(row), strict=True)}
    if row.unit_id is not None and await session.get(ImportUnit, row.unit_id) is not None:
        await session.flush()
        moved["founding"] = await units_needed(session, batch.id)
    batch.sums = sums | moved


def worth(row: ImportRow) -> list[int]:
    """What one line counts for in `DECIDED`."""
    asked = row.outcome in ("new", "changed") and not row.state
    aside = row.decision == "skip"
    writes = not aside and (not row.wants_look or row.decision == "confirm")
    return [
        int(asked and writes),
        int(asked and row.wants_look and not row.decision),
        int(aside),
        int(aside and row.outcome == "new"),
        int(aside and row.outcome == "changed"),
        int(aside and row.doubted),
    ]


async def units_needed(session: AsyncSession, batch_id: UUID) -> int:
    """How many units writing would found directly for its lines (those above them come with them)."""
    query = select(func.count()).select_from(ImportUnit).where(ImportUnit.batch_id == batch_id)
    proposed = await session.scalar(query) or 0
    if not proposed:
        return 0
    used = select(ImportRow.unit_id).where(ImportRow.batch_id == batch_id, writable())
    return proposed if await session.scalar(query.where(ImportUnit.id.in_(used))) else 0


async def state_sums(session: AsyncSession, batch_id: UUID) -> dict[str, int]:
    """How many lines were written, failed, were kept or taken back."""
    query = (
        select(ImportRow.state, func.count()).where(ImportRow.batch_id == batch_id).group_by(ImportRow.state)
    )
    found = dict((await session.execute(query)).all())
    return {name: found.get(name, 0) for name in ("written", "failed", "kept", "withdrawn")}
