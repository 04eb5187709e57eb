"""Taking a written batch back: whom it admitted is erased, what it changed returns; later changes stay."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from shared.kit import audit, clock
from shared.kit.errors import Problem
from shared.org.imports.before import restored
from shared.org.imports.lease import enter, hold, touch
from shared.org.imports.models import ImportBatch, ImportRow, ImportUnit
from shared.org.imports.sums import state_sums
from shared.org.kit import OrgKit
from shared.org.members import TAKEN_BACK, Member, change_many, erase_many
from shared.org.policy import Entry
from shared.org.units import close_empty

CHUNK = 300


async def take_back(org: OrgKit, batch_id: UUID, lease: UUID) -> None:
    """Chunk by chunk; a restart goes on with the lines that are still written."""
    size, last = CHUNK, 0
    while True:
        try:
            reached = await _chunk(org, batch_id, lease, last, size)
            if not reached:
                break
            size, last = CHUNK, reached
        except Problem as problem:
            if size == 1:
                last = await _keep_first(org, batch_id, lease, last, problem)
            size = 1  # one line is in the way of the others
    async with org.kit.database.transaction() as session:
        batch = await hold(session, batch_id, lease, "withdrawing")
        founded = select(ImportUnit.unit_id).where(ImportUnit.batch_id == batch_id, ImportUnit.founded)
        ids = [unit_id for unit_id in await session.scalars(founded) if unit_id]
        await close_empty(session, org, ids, reason=TAKEN_BACK, actor=_actor(batch))
        batch.sums = {**batch.sums, **await state_sums(session, batch_id)}
        batch.withdrawn_at = clock.now()
        audit.record(
            session,
            actor=_actor(batch),
            action="import.withdrawn",
            target=("import", batch.id),
            detail=batch.sums,
        )
        enter(batch, "withdrawn")


def _actor(batch: ImportBatch) -> audit.System:
    by = batch.problem.get("withdrawn_by", batch.actor_name)
    return audit.System(
        str(by), UUID(batch.problem["withdrawn_id"]) if batch.problem.get("withdrawn_id") else None
    )


async def _rows(session: AsyncSession, batch_id: UUID, last: int, size: int) -> list[ImportRow]:
    query = select(ImportRow).where(ImportRow.batch_id == batch_id, ImportRow.state == "written")
    query = query.where(ImportRow.line > last)  # not from the first line each time: there may be a million
    return list(await session.scalars(query.order_by(ImportRow.line).limit(size).with_for_update()))


async def _chunk(org: OrgKit, batch_id: UUID, lease: UUID, last: int, size: int) -> int:
    """Take the next lines back; the last of them, 0 when there was none."""
    async with org.kit.database.transaction() as session:
        batch = await hold(session, batch_id, lease, "withdrawing")
        rows = await _rows(session, batch_id, last, size)
        people = {
            m.id: m
            for m in await session.scalars(
                select(Member).where(Member.id.in_([r.member_id for r in rows])).with_for_update()
            )
        }
        fresh: list[Member] = []
        back: dict[frozenset[str], list[tuple[Member, Entry]]] = {}
        for row in rows:
            member = people.get(row.member_id) if row.member_id else None
            if member is None or member.version != row.member_version or member.standing == "left":
                row.state, row.note = "kept", "写入后又有变动，保留现状"
            elif row.outcome == "new":
                fresh.append(member)
                row.state, row.member_id, row.member_version = "withdrawn", None, None
            elif row.before is None:
                row.state, row.note = "kept", "原值已按期清除，保留现状"
            else:
                entry, clear = restored(org, batch_id, member, row.before)
                back.setdefault(clear, []).append((member, entry))
                row.state = "withdrawn"
        await _undo(session, org, batch, fresh, back)
        batch.done += len(rows)
        touch(batch)
        return rows[-1].line if rows else 0


async def _undo(
    session: AsyncSession,
    org: OrgKit,
    batch: ImportBatch,
    fresh: Sequence[Member],
    back: dict[frozenset[str], list[tuple[Member, Entry]]],
) -> None:
    actor = _actor(batch)
    if fresh:
        await erase_many(session, org, fresh, actor, TAKEN_BACK, batch.id)
    for clear, pairs in back.items():
        await change_many(session, org, pairs, actor, TAKEN_BACK, batch.id, clear=clear)


async def _keep_first(org: OrgKit, batch_id: UUID, lease: UUID, last: int, problem: Problem) -> int:
    async with org.kit.database.transaction() as session:
        batch = await hold(session, batch_id, lease, "withdrawing")
        for row in await _rows(session, batch_id, last, 1):
            row.state, row.note, last = "kept", f"不能撤回：{problem.title}", row.line
        touch(batch)
        return last
