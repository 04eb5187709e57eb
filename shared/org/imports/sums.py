"""Counting the lines of a batch by what they would do and by what they did."""

from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from shared.org.imports.models import ImportRow


async def outcome_sums(session: AsyncSession, batch_id: UUID) -> dict[str, int]:
    """How many lines of each outcome; `rows` is all lines, those that are no people (ignored) included.

    `doubted` are those among the new that come onto the roll as pending.
    """
    query = (
        select(ImportRow.outcome, func.count(), func.count().filter(ImportRow.doubted))
        .where(ImportRow.batch_id == batch_id)
        .group_by(ImportRow.outcome)
    )
    counted = (await session.execute(query)).all()
    found = {outcome: number for outcome, number, _ in counted}
    out = {name: found.get(name, 0) for name in ("new", "changed", "same", "refused", "ignored")}
    return out | {"rows": sum(out.values()), "doubted": sum(doubted for _, _, doubted in counted)}


async def state_sums(session: AsyncSession, batch_id: UUID) -> dict[str, int]:
    """How many lines were written, failed, were kept or taken back."""
    query = (
        select(ImportRow.state, func.count()).where(ImportRow.batch_id == batch_id).group_by(ImportRow.state)
    )
    found = dict((await session.execute(query)).all())
    return {name: found.get(name, 0) for name in ("written", "failed", "kept", "withdrawn")}
