"""The ledger of what was told of each member: one row, written with the event."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from shared.contracts.digests import FORM, digest
from shared.contracts.event import Event
from shared.contracts.members import MemberState, MemberWithdrawn
from shared.org.bulk import breathing, insertion
from shared.org.members.models import MemberTold

Word = MemberState | MemberWithdrawn


async def remember(session: AsyncSession, events: Sequence[Event]) -> None:
    """As told now: the outbox stamps its rows with the same instant, the beginning of the transaction."""
    words = [event for event in events if isinstance(event, Word)]
    if words:
        at = await session.scalar(select(func.now()))
        assert at is not None
        await write(session, [(word, at) for word in words])


async def write(session: AsyncSession, told: Sequence[tuple[Word, datetime]]) -> None:
    """One statement for all; the last word on a member stands."""
    rows = {word.member_id: _row(word, at) async for word, at in breathing(told)}
    table = MemberTold.__table__
    columns = {name: [row[name] for row in rows.values()] for name in table.c.keys()}  # noqa: SIM118 - columns
    statement = insertion(table, columns)
    newer = {name: statement.excluded[name] for name in columns if name != "member_id"}
    not_older = MemberTold.version <= statement.excluded.version
    await session.execute(
        statement.on_conflict_do_update(index_elements=["member_id"], set_=newer, where=not_older)
    )


def _row(word: Word, at: datetime) -> dict[str, Any]:
    present = isinstance(word, MemberState)
    return {
        "member_id": word.member_id,
        "version": word.version,
        "at": at,
        "withdrawn": not present,
        "district": (word.district or "") if isinstance(word, MemberState) else "",
        "digest": digest(word, at),
        "form": FORM,
    }
