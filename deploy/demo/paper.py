"""Files to write lines into: CSV in the encodings offices use, XLSX with one or several sheets."""

import csv
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol, TextIO

import xlsxwriter

LARGEST_SHEET = 1_048_576
ENCODINGS = {"csv": "utf-8-sig", "gb18030": "gb18030"}


class SheetFullError(ValueError):
    """More lines than one sheet of a workbook can hold."""


class Paper(Protocol):
    """Somewhere to put lines; tells the line's number in the file, counting from 1, head included."""

    def put(self, cells: Sequence[str], sheet: str = "") -> int: ...


@contextmanager
def paper(folder: Path, name: str, form: str, columns: Sequence[str]) -> Iterator[Paper]:
    """A file of that form (`csv`, `gb18030` or `xlsx`), finished at the end."""
    if form == "xlsx":
        # inline strings, row by row: memory stays small; nothing becomes a formula or a number
        options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_numbers": False}
        with xlsxwriter.Workbook(str(folder / f"{name}.xlsx"), options) as book:
            yield _Workbook(book, columns)
        return
    with (folder / f"{name}.csv").open("w", encoding=ENCODINGS[form], newline="") as file:
        yield _Table(file, columns)


class _Table:
    def __init__(self, file: TextIO, columns: Sequence[str]) -> None:
        self._writer = csv.writer(file)
        self._writer.writerow(columns)
        self._lines = 1

    def put(self, cells: Sequence[str], sheet: str = "") -> int:
        del sheet  # a CSV has one
        self._writer.writerow(cells)
        self._lines += 1
        return self._lines


class _Workbook:
    def __init__(self, book: Any, columns: Sequence[str]) -> None:
        self._book, self._columns = book, columns
        self._sheets: dict[str, Any] = {}
        self._lines: dict[str, int] = {}

    def put(self, cells: Sequence[str], sheet: str = "") -> int:
        if sheet not in self._sheets:
            self._sheets[sheet], self._lines[sheet] = self._book.add_worksheet(sheet or None), 0
            self._write(sheet, self._columns)
        return self._write(sheet, cells)

    def _write(self, sheet: str, cells: Sequence[str]) -> int:
        row = self._lines[sheet]
        if row >= LARGEST_SHEET:
            raise SheetFullError(f"a sheet holds {LARGEST_SHEET:,} lines: write CSV instead (--form csv)")
        for column, text in enumerate(cells):
            self._sheets[sheet].write_string(row, column, text)
        self._lines[sheet] = row + 1
        return row + 1
