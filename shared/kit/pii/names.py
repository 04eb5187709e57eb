"""Names of persons: the stored form, the key for comparison, the forms for search."""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from shared.kit.pii.errors import PersonNameError
from shared.kit.pii.readings import plain, simplified, syllables
from shared.kit.pii.surnames import COMPOUND, SINGLE, compound_surname
from shared.kit.types import forbidden_character

if TYPE_CHECKING:
    from collections.abc import Iterable

LONGEST = 60
_LONGEST_INPUT = 1000  # before folding: no work is done for a whole file in one cell
INTERPUNCT = "\u00b7"

# • ‧ ∙ ⋅ ・ · . 。and their relatives, as they arrive between the parts of a name
_DOTS = "\u00b7\u2022\u2027\u2219\u22c5\u30fb\u0387\u1427\u318d\u119e\u25cf\u2e31\u2e33.。"
_INVISIBLE = re.compile("[\u00ad\u034f\u200b-\u200d\u2060\ufe00-\ufe0f\ufeff\U000e0100-\U000e01ef]")
_BLANKS = re.compile(r"\s+")
_SEPARATORS = re.compile(rf"\s*[{_DOTS}][{_DOTS}\s]*")
_HAN_RUN = re.compile("([\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]+)")
_PRIVATE = re.compile("[\ue000-\uf8ff\U000f0000-\U0010ffff]")
_U_FORMS = ("v", "u", "yu")  # 吕: lv in most software, lu by habit, LYU in passports


@dataclass(frozen=True, slots=True)
class NameKeys:
    """What a name is compared and searched by; the first of each tuple is the usual reading."""

    key: str
    pinyins: tuple[str, ...]
    initials: tuple[str, ...]
    spoken: str


def normalise_name(text: str) -> str:
    """Form to store and show: NFKC, one interpunct, no padding; the characters stay as written."""
    if len(text) > _LONGEST_INPUT:
        raise _too_long(len(text))
    folded = _INVISIBLE.sub("", unicodedata.normalize("NFKC", _INVISIBLE.sub("", text)))
    name = _separate(_BLANKS.sub(" ", folded).strip())
    _refuse(name)
    return name


@lru_cache(maxsize=256)  # a record's tokens ask for the same name again and again
def name_key(text: str) -> str:
    """Key by which names are equal: normalised, simplified, without case."""
    return simplified(normalise_name(text)).casefold()


def name_keys(text: str, *, person: bool = True) -> NameKeys:
    """All search forms of a name, every living reading of the surname included.

    `person=False` for names of units and places: 解放 is no Mr Xie.
    """
    name = normalise_name(text)
    short = simplified(name)
    surname, readings = _surname(short) if person else ("", [()])
    rest = _parts(short[len(surname) :], name[len(surname) :])
    tail = [bare for part in rest for syllable in part if (bare := plain(syllable))]
    spelt = [[plain(syllable) for syllable in reading] + tail for reading in readings]
    return NameKeys(
        key=short.casefold(),
        pinyins=_unique(form for whole in spelt for form in _spellings("".join(whole), whole)),
        initials=_unique("".join(syllable[:1] for syllable in whole) for whole in spelt),
        spoken=_spoken([list(readings[0]), *rest] if surname else rest),
    )


@lru_cache(maxsize=4096)
def by_pinyin(text: str, *, person: bool = True) -> tuple[str, str]:
    """The key that puts names of people and places in the order they are spelt in, never by code point."""
    try:
        return name_keys(text, person=person).pinyins[0], text
    except PersonNameError:  # no name at all
        return text.casefold(), text


def given_of(key: str) -> str:
    """A name key behind the surname or the first interpunct; empty when nothing tells them apart."""
    first, dot, rest = key.partition(INTERPUNCT)
    if dot:
        return rest.replace(INTERPUNCT, "")
    return first[len(compound_surname(first)) or 1 :] if _HAN_RUN.fullmatch(first) else ""


def fold_pinyin(typed: str) -> str:
    """Typed pinyin as it stands in `pinyins`: lower case, no tones, blanks or apostrophes."""
    return plain(unicodedata.normalize("NFKC", typed).lower().replace("u:", "v"))


def _separate(name: str) -> str:
    dotted = _SEPARATORS.sub(INTERPUNCT, name).strip(INTERPUNCT + " ")
    if " " not in dotted:
        return dotted
    pieces = dotted.split(" ")
    if INTERPUNCT not in dotted and _is_padded(pieces):
        return "".join(pieces)
    return INTERPUNCT.join(pieces)


def _is_padded(pieces: list[str]) -> bool:
    """Tell 张  三 and 欧阳 娜 (blanks to fill the column) from 努尔 艾合买提 (an interpunct)."""
    whole = "".join(pieces)
    if len(whole) > 4 or not _HAN_RUN.fullmatch(whole):  # surname 2, given 2
        return False
    first = pieces[0]
    return len(first) == 1 or simplified(first) in COMPOUND


def _too_long(length: int) -> PersonNameError:
    return PersonNameError(f"姓名过长：最多 {LONGEST} 个字，现为 {length} 个", "请检查列是否对应错了")


def _refuse(name: str) -> None:
    if not name:
        raise PersonNameError("姓名为空", "请填写姓名")
    if len(name) > LONGEST:
        raise _too_long(len(name))
    reason = forbidden_character(name)
    if reason is not None:
        raise PersonNameError(f"姓名{reason}", "请重新输入姓名，不要从其他软件粘贴格式")
    if _PRIVATE.search(name):
        raise PersonNameError("姓名含有自造字，其他系统无法显示", "请改用国家标准 GB 18030 收录的字")
    if not any(character.isalpha() for character in name):
        raise PersonNameError("姓名里没有文字", "请检查列是否对应错了")


def _surname(short: str) -> tuple[str, list[tuple[str, ...]]]:
    """Surname and its readings (each a tuple of syllables); '' and one empty reading if none."""
    if not _HAN_RUN.fullmatch(short):
        return "", [()]
    compound = compound_surname(short)
    if compound:
        return compound, _compound_readings(compound)
    single = short[0]
    return single, [(reading,) for reading in SINGLE.get(single) or syllables(single)]


def _compound_readings(compound: str) -> list[tuple[str, ...]]:
    usual = tuple(COMPOUND[compound][0].split("-"))
    # 单于飞 may be Chanyu Fei or Shan Yufei: both are found
    return [usual, *((first, *usual[1:]) for first in SINGLE.get(compound[0], ()))]


def _parts(short: str, written: str) -> list[list[str]]:
    """Syllables of each part of a name; a Latin word is one syllable."""
    if len(short) != len(written):
        written = short
    parts, start = [], 0
    for piece in short.split(INTERPUNCT):
        part: list[str] = []
        for run in filter(None, _HAN_RUN.split(piece)):
            original = written[start : start + len(run)]
            part += syllables(run, original) if _HAN_RUN.fullmatch(run) else [run] * bool(plain(run))
            start += len(run)
        start += 1  # the interpunct
        if part:
            parts.append(part)
    return parts


def _spellings(joined: str, whole: list[str]) -> list[str]:
    umlauts = [s.startswith(("lv", "nv")) and len(s) <= 3 for s in whole]  # lv, lve
    if not any(umlauts):
        return [joined]
    return [
        "".join(
            syllable.replace("v", form, 1) if umlaut else syllable
            for syllable, umlaut in zip(whole, umlauts, strict=True)
        )
        for form in _U_FORMS
    ]


def _spoken(parts: list[list[str]]) -> str:
    return " ".join(_word(part) for part in parts)


def _word(part: list[str]) -> str:
    """Join syllables as GB/T 28039 does: Xī'ān, not Xīān."""
    word = part[0]
    for syllable in part[1:]:
        word += f"'{syllable}" if plain(syllable).startswith(("a", "o", "e")) else syllable
    return word[:1].upper() + word[1:]


def _unique(forms: "Iterable[str]") -> tuple[str, ...]:
    return tuple(dict.fromkeys(forms))
