"""The first stage: the child reads the file, its rows are stored encrypted, the columns are recognised."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.org.imports import files
from shared.org.imports.aliases import Titles
from shared.org.imports.cells import Cell, plain, seal
from shared.org.imports.child import parse
from shared.org.imports.columns import HEAD_WITHIN, Table, recognise
from shared.org.imports.lease import enter, hold, touch
from shared.org.imports.models import ImportBatch, ImportRow, ImportShape
from shared.org.imports.refusal import FileRefused
from shared.org.kit import OrgKit

CHUNK = 500
NO_TABLE = "文件里没有分成几列的内容，不是名册"
NEXT = "请选择有姓名、单位等列的名册；如果各列挤在一格里，请先分列再上传。"
_KEEP = text(
    "insert into import_row (batch_id, line, sheet, row, cells, outcome, decision, state, name, last4, note,"
    " wants_look, changes, troubles)"
    " select :batch_id, line, sheet, row, cells, '', '', '', '', '', '', false, '[]', '[]' from unnest("
    "cast(:lines as int[]), cast(:sheets as int[]), cast(:rows as int[]), cast(:cells as bytea[]))"
    " as x(line, sheet, row, cells)"
)


@dataclass
class _Reading:
    """What the child has said so far."""

    kind: str = ""
    encoding: str = ""
    sheets: list[str] = field(default_factory=list)
    heads: list[list[tuple[int, list[Cell]]]] = field(default_factory=list)
    hidden: list[str] = field(default_factory=list)
    counts: list[int] = field(default_factory=list)
    pending: list[tuple[int, int, int, bytes]] = field(default_factory=list)
    line: int = 0
    wide: bool = False
    """whether any line has more than one cell with content"""

    def take(self, org: OrgKit, batch_id: UUID, message: Any) -> None:
        if isinstance(message, list):
            number, cells = message
            self.line += 1
            self.counts[-1] += 1
            self.wide = self.wide or sum(bool(plain(cell)) for cell in cells) > 1
            if len(self.heads[-1]) < HEAD_WITHIN:
                self.heads[-1].append((number, cells))
            sealed = seal(org.kit.cipher, batch_id, cells)
            self.pending.append((self.line, len(self.sheets) - 1, number, sealed))
        elif "sheet" in message:
            self.sheets.append(message["sheet"])
            self.heads.append([])
            self.counts.append(0)
        elif "hidden" in message:
            self.hidden.append(message["hidden"])
        elif "file" in message:
            self.kind, self.encoding = message["file"]["kind"], message["file"]["encoding"]


async def read_file(org: OrgKit, batch_id: UUID, lease: UUID) -> None:
    """Read from the beginning (again, after a crash); a file that is no good is refused with its reason."""
    database = org.kit.database
    async with database.transaction() as session:
        await hold(session, batch_id, lease, "reading")
        await session.execute(delete(ImportRow).where(ImportRow.batch_id == batch_id))
        source = await files.restore(session, org.kit, batch_id)
    reading = _Reading()
    with source:
        try:
            async for message in parse(source):
                reading.take(org, batch_id, message)
                if len(reading.pending) >= CHUNK:
                    async with database.transaction() as session:
                        batch = await hold(session, batch_id, lease, "reading")
                        await _keep(session, batch, reading)
        except FileRefused as refused:
            await _refuse(org, batch_id, lease, refused)
            return
    async with database.transaction() as session:
        batch = await hold(session, batch_id, lease, "reading")
        await _keep(session, batch, reading)
        await _finish(session, org, batch, reading)


async def _keep(session: AsyncSession, batch: ImportBatch, reading: _Reading) -> None:
    if reading.pending:
        lines, sheets, rows, cells = map(list, zip(*reading.pending, strict=True))
        given = {"batch_id": batch.id, "lines": lines, "sheets": sheets, "rows": rows, "cells": cells}
        await session.execute(_KEEP, given)
    reading.pending = []
    batch.done = reading.line
    touch(batch)


async def _finish(session: AsyncSession, org: OrgKit, batch: ImportBatch, reading: _Reading) -> None:
    titles = Titles(org)
    shapes = await remembered(session)
    tables = []
    for number, name in enumerate(reading.sheets):
        table = recognise(number, name, reading.heads[number], titles, shapes)
        table.rows = reading.counts[number]
        tables.append(table)
    tables += [
        Table(sheet=number, name=name, hidden=True) for number, name in enumerate(reading.hidden, len(tables))
    ]
    batch.file_kind, batch.encoding = reading.kind, reading.encoding
    batch.tables = [t.dump() for t in tables]
    if not reading.wide and not any(t.used or t.hidden for t in tables):
        await _end(session, batch, FileRefused(NO_TABLE, NEXT))
        return
    await files.forget(session, batch.id)
    if clear(tables):
        enter(batch, "planning", reading.line)
    else:
        enter(batch, "mapping")


def clear(tables: list[Table]) -> bool:
    """Whether the columns need no look; sheets without a head do no harm beside others."""
    used = [t for t in tables if t.used]
    return bool(used) and all(t.sure() for t in used)


async def remembered(session: AsyncSession) -> dict[str, list[str]]:
    """Mappings staff confirmed before, by shape."""
    return dict((await session.execute(select(ImportShape.shape, ImportShape.fields))).all())


async def _refuse(org: OrgKit, batch_id: UUID, lease: UUID, refused: FileRefused) -> None:
    async with org.kit.database.transaction() as session:
        await _end(session, await hold(session, batch_id, lease, "reading"), refused)


async def _end(session: AsyncSession, batch: ImportBatch, refused: FileRefused) -> None:
    await session.execute(delete(ImportRow).where(ImportRow.batch_id == batch.id))
    await files.forget(session, batch.id)
    batch.problem = {"reason": refused.reason, "hint": refused.hint, "rows": list(refused.rows)}
    enter(batch, "refused")
