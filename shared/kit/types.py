"""Strict input types: what may enter by a form, a query or a JSON body."""

import re
import unicodedata
from datetime import date, datetime
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError

FIRST_YEAR, LAST_YEAR = 1900, 2100

# C0/C1 controls (NUL among them), lone surrogates, marks that turn the direction of text (they can
# make a name show as another one), line separators, byte order mark, annotation and tag characters,
# the replacement character and non-characters: nothing a person types, all of it able to break
# PostgreSQL, a log line or a reader's eye.
_FORBIDDEN = (
    "\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff"
    "\ufdd0-\ufdef\ufeff\ufff9-\uffff\U000e0000-\U000e007f"
)
_IN_LINE = re.compile(f"[\x00-\x1f{_FORBIDDEN}]")
_IN_LINES = re.compile(f"[\x00-\x08\x0b-\x1f{_FORBIDDEN}]")

_INTEGER = re.compile(r"[+-]?[0-9]{1,19}")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}.*", re.DOTALL)


def forbidden_character(text: str, *, lines: bool = False) -> str | None:
    """Say in Chinese which kind of forbidden character the text holds, or None."""
    found = (_IN_LINES if lines else _IN_LINE).search(text)
    if found is None:
        return None
    character = found.group()
    if "\ud800" <= character <= "\udfff":
        return "含有不完整的字符（半个代理对）"
    if character == "\ufffd":
        return "含有乱码字符"
    if character in "\t\n\r\u2028\u2029":
        return "只能填写一行，不能含有换行或制表符"
    return f"含有不可见的控制字符（U+{ord(character):04X}）"


def has_symbol(text: str) -> bool:
    """Whether there is an emoji or another sign that is neither writing nor punctuation."""
    return any(unicodedata.category(character) == "So" for character in text)


_UNSEEN = frozenset("\u115f\u1160\u2800\u3164\uffa0")
"""Letters and signs by their category that show nothing."""


def is_blank(text: str) -> bool:
    """Whether nothing in it can be seen: blanks of every width, fillers, marks without a letter."""
    return all(c.isspace() or c in _UNSEEN or unicodedata.category(c) in ("Cf", "Mn", "Me") for c in text)


def _check(text: str, *, lines: bool) -> str:
    reason = forbidden_character(text, lines=lines)
    if reason is not None:
        raise PydanticCustomError("forbidden_character", "{reason}", {"reason": reason})
    return "" if is_blank(text) else text


def _text_in(value: Any) -> Any:
    # Before pydantic-core sees the string: it refuses a lone surrogate with a less clear word, and
    # stripping must not hide a control character at either end.
    return _check(value, lines=False) if isinstance(value, str) else value


def _lines_in(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    return _check(value.replace("\r\n", "\n").replace("\r", "\n"), lines=True)


def _blank_to_none(value: Any) -> Any:
    return None if isinstance(value, str) and is_blank(value) else value


def _whole(value: Any) -> Any:
    # Forms and queries send digits, JSON sends numbers; True, 5.0, "5.0" and "٥" are neither.
    if isinstance(value, str) and _INTEGER.fullmatch(value):
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise PydanticCustomError("whole_number", "请填写整数")


def _day(value: Any) -> Any:
    # pydantic alone would read 0, "1700000000" and a midnight datetime as dates
    if (isinstance(value, str) and _DATE.fullmatch(value)) or type(value) is date:
        return value
    raise PydanticCustomError("plain_date", "请按“年-月-日”填写日期，例如 2026-03-08")


def _moment(value: Any) -> Any:
    if (isinstance(value, str) and _MOMENT.fullmatch(value)) or isinstance(value, datetime):
        return value
    raise PydanticCustomError("moment", "请填写带时区的日期和时间，例如 2026-03-08T09:00:00+08:00")


def _day_in_years(value: date) -> date:
    if not FIRST_YEAR <= value.year <= LAST_YEAR:
        raise PydanticCustomError("year_range", "年份应在 1900 到 2100 之间")
    return value


def _moment_in_years(value: datetime) -> datetime:
    _day_in_years(value.date())
    return value


def _line(longest: int, shortest: int = 1) -> StringConstraints:
    return StringConstraints(strict=True, strip_whitespace=True, min_length=shortest, max_length=longest)


Text60 = Annotated[str, _line(60), BeforeValidator(_text_in)]
Text200 = Annotated[str, _line(200), BeforeValidator(_text_in)]
Text2000 = Annotated[str, _line(2000), BeforeValidator(_text_in)]
# what stands in a search box: may be empty
SearchText = Annotated[str, _line(100, 0), BeforeValidator(_text_in)]
# a field of a form that may stay empty and then is an empty text
FreeText200 = Annotated[str, _line(200, 0), BeforeValidator(_text_in)]
# an opaque place in a list, as an answer gave it
PageCursor = Annotated[str, StringConstraints(strict=True, pattern=r"^[A-Za-z0-9_-]{0,2000}$")]
# several lines: \n and \t allowed, the browser's \r\n becomes \n
Lines2000 = Annotated[str, _line(2000), BeforeValidator(_lines_in)]
Lines20000 = Annotated[str, _line(20_000), BeforeValidator(_lines_in)]
# an empty form field means "nothing"
Blank = BeforeValidator(_blank_to_none)
OptionalText60 = Annotated[Text60 | None, Blank]
OptionalText200 = Annotated[Text200 | None, Blank]
OptionalText2000 = Annotated[Text2000 | None, Blank]
OptionalLines2000 = Annotated[Lines2000 | None, Blank]

# a code given by people (unit, venue, card series) and a name used inside the software
Code = Annotated[
    str,
    StringConstraints(strict=True, strip_whitespace=True, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$"),
    BeforeValidator(_text_in),
]
Slug = Annotated[
    str,
    StringConstraints(strict=True, pattern=r"^[a-z][a-z0-9_]{0,39}$"),
    BeforeValidator(_text_in),
]

Int32 = Annotated[int, Field(ge=-(2**31), le=2**31 - 1), BeforeValidator(_whole)]
Int64 = Annotated[int, Field(ge=-(2**63), le=2**63 - 1), BeforeValidator(_whole)]
Count = Annotated[int, Field(ge=0, le=2**31 - 1), BeforeValidator(_whole)]
# finite, and small enough that arithmetic on a few of them stays finite
Number = Annotated[float, Field(strict=True, allow_inf_nan=False, ge=-1e15, le=1e15)]

Day = Annotated[date, AfterValidator(_day_in_years), BeforeValidator(_day)]
OptionalDay = Annotated[Day | None, Blank]
Moment = Annotated[AwareDatetime, AfterValidator(_moment_in_years), BeforeValidator(_moment)]

Bound = TypeVar("Bound", int, date)


def in_order(low: Bound | None, high: Bound | None) -> tuple[Bound | None, Bound | None]:
    """A range somebody looks for, also when it is written backwards: 40 to 20 means 20 to 40."""
    return (high, low) if low is not None and high is not None and low > high else (low, high)
