"""The lines that were not written, in the same form with three columns more, to be mended and sent again."""

import csv
import io
from collections.abc import AsyncIterator, Sequence
from typing import IO, Any

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from shared.kit.errors import Refused
from shared.kit.spreadsheet import as_text
from shared.kit.web.downloads import Download
from shared.kit.workbook import XLSX, new_book
from shared.org.imports.cells import Cell, plain, unseal
from shared.org.imports.columns import Table, load
from shared.org.imports.models import ImportBatch, ImportRow
from shared.org.kit import OrgKit

EXTRA = ("行号", "原因", "怎样改正")
_CHUNK = 500


async def errors_file(session: AsyncSession, org: OrgKit, batch: ImportBatch) -> Download:
    """In the form the roster came in, without its sheets that were written whole."""
    if batch.purged_at is not None:
        raise Refused("原始行已按期清除，不能再下载", hint="请用手里的原文件核对。")
    refused = set(await session.scalars(select(ImportRow.sheet).where(*_bad(batch)).distinct()))
    used = [t for t in load(batch.tables) if t.used]
    tables = [t for t in used if t.sheet in refused] or used
    stem = batch.file_name.rsplit(".", 1)[0]
    if batch.file_kind == "csv":
        return Download(f"{stem}-不予写入.csv", "text/csv", await _csv(session, org, batch, tables))
    return Download(f"{stem}-不予写入.xlsx", XLSX, await _xlsx(session, org, batch, tables))


def _bad(batch: ImportBatch) -> tuple[ColumnElement[bool], ...]:
    """Lines that were not written."""
    lost = or_(ImportRow.outcome == "refused", ImportRow.state == "failed")
    return ImportRow.batch_id == batch.id, lost


async def _rows(
    session: AsyncSession, org: OrgKit, batch: ImportBatch, table: Table
) -> AsyncIterator[tuple[int, list[Cell], list[dict[str, str]]]]:
    """Refused and failed lines of a sheet with their cells and reasons."""
    last = 0
    while True:
        query = select(ImportRow.line, ImportRow.row, ImportRow.cells, ImportRow.troubles).where(
            *_bad(batch), ImportRow.sheet == table.sheet, ImportRow.line > last
        )
        found = (await session.execute(query.order_by(ImportRow.line).limit(_CHUNK))).all()
        for line, row, sealed, troubles in found:
            last = line
            if sealed:
                yield row, unseal(org.kit.cipher, batch.id, sealed), troubles
        if len(found) < _CHUNK:
            return


async def _above(session: AsyncSession, org: OrgKit, batch: ImportBatch, table: Table) -> list[list[Cell]]:
    """The lines above the head, so that the file looks like the one that came."""
    query = select(ImportRow.row, ImportRow.cells).where(
        ImportRow.batch_id == batch.id, ImportRow.sheet == table.sheet, ImportRow.row <= table.head
    )
    return [
        unseal(org.kit.cipher, batch.id, c)
        for _, c in await session.execute(query.order_by(ImportRow.line))
        if c
    ]


def _width(table: Table) -> tuple[int, dict[str, int]]:
    """Where the three columns go: a file mended and refused again has them already."""
    places = {title: table.titles.index(title) for title in EXTRA if title in table.titles}
    width = len(table.titles)
    for title in EXTRA:
        if title not in places:
            places[title], width = width, width + 1
    return width, places


def _explained(row: int, troubles: Sequence[dict[str, str]]) -> dict[str, str]:
    reasons = [f"{t['title']}：{t['reason']}" if t["title"] else t["reason"] for t in troubles]
    hints = list(dict.fromkeys(t["hint"] for t in troubles if t["hint"]))
    return {"行号": str(row), "原因": "；".join(reasons), "怎样改正": "".join(hints)}


def _line(cells: Sequence[Cell], width: int, places: dict[str, int], extra: dict[str, str]) -> list[str]:
    texts = [plain(c) for c in cells][:width]
    texts += [""] * (width - len(texts))
    for title, column in places.items():
        texts[column] = extra[title]
    return texts


async def _csv(session: AsyncSession, org: OrgKit, batch: ImportBatch, tables: Sequence[Table]) -> IO[bytes]:
    encoding = {"gb18030": "gb18030", "utf-16": "utf-16"}.get(batch.encoding, "utf-8-sig")
    file = org.kit.working.file()  # on disk: every line of a city's list may be refused
    out = io.TextIOWrapper(file, encoding, newline="")
    writer = csv.writer(out)
    for table in tables:
        width, places = _width(table)
        above = await _above(session, org, batch, table)
        for cells in above[:-1]:
            writer.writerow([as_text(plain(c)) for c in cells])
        writer.writerow(
            [
                as_text(t)
                for t in _line(
                    above[-1] if above else [], width, places, dict(zip(EXTRA, EXTRA, strict=True))
                )
            ]
        )
        async for row, cells, troubles in _rows(session, org, batch, table):
            writer.writerow([as_text(t) for t in _line(cells, width, places, _explained(row, troubles))])
    out.detach().seek(0)
    return file


async def _xlsx(session: AsyncSession, org: OrgKit, batch: ImportBatch, tables: Sequence[Table]) -> IO[bytes]:
    out = org.kit.working.file()
    book = new_book(out, org.kit.working.folder)
    as_words = book.add_format({"num_format": "@"})
    bold = book.add_format({"bold": True, "num_format": "@"})
    why = book.add_format({"num_format": "@", "font_color": "#B3261E"})
    for table in tables:
        sheet = book.add_worksheet(_sheet_name(table.name))
        width, places = _width(table)
        above = await _above(session, org, batch, table)
        at = 0
        for cells in above[:-1]:
            _put(sheet, at, [plain(c) for c in cells], as_words)
            at += 1
        titles = _line(above[-1] if above else [], width, places, dict(zip(EXTRA, EXTRA, strict=True)))
        _put(sheet, at, titles, bold)
        async for row, cells, troubles in _rows(session, org, batch, table):
            at += 1
            line = _line(cells, width, places, _explained(row, troubles))
            _put(sheet, at, line, as_words, {places["原因"]: why})
        sheet.set_column(0, max(width - 3, 0), 14, as_words)
        sheet.set_column(width - 2, width - 1, 44, as_words)
    book.close()
    out.seek(0)
    return out


def _put(sheet: Any, at: int, texts: Sequence[str], form: Any, special: dict[int, Any] | None = None) -> None:
    """Every cell as text, blank ones too: what is typed there stays whole, formulas stay words."""
    for column, text in enumerate(texts):
        cell_form = (special or {}).get(column, form)
        if text:
            sheet.write_string(at, column, text, cell_form)
        else:
            sheet.write_blank(at, column, None, cell_form)


def _sheet_name(name: str) -> str:
    return "".join(c for c in name if c not in "[]:*?/\\")[:31].strip("'") or "名册"
