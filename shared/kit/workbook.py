"""Workbooks that leave the house: every cell is text and none a formula; memory does not grow with them."""

from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

import xlsxwriter

from shared.kit.spreadsheet import is_formula

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def new_book(file: IO[bytes], folder: Path) -> Any:
    """A workbook that takes texts as they are; `folder` holds its parts until it is closed."""
    options = {
        "constant_memory": True,
        "tmpdir": str(folder),
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    return xlsxwriter.Workbook(file, options)


class Sheets:
    """A workbook of plain tables, written sheet after sheet and row after row."""

    def __init__(self, file: IO[bytes], folder: Path) -> None:
        self._book = new_book(file, folder)
        # Excel keeps such a cell as text even when it is edited or saved as CSV
        self._quoted = self._book.add_format({"quote_prefix": True, "num_format": "@"})
        self._plain = self._book.add_format({"num_format": "@"})

    def begin(self, name: str, widths: Sequence[int]) -> None:
        """The next sheet; its first row stays in sight."""
        self._sheet, self._row = self._book.add_worksheet(name), 0
        for column, width in enumerate(widths):
            self._sheet.set_column(column, column, width)
        self._sheet.freeze_panes(1, 0)

    def write(self, rows: Sequence[Sequence[str]]) -> None:
        """Rows below those there are."""
        for row in rows:
            for column, text in enumerate(row):
                style = self._quoted if is_formula(text) else self._plain
                self._sheet.write_string(self._row, column, text, style)
            self._row += 1

    def close(self) -> None:
        """The file is whole now."""
        self._book.close()
