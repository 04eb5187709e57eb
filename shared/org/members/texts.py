"""Reading single cells as offices write them: dates, sex, yes and no, plain words."""

import re
import unicodedata
from datetime import date, datetime
from typing import Any, Literal

from shared.kit.types import FIRST_YEAR, LAST_YEAR, forbidden_character

DATE_HINT = "请按 2026-03-05 的样式填写"

_FULL_DAY = re.compile(
    r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?(?:[T\s]\s*0{1,2}:00(?::00(?:\.0+)?)?)?"
)
_DAY_DIGITS = re.compile(r"(\d{4})(\d{2})(\d{2})")
_MONTH = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*月?")
_MONTH_DIGITS = re.compile(r"(\d{4})(\d{2})")

_MALE = {"男", "男性", "m", "male", "1", "♂"}
_FEMALE = {"女", "女性", "f", "female", "2", "♀"}
_YES = {"是", "有", "同意", "已同意", "愿意", "y", "yes", "true", "1", "√", "✓"}
_NO = {"否", "无", "没有", "不同意", "未同意", "拒绝", "n", "no", "false", "0", "×"}


class CellError(ValueError):
    """A cell that cannot be read; the text is for staff and holds nothing of the value."""


def cell(value: Any) -> str:
    """Any cell as text without blanks at the ends; whole numbers lose the `.0` a spreadsheet gave them."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, datetime):
        return value.date().isoformat()
    return unicodedata.normalize("NFKC", str(value)).strip() if not isinstance(value, str) else value.strip()


def words(value: Any, longest: int) -> str:
    """One line of text within the length; empty when there is nothing."""
    text = cell(value)
    if reason := forbidden_character(text):
        raise CellError(reason)
    if len(text) > longest:
        raise CellError(f"太长，最多 {longest} 个字")
    return text


def read_day(value: Any, *, month_is_enough: bool) -> tuple[date, bool] | None:
    """The day and whether it is exact; None when the cell is empty.

    Takes 2014年10月8日, 20141008, 2014-10-08, 2014/10/8, 2014.10.8; with `month_is_enough` also 2014年10月,
    2014.10 and 201410, which mean the first of the month. Two-digit years and serial numbers are refused.
    """
    if isinstance(value, datetime):
        return value.date(), True
    if isinstance(value, date):
        return value, True
    text = unicodedata.normalize("NFKC", cell(value)).strip().rstrip("。,;")
    if not text:
        return None
    if found := _FULL_DAY.fullmatch(text) or _DAY_DIGITS.fullmatch(text):
        return _date(*(int(part) for part in found.groups())), True
    if found := _MONTH.fullmatch(text) or _MONTH_DIGITS.fullmatch(text):
        if not month_is_enough:
            raise CellError(f"日期要写到日，{DATE_HINT}")
        year, month = (int(part) for part in found.groups())
        return _date(year, month, 1), False
    raise CellError(f"不是有效的日期，{DATE_HINT}")


def read_month(value: Any) -> tuple[int, int] | None:
    """Year and month of a cell that holds no more than these; None when it holds something else."""
    text = unicodedata.normalize("NFKC", cell(value)).strip()
    found = _MONTH.fullmatch(text) or _MONTH_DIGITS.fullmatch(text)
    return (int(found.group(1)), int(found.group(2))) if found else None


def _date(year: int, month: int, day: int) -> date:
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise CellError(f"年份应在 {FIRST_YEAR} 到 {LAST_YEAR} 之间")
    try:
        return date(year, month, day)
    except ValueError as error:
        raise CellError("没有这一天，请核对日期") from error


def read_sex(value: Any) -> Literal["f", "m"] | None:
    """Sex, None when the cell is empty."""
    text = unicodedata.normalize("NFKC", cell(value)).strip().lower()
    if not text:
        return None
    if text in _MALE:
        return "m"
    if text in _FEMALE:
        return "f"
    raise CellError("性别应为“男”或“女”")


def read_flag(value: Any) -> bool | None:
    """Yes or no, None when the cell is empty or says that nobody asked."""
    text = unicodedata.normalize("NFKC", cell(value)).strip().lower()
    if text in {"", "未询问", "未征求", "-", "—"}:
        return None
    if text in _YES:
        return True
    if text in _NO:
        return False
    raise CellError("应为“是”或“否”")
