"""The child process that reads a hostile file: own limits, no arguments, file on stdin, JSON lines on stdout.

Lines: `{"file": ...}`, `{"sheet": name}`, `[row, [cells]]` for each row with something in it,
`{"hidden": name}` for a sheet that is hidden and not read, at the end `{"end": rows}` or
`{"refused": {reason, hint, rows}}`. Imports as little as possible: it starts for each upload.
"""

import contextlib
import os
import resource
import signal
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

from shared.org.imports import guard, limits, sniff
from shared.org.imports.refusal import FileRefused, is_packed, too_large
from shared.org.imports.sheets import Cell, measure, workbook_rows

_FLUSH = 1 << 16


def confine() -> None:
    """Take from this process what reading a table does not need."""
    resource.setrlimit(resource.RLIMIT_AS, (limits.MEMORY, limits.MEMORY))
    seconds = limits.cpu_seconds(os.fstat(0).st_size)
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (32, 32))
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)


def step_forward() -> None:
    """Where no memory is left this process is killed, not the worker that waits for it and says why."""
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")


class Answer:
    """Buffered JSON lines on a stream."""

    def __init__(self, out: BinaryIO, most: int) -> None:
        import orjson  # noqa: PLC0415 - loaded after the limits are set

        self._dumps = orjson.dumps
        self._out = out
        self._held: list[bytes] = []
        self._size = 0
        self._left = most
        self.rows = 0

    def say(self, value: object) -> None:
        line = self._dumps(value)
        self._held.append(line)
        self._size += len(line)
        if self._size > _FLUSH:
            self.flush()

    def row(self, number: int, cells: list[Cell]) -> None:
        """A row without its empty end; empty rows are not worth a line."""
        while cells and not _filled(cells[-1]):
            cells.pop()
        if not cells:
            return
        size = 0
        for column, cell in enumerate(cells, 1):
            length = len(cell) if isinstance(cell, str) else 8
            size += length
            if length > limits.CELL or size > limits.ROW:
                what = f"第 {number} 行第 {column} 列的内容过长（超过 {min(limits.CELL, limits.ROW):,} 个字）"
                raise FileRefused(what, "请把长文字移到别处，只保留人员资料。", (number,))
        self._left -= size
        if self._left < 0:
            what = "单元格里的文字总量过大"
            raise FileRefused(what, "同一段长文字重复了很多次。请只保留人员资料。", (number,))
        self.rows += 1
        self.say([number, cells])

    def refuse(self, refused: FileRefused) -> None:
        """The last word about a file that is no good."""
        self.say({"refused": {"reason": refused.reason, "hint": refused.hint, "rows": refused.rows}})

    def flush(self) -> None:
        if self._held:
            self._out.write(b"\n".join(self._held) + b"\n")
            self._out.flush()
        self._held, self._size = [], 0


def _filled(cell: Cell) -> bool:
    return bool(cell.strip()) if isinstance(cell, str) else True


def read(source: BinaryIO, answer: Answer) -> None:
    """Check the file, then answer with all its rows."""
    if guard.kind_of(source) == "text":
        _read_text(source, answer)
    else:
        _read_workbook(source, answer)
    if not answer.rows:
        raise FileRefused("文件里没有任何内容", "请确认上传的是填好的名册。")
    answer.say({"end": answer.rows})


def _read_text(source: BinaryIO, answer: Answer) -> None:
    encoding = sniff.encoding_of(source)
    answer.say({"file": {"kind": "csv", "encoding": encoding}})
    answer.say({"sheet": ""})
    _send(sniff.csv_rows(source, encoding), answer, limits.CSV_ROWS)


def _read_workbook(source: BinaryIO, answer: Answer) -> None:
    package = guard.open_workbook(source)
    guard.check_parts(package)
    measure(package)
    answer.say({"file": {"kind": "xlsx", "encoding": ""}})
    hidden = False
    for name, rows in workbook_rows(source, package):
        if rows is None:
            answer.say({"hidden": name})
            hidden = True
        else:
            answer.say({"sheet": name})
            _send(rows, answer, limits.XLSX_ROWS)
    if hidden and not answer.rows:
        raise FileRefused("没有隐藏的工作表里没有任何内容", "隐藏的工作表不读入：请取消隐藏，另存后再上传。")


def _send(
    rows: Iterable[tuple[int, list[str]]] | Iterable[tuple[int, list[Cell]]], answer: Answer, most: int
) -> None:
    for number, cells in rows:
        answer.row(number, list(cells))
        if answer.rows > most:
            raise FileRefused(f"超过 {most:,} 行", "请拆成几个文件，或另存为 CSV 后再上传。")


def main() -> None:
    step_forward()
    confine()
    answer = Answer(sys.stdout.buffer, limits.most_said(os.fstat(0).st_size))
    try:
        read(os.fdopen(0, "rb"), answer)
    except FileRefused as refused:
        answer.refuse(refused)
    except MemoryError:
        answer.refuse(too_large(is_packed(0)))
    answer.flush()
    os._exit(0)  # the text wrapper must not close descriptors twice on the way out


if __name__ == "__main__":
    main()
