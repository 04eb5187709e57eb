"""Why a file is not taken: a reason and what to do, in words for staff."""

import os

_SPLIT = "请拆成几个文件后再上传。"
_LIGHTER = "请删去多余的格式和工作表，拆成几个文件，或另存为 CSV 后再上传。"


class FileRefused(Exception):  # noqa: N818 - a refusal, no fault of the program
    """The file as a whole is refused; `rows` names the lines that were the cause, if any."""

    def __init__(self, reason: str, hint: str = "", rows: tuple[int, ...] = ()) -> None:
        super().__init__(reason)
        self.reason, self.hint, self.rows = reason, hint, rows


def is_packed(descriptor: int) -> bool:
    """Whether the open file is a workbook rather than text; its position stays."""
    return os.pread(descriptor, 2, 0) == b"PK"


def too_slow(packed: bool) -> FileRefused:
    """The file would take too long."""
    return FileRefused("读取文件用的时间超过上限", _LIGHTER if packed else _SPLIT)


def too_large(packed: bool) -> FileRefused:
    """The file would take too much memory."""
    return FileRefused("文件太大，读取用的内存超过上限", _LIGHTER if packed else _SPLIT)
