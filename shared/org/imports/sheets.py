"""Rows of an Excel workbook: first its sheets are measured as text, then calamine reads the values."""

import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import BinaryIO

from shared.org.imports import limits
from shared.org.imports.guard import AGAIN, SAVE_AS
from shared.org.imports.refusal import FileRefused

Cell = str | list[str]
"""text as it is; `["n", "12.5"]` a number, `["d", "2024-01-05"]` a date, `["f", ""]` a formula alone"""

# attributes hold no "<": without that bound a file of unclosed tags would keep the search busy for hours
_PLACE = re.compile(
    rb"<(?:\w{1,20}:)?(row|c)\b(?>[^<>]{0,4000}?\br=[\"']([A-Z]{0,7})(\d{1,12})[\"'])?+[^<>]*+>"
)
_FORMULA = re.compile(
    rb"<(?:\w{1,20}:)?c\b[^<>]{0,200}?\br=[\"']([A-Z]{1,3})(\d{1,7})[\"'][^<>]{0,200}>\s{0,20}<(?:\w{1,20}:)?f\b"
)
_LONGEST_FORMULA = 9_000
_VALUE = re.compile(rb"<(?:\w+:)?v>[^<]")
_SHEET = re.compile(r"^xl/worksheets/[^/]+\.xml$", re.IGNORECASE)
_BLOCK = 1 << 22
_HELD = 1 << 16


def column_number(letters: bytes) -> int:
    """A -> 0, Z -> 25, AA -> 26."""
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number - 1


def measure(package: zipfile.ZipFile) -> None:
    """Refuse sheets that calamine would need too much memory for: it keeps the whole rectangle."""
    cells = 0
    for name in package.namelist():
        if not _SHEET.match(name):
            continue
        last = 0
        for row, column in _cells(package, name):
            cells += 1
            last = max(last, row)
            if column >= limits.COLUMNS:
                raise FileRefused(
                    f"第 {row} 行用到第 {column + 1:,} 列，超过 {limits.COLUMNS} 列",
                    "请删去右侧多余的列和格式后再上传。",
                )
            if row > limits.XLSX_ROWS + 100:
                raise FileRefused(
                    f"表格用到第 {row:,} 行，超过 {limits.XLSX_ROWS:,} 行",
                    "请删去下方多余的空行和格式；人数确实更多时请另存为 CSV。",
                )
            if cells > limits.XLSX_CELLS:
                raise FileRefused(
                    f"表格超过 {limits.XLSX_CELLS:,} 格", "请拆成几个文件，或另存为 CSV 后再上传。"
                )


def _cells(package: zipfile.ZipFile, name: str) -> Iterator[tuple[int, int]]:
    """Row from 1 and column from 0 of every cell; one that does not say stands beside the one before it."""
    row, column = 0, -1
    for piece in _pieces(package, name, b"<"):
        for tag, letters, number in _PLACE.findall(piece):
            if tag == b"row":
                row, column = int(number) if number else row + 1, -1
            elif letters:
                row, column = int(number), column_number(letters)
                yield row, column
            else:
                column += 1
                yield row, column


def _pieces(package: zipfile.ZipFile, name: str, boundary: bytes) -> Iterator[bytes]:
    """The part in blocks that end before a boundary, so that nothing looked for is cut in two."""
    rest = b""
    with package.open(name) as part:
        while block := part.read(_BLOCK):
            piece = rest + block
            cut = piece.rfind(boundary)
            if cut <= 0 or len(piece) - cut > limits.LINE:
                cut = len(piece)
            yield piece[:cut]
            rest = piece[cut:]
    yield rest


def empty_formulas(package: zipfile.ZipFile, name: str) -> set[tuple[int, int]]:
    """Cells (row from 1, column from 0) whose formula has no stored value: calamine shows '' or 0."""
    out = set()
    for piece in _pieces(package, name, b"<c "):
        if b"<f" not in piece and b":f" not in piece:
            continue
        for found in _FORMULA.finditer(piece):
            end = piece.find(b"c>", found.end(), found.end() + _LONGEST_FORMULA)
            if end < 0 or not _VALUE.search(piece, found.end(), end):
                out.add((int(found[2]), column_number(found[1])))
    return out


def sheet_parts(package: zipfile.ZipFile) -> dict[str, str]:
    """Sheet name -> its part, by the workbook's own table."""
    book = package.read("xl/workbook.xml").decode("utf-8", "replace")
    try:
        rels = package.read("xl/_rels/workbook.xml.rels").decode("utf-8", "replace")
    except KeyError:
        return {}
    targets = {}
    for tag in re.findall(r"<(?:\w{1,20}:)?Relationship\b[^<>]{0,4000}>", rels):
        attributes = dict(re.findall(r"\b(\w{1,20})=[\"']([^\"']*)[\"']", tag))
        targets[attributes.get("Id", "")] = attributes.get("Target", "")
    parts = {}
    for tag in re.findall(r"<(?:\w{1,20}:)?sheet\b[^<>]{0,4000}>", book):
        name = re.search(r"\bname=[\"']([^\"']*)[\"']", tag)
        rel = re.search(r":id=[\"']([^\"']*)[\"']", tag)
        if name and rel and rel[1] in targets:
            target = targets[rel[1]]
            parts[_unescape(name[1])] = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
    return parts


def _unescape(text: str) -> str:
    for entity, character in (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&apos;", "'"), ("&amp;", "&")):
        text = text.replace(entity, character)
    return text


def workbook_rows(
    source: BinaryIO, package: zipfile.ZipFile
) -> Iterator[tuple[str, Iterator[tuple[int, list[Cell]]] | None]]:
    """Every visible sheet with its rows, then the names of those that are hidden."""
    from python_calamine import (  # noqa: PLC0415 - the limits of the process are set before it loads
        CalamineError,
        CalamineWorkbook,
        PasswordError,
        SheetTypeEnum,
        SheetVisibleEnum,
    )

    parts = sheet_parts(package)
    source.seek(0)
    try:
        book = CalamineWorkbook.from_filelike(source)
        known = [s for s in book.sheets_metadata if s.typ == SheetTypeEnum.WorkSheet]
    except PasswordError as error:
        raise FileRefused("文件设置了打开密码", "请取消密码，另存后再上传。") from error
    except CalamineError as error:
        raise FileRefused("文件不完整或已损坏，Excel 的内容读不出来", AGAIN) from error
    sheets = [s.name for s in known if s.visible == SheetVisibleEnum.Visible]
    if len(sheets) > limits.SHEETS:
        raise FileRefused(f"有 {len(sheets)} 张工作表，超过 {limits.SHEETS} 张", SAVE_AS)
    for name in sheets:
        try:
            sheet = book.get_sheet_by_name(name)
        except CalamineError as error:
            raise FileRefused(f"工作表“{name}”的内容读不出来", AGAIN) from error
        formulas = empty_formulas(package, parts[name]) if parts.get(name) in package.namelist() else set()
        start = sheet.start or (0, 0)
        yield name, _rows(sheet.iter_rows(), start, formulas)
    for hidden in known:
        if hidden.visible != SheetVisibleEnum.Visible:
            yield hidden.name, None


def _rows(
    rows: Iterable[Sequence[object]], start: tuple[int, int], formulas: set[tuple[int, int]]
) -> Iterator[tuple[int, list[Cell]]]:
    padding = [""] * start[1]  # iter_rows begins at the sheet's first row but at its first used column
    by_row: dict[int, set[int]] = {}
    for row, column in formulas:
        by_row.setdefault(row, set()).add(column)
    for number, values in enumerate(rows, 1):
        cells = [*padding, *(_cell(value) for value in values)]
        for column in by_row.get(number, ()):
            cells += [""] * (column + 1 - len(cells))
            cells[column] = ["f", ""]
        yield number, cells


def _cell(value: object) -> Cell:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, (int, float)):
        return ["n", _digits(value)]
    if isinstance(value, date):  # a datetime is one too
        return ["d", date(value.year, value.month, value.day).isoformat()]
    return "" if value is None else str(value)


def _digits(value: float) -> str:
    whole = isinstance(value, int) or (value.is_integer() and abs(value) < 1e15)
    return str(int(value)) if whole else repr(value)
