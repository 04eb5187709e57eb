"""Writing what staff confirmed: chunk by chunk, each one transaction; a restart goes on where it stood."""

import asyncio
import time
from collections.abc import Awaitable, Sequence
from dataclasses import asdict, dataclass, fields
from typing import TypeVar
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from shared.kit import audit, clock
from shared.kit.errors import Invalid, Problem
from shared.kit.events.sent import recorded
from shared.org.bulk import among, breathing, update_columns
from shared.org.imports.before import image
from shared.org.imports.cells import Trouble, unseal
from shared.org.imports.columns import load
from shared.org.imports.founding import found_units
from shared.org.imports.lease import enter, hold, touch
from shared.org.imports.lines import Reader
from shared.org.imports.models import ImportBatch, ImportRow, ImportUnit
from shared.org.imports.places import Places
from shared.org.imports.sums import state_sums, writable
from shared.org.kit import OrgKit
from shared.org.members import Member, admit_many, change_many, difference, find_same
from shared.org.policy import Entry
from shared.org.units import units_by_id

T = TypeVar("T")
CHUNK = 500
REST = 1.25
"""How long it rests after a chunk, in times of what the chunk took: pages of staff and the hub go on.

Without one the slowest page of a hundred took three to four times as long during an import (docs/SPEED.md).
"""
_MEANWHILE = "核对以后，名册又有变动"
_AGAIN = "请把这一行另行导入，重新核对。"


def actor_of(batch: ImportBatch) -> audit.System:
    """Who confirmed: what is written later is written in that person's name."""
    return audit.System(batch.confirmed_by or batch.actor_name, batch.confirmed_id or batch.actor_id)


@dataclass
class _Row:
    """A planned line, and what became of it."""

    line: int
    sheet: int
    row: int
    cells: bytes | None
    outcome: str
    unit_id: UUID | None
    changes: list[dict[str, str]]
    state: str
    troubles: list[dict[str, str]]
    member_id: UUID | None
    member_version: int | None
    before: bytes | None


_COLUMNS = [getattr(ImportRow, each.name) for each in fields(_Row)]
_WRITTEN = ("line", "state", "troubles", "member_id", "member_version", "before")


@dataclass
class _Item:
    """A line about to be written."""

    row: _Row
    entry: Entry


class _Blocked(Exception):  # noqa: N818 - a signal
    """Some lines are in the way of the others; with none named, each has to be tried alone."""

    def __init__(self, items: Sequence[_Item], problem: Problem) -> None:
        super().__init__(problem.title)
        self.items, self.problem = items, problem


async def write(org: OrgKit, batch_id: UUID, lease: UUID) -> None:
    """Found the units, then write the lines."""
    async with org.kit.database.transaction() as session:
        batch = await hold(session, batch_id, lease, "applying")
        await found_units(session, org, batch, actor_of(batch), writable())
    writer = _Writer(org, batch_id, lease)
    last = 0
    while True:
        lines = await writer.next_lines(last)
        if not lines:
            break
        began = time.monotonic()
        await writer.lines(lines)
        last = lines[-1]
        await asyncio.sleep(REST * (time.monotonic() - began))
    async with org.kit.database.transaction() as session:
        batch = await hold(session, batch_id, lease, "applying")
        batch.sums = {**batch.sums, **await state_sums(session, batch_id)}
        batch.applied_at = clock.now()
        audit.record(
            session, actor=actor_of(batch), action="import.applied", target=("import", batch.id),
            detail={k: v for k, v in batch.sums.items() if isinstance(v, int)},
        )  # fmt: skip
        batch.sums = batch.sums | {"told": await recorded(session)}
        enter(batch, "applied")


class _Writer:
    """Writes the lines of one batch."""

    def __init__(self, org: OrgKit, batch_id: UUID, lease: UUID) -> None:
        self._org, self._batch_id, self._lease = org, batch_id, lease
        self._reader: Reader | None = None
        self._units: dict[UUID, UUID] = {}

    async def next_lines(self, last: int) -> list[int]:
        """The next lines still to be written."""
        query = (
            select(ImportRow.line)
            .where(
                ImportRow.batch_id == self._batch_id, ImportRow.line > last, ImportRow.state == "", writable()
            )
            .order_by(ImportRow.line)
            .limit(CHUNK)
        )
        async with self._org.kit.database.transaction() as session:
            return list(await session.scalars(query))

    async def lines(self, lines: Sequence[int]) -> None:
        """Write them in one transaction; what is in the way is noted as failed and the rest goes on."""
        failed: dict[int, Problem] = {}
        while True:
            try:
                await self._together(lines, failed)
                return
            except _Blocked as blocked:
                if blocked.items:
                    failed |= {item.row.line: blocked.problem for item in blocked.items}
                elif len(lines) == 1:
                    failed[lines[0]] = blocked.problem
                else:
                    for line in lines:
                        await self.lines([line])
                    return

    async def _together(self, lines: Sequence[int], failed: dict[int, Problem]) -> None:
        async with self._org.kit.database.transaction() as session:
            batch = await hold(session, self._batch_id, self._lease, "applying")
            reader = await self._prepared(session, batch)
            mine = ImportRow.batch_id == batch.id
            query = select(*_COLUMNS).where(mine, among(ImportRow.line, lines), ImportRow.state == "")
            found = await session.execute(query.order_by(ImportRow.line).with_for_update())
            rows, items = [_Row(*each) for each in found], []
            async for row in breathing(rows):
                if row.line in failed:
                    _fail(row, failed[row.line].title, failed[row.line].hint)
                elif item := self._item(reader, row):
                    items.append(item)
            await self._write(session, batch, await self._unchanged(session, items))
            done = {name: [getattr(row, name) for row in rows] for name in _WRITTEN}
            await update_columns(session, ImportRow.__table__, "line", done, mine)
            batch.done += len(rows)
            touch(batch)

    async def _prepared(self, session: AsyncSession, batch: ImportBatch) -> Reader:
        if self._reader is None:
            places = Places(self._org, batch.id, batch.scope)
            self._reader = Reader(self._org, load(batch.tables), places)
            query = select(ImportUnit.id, ImportUnit.unit_id).where(ImportUnit.batch_id == batch.id)
            self._units = {made: unit for made, unit in await session.execute(query) if unit}
        return self._reader

    def _item(self, reader: Reader, row: _Row) -> _Item | None:
        assert row.cells is not None and row.unit_id is not None  # noqa: PT018 - planned lines have both
        line = reader.line(
            row.line, row.sheet, row.row, unseal(self._org.kit.cipher, self._batch_id, row.cells)
        )
        try:
            return _Item(row, reader.entry(line, self._units.get(row.unit_id, row.unit_id)))
        except Invalid as invalid:
            _fail(row, next(iter(invalid.fields.values()), invalid.title), "")
            return None

    async def _unchanged(
        self, session: AsyncSession, items: Sequence[_Item]
    ) -> list[tuple[_Item, Member | None]]:
        """The lines that would still do exactly what staff saw; the others fail with the reason."""
        matches = await find_same(session, self._org, [item.entry for item in items])
        people = [m.member for m in matches if m]
        facts = await self._org.policy.load(session, [m.id for m in people])
        wanted = {item.entry.unit_id for item in items} | {m.unit_id for m in people}
        units = await units_by_id(session, wanted)
        out: list[tuple[_Item, Member | None]] = []
        for item, match in zip(items, matches, strict=True):
            if item.row.outcome == "new" and match is None:
                out.append((item, None))
            elif item.row.outcome == "changed" and match and match.member.id == item.row.member_id:
                known = facts.get(match.member.id, {})
                found = difference(self._org, match.member, known, item.entry, units=units)
                if [asdict(c) for c in found] == item.row.changes:
                    item.row.before = image(self._org, self._batch_id, match.member, known, found)
                    out.append((item, match.member))
                else:
                    _fail(item.row, _MEANWHILE, _AGAIN)
            else:
                _fail(item.row, _MEANWHILE, _AGAIN)
        return out

    async def _write(
        self, session: AsyncSession, batch: ImportBatch, items: Sequence[tuple[_Item, Member | None]]
    ) -> None:
        reason, actor = f"名册导入：{batch.file_name}", actor_of(batch)
        fresh = [item for item, member in items if member is None]
        known = [(item, member) for item, member in items if member is not None]
        admitted = await self._blocking(
            fresh,
            admit_many(
                session,
                self._org,
                [(i.entry, None) for i in fresh],
                actor,
                reason,
                batch.id,
                scope=batch.scope,
            ),
        )
        changed = await self._blocking(
            [item for item, _ in known],
            change_many(
                session,
                self._org,
                [(m, i.entry) for i, m in known],
                actor,
                reason,
                batch.id,
                scope=batch.scope,
            ),
        )
        by_id = {member.id: member for member in changed}
        written = [(item, member_id, 1) for item, member_id in zip(fresh, admitted, strict=True)]
        written += [(item, m.id, by_id.get(m.id, m).version) for item, m in known]
        for item, member_id, version in written:
            item.row.state, item.row.member_id, item.row.member_version = "written", member_id, version

    async def _blocking(self, items: Sequence[_Item], work: Awaitable[T]) -> T:
        try:
            done = await work
        except Problem as problem:
            at_fault = [items[i] for i in problem.extra.get("rows", ()) if i < len(items)]
            raise _Blocked(at_fault, problem) from problem
        return done


def _fail(row: _Row, reason: str, hint: str) -> None:
    row.state = "failed"
    row.troubles = [Trouble("", "", reason.rstrip("。"), hint).as_dict()]
