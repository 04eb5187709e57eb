"""What was typed into the one box: pure decisions over its text."""

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum

from services.hub.lookup.syllables import SYLLABLES, divide
from shared.contracts.rpc import TokenKind
from shared.kit.pii import fold_pinyin

LAST = "\U0010ffff"
"""Behind every character: the end of the range of a prefix."""
LONGEST_QUERY = 100


class Kind(StrEnum):
    """How a query is understood; staff see it as `识别为`."""

    IDENTITY = "identity"
    PHONE = "phone"
    CARD = "card"
    TAIL = "tail"
    NAME = "name"
    GIVEN = "given"
    PINYIN = "pinyin"
    INITIALS = "initials"
    MIXED = "mixed"


TITLES = {
    Kind.IDENTITY: "证件号",
    Kind.PHONE: "手机号",
    Kind.CARD: "会员证号",
    Kind.TAIL: "后四位",
    Kind.NAME: "姓名",
    Kind.GIVEN: "名（不含姓）",
    Kind.PINYIN: "拼音",
    Kind.INITIALS: "首字母",
    Kind.MIXED: "拼音加首字母",
}


class NotUnderstoodError(ValueError):
    """The text cannot be a query; the message says why and what can be typed."""


@dataclass(frozen=True, slots=True)
class Query:
    """A classified query. Which fields are set depends on the kind; `number` is never shown in `repr`.

    `han` are characters the name begins with, `letters` typed pinyin, `pieces` their division, `asks` the
    kinds of token the number may be, most likely first.
    """

    kind: Kind
    han: str = ""
    letters: str = ""
    pieces: tuple[str, ...] = ()
    tail: str = ""
    number: str = ""
    asks: tuple[TokenKind, ...] = ()
    other: Kind | None = None

    def __repr__(self) -> str:
        return f"Query({self.kind})"


_HAN = "\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_TAIL = re.compile(rf"([{_HAN}]*)(?:[\dA-Z+-]*\*+)?(\d{{3}}[\dX])([{_HAN}]*)", re.IGNORECASE)
_HAN_LETTERS = re.compile(rf"([{_HAN}\u00b7]+)([a-z]+)")
_ANY_HAN = re.compile(f"[{_HAN}]")
_DOT = re.compile("[\u2022\u2027\u2219\u22c5\u30fb\u0387.。]")
_LETTERS = re.compile(r"[a-z]+")
_NUMBER = re.compile(r"(?=.*\d)[A-Z0-9]{5,32}")
_MOBILE = re.compile(r"1\d{10}")
_LANDLINE = re.compile(r"0\d{9,11}")
_COUNTRY = re.compile(r"\+?(?:0086|86)(1\d{10})")
_BETWEEN_DIGITS = re.compile(r"(?<=[0-9A-Za-z])[\s\-‐–—_]+(?=[0-9A-Za-z])")

HINT = "可输入姓名、拼音、首字母、手机号、证件号、会员证号，或号码后四位（可加姓）。"


def classify(text: str, prefer: Kind | None = None) -> Query:
    """Tell what the text is; `prefer` chooses the other understanding when there are two."""
    folded = unicodedata.normalize("NFKC", text).strip()
    if not folded:
        raise NotUnderstoodError("请输入要查询的内容")
    if len(folded) > LONGEST_QUERY:
        raise NotUnderstoodError(f"最多输入 {LONGEST_QUERY} 个字")
    compact = _BETWEEN_DIGITS.sub("", folded).replace("(", "").replace(")", "").lstrip("*")
    if (tail := _TAIL.fullmatch(compact.replace(" ", ""))) and not (tail[1] and tail[3]):
        return Query(Kind.TAIL, han=tail[1] or tail[3], tail=tail[2].upper())
    if _ANY_HAN.search(folded):
        return _with_characters(_DOT.sub("\u00b7", folded), prefer)
    if any(c.isdigit() for c in compact):
        return _number(compact.upper())
    return _letters(folded, prefer)


def _number(compact: str) -> Query:
    if mobile := _COUNTRY.fullmatch(compact):
        compact = mobile[1]
    if not _NUMBER.fullmatch(compact):
        raise NotUnderstoodError("号码太短或含有不该出现的符号" if len(compact) < 33 else "号码太长")
    if _MOBILE.fullmatch(compact):
        return Query(Kind.PHONE, number=compact, asks=("phone", "card"))
    if _LANDLINE.fullmatch(compact):
        return Query(Kind.PHONE, number=compact, asks=("phone", "card"))
    if re.fullmatch(r"\d{15}|\d{17}[\dX]", compact):
        return Query(Kind.IDENTITY, number=compact, asks=("identity", "card"))
    return Query(Kind.CARD, number=compact, asks=("card", "identity"))


def miscounted(number: str) -> str:
    """What to say of a number that looks like an identity number but for one digit."""
    if re.fullmatch(r"\d{17}", number):
        return "身份证号应为 18 位，这里只有 17 位，少一位"
    return "身份证号应为 18 位，这里有 19 位，多一位" if re.fullmatch(r"\d{18}[\dX]", number) else ""


def _with_characters(folded: str, prefer: Kind | None) -> Query:
    mixed = _HAN_LETTERS.fullmatch(fold_case(folded))
    if mixed is None and prefer is Kind.GIVEN:
        return Query(Kind.GIVEN, han=folded, other=Kind.NAME)
    if mixed is None:
        return Query(Kind.NAME, han=folded, other=Kind.GIVEN)
    return Query(Kind.MIXED, han=mixed[1], letters=mixed[2], pieces=divide(mixed[2]))


def fold_case(text: str) -> str:
    """Small letters, no blanks."""
    return "".join(text.lower().split())


def _letters(folded: str, prefer: Kind | None) -> Query:
    letters = fold_pinyin(folded)
    if not _LETTERS.fullmatch(letters):
        if any(c.isalpha() for c in folded):
            return Query(Kind.NAME, han=folded)  # a name in another script
        raise NotUnderstoodError("看不懂这个内容")
    pieces = divide(letters)
    kind = _kind_of(pieces)
    other = _other_kind(letters, kind)
    if prefer is not None and prefer == other:
        return Query(
            prefer, letters=letters, pieces=tuple(letters) if prefer is Kind.INITIALS else pieces, other=kind
        )
    return Query(kind, letters=letters, pieces=pieces, other=other)


def _kind_of(pieces: tuple[str, ...]) -> Kind:
    if all(p in SYLLABLES for p in pieces[:-1]):
        return Kind.PINYIN  # the last one may be unfinished
    return Kind.INITIALS if all(len(p) == 1 for p in pieces) else Kind.MIXED


def _other_kind(letters: str, kind: Kind) -> Kind | None:
    """What else the letters may be: initials when short enough, the pinyin of a foreign name."""
    if kind is not Kind.PINYIN:
        return Kind.PINYIN
    possible = 1 < len(letters) <= 5 and not set(letters) & set("iuv")
    return Kind.INITIALS if possible else None


def pattern(pieces: tuple[str, ...]) -> str:
    """A regular expression over whole pinyin for pieces that are syllables or initials, in order."""
    return "^" + "".join(f"{p}[a-z]*" if len(p) == 1 else p for p in pieces)


def age_band(birth_year: int | None, this_year: int) -> str:
    """Five years wide, never the age itself: 30—34."""
    if birth_year is None:
        return ""
    low = max(0, this_year - birth_year) // 5 * 5
    return f"{low}—{low + 4}"
