"""Pure rules of the unit tree: labels, subtrees, names, which kind may stand below which."""

import re
import unicodedata
from collections.abc import Sequence

from shared.kit.errors import Invalid
from shared.kit.pii.free_text import holds_number
from shared.kit.types import forbidden_character, has_symbol
from shared.org.profile import OrgProfile

LONGEST_NAME = 100
DEEPEST = 12
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_BLANKS = re.compile(r"\s+")
_DISTRICT = re.compile(r"^.{1,8}?[区县市旗]")


def label(number: int) -> str:
    """The unit's number in base 36: a short path element."""
    out = ""
    while number:
        number, digit = divmod(number, 36)
        out = _DIGITS[digit] + out
    return out or "0"


def in_scope(path: str, scope: str) -> bool:
    """True when the unit at `path` is the scope's unit or below it; an empty scope is the whole tree."""
    return not scope or path == scope or path.startswith(scope + "/")


def clean_name(text: str) -> str:
    """The name as it is stored: one line, no blanks at the ends, full-width letters folded; or Invalid."""
    name = _BLANKS.sub(" ", unicodedata.normalize("NFKC", text)).strip()
    if not name:
        raise Invalid("单位名称不能为空", fields={"name": "请填写单位名称"})
    if len(name) > LONGEST_NAME:
        raise Invalid("单位名称太长", fields={"name": f"单位名称最多 {LONGEST_NAME} 个字"})
    if holds_number(name):
        text = "单位名称里不能写证件号或手机号"
        raise Invalid(text, fields={"name": text})
    if has_symbol(name):
        text = "单位名称不能含有表情或符号"
        raise Invalid(text, fields={"name": text})
    if "/" in name or (reason := forbidden_character(name)):
        text = "单位名称不能含有斜杠" if "/" in name else f"单位名称{reason}"
        raise Invalid(text, fields={"name": text})
    return name


def comparable(name: str) -> str:
    """A name for comparison: blanks and width do not matter."""
    return _BLANKS.sub("", unicodedata.normalize("NFKC", name)).casefold()


def may_stand_below(profile: OrgProfile, parent: str | None, kind: str) -> bool:
    """Whether a unit of that kind may stand below the parent's kind (below nothing: only the top kind)."""
    return kind == profile.top_kind if parent is None else kind in profile.kind(parent).children


def guess_kind(profile: OrgProfile, parent: str, name: str) -> str | None:
    """The kind a new unit most likely has: by the longest name ending that may stand below the parent.

    Without a fitting ending the only allowed kind is taken, else nothing is guessed.
    """
    allowed = profile.kind(parent).children
    for ending in sorted(profile.unit_suffixes, key=len, reverse=True):
        if name.endswith(ending) and profile.unit_suffixes[ending] in allowed:
            return profile.unit_suffixes[ending]
    return allowed[0] if len(allowed) == 1 else None


def ends_with(names: Sequence[str], path: Sequence[str]) -> bool:
    """Whether a unit whose names from the top are `names` may be meant by `path` (last names are enough)."""
    if not path or len(path) > len(names):
        return False
    tail = names[-len(path) :]
    return all(comparable(a) == comparable(b) for a, b in zip(tail, path, strict=True))


def district_in(profile: OrgProfile, city: str, name: str) -> str | None:
    """The district a unit's name tells: 青羊区 of 青羊区联合会, also behind the city's name and the like."""
    rest = name.removeprefix(profile.name.partition("{city}")[0]).removeprefix(city)
    found = _DISTRICT.match(rest)
    return found[0] if found else None
