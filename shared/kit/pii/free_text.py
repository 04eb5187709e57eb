"""Free text staff write is kept for years and read by others: no identity number or phone may stand in it."""

import re
import unicodedata

from shared.kit.errors import Faults, Invalid
from shared.kit.types import forbidden_character

_BETWEEN = r"[\W_]{1,6}"
"""Whatever is neither a letter nor a digit: people divide numbers in many ways."""
_RUN = re.compile(rf"[0-9](?:(?:{_BETWEEN})?[0-9X])*", re.IGNORECASE)
_SEPARATOR = re.compile(_BETWEEN)
# a mobile or landline number, an identity number old or new
_NUMBER = re.compile(r"(?:0086|86)?1[2-9][0-9]{9}|0[0-9]{9,11}|[0-9]{15}|[0-9]{17}[0-9X]", re.IGNORECASE)
_TOO_LONG = re.compile(r"[0-9]{14,}[0-9X]", re.IGNORECASE)
_GROUP = 3
"""Digits of the groups people write numbers in; a date has shorter ones, and two dates are no number."""


def holds_number(text: str) -> bool:
    """Whether digits in the text look like an identity number or a phone, in any script or width."""
    folded = "".join(c for c in unicodedata.normalize("NFKC", text) if unicodedata.category(c) != "Cf")
    digits = "".join(str(unicodedata.digit(c)) if c.isdigit() else c for c in folded)
    return any(_is_number([p for p in _SEPARATOR.split(run) if p]) for run in _RUN.findall(digits))


def _is_number(groups: list[str]) -> bool:
    """Whether neighbouring groups together, or one alone, are a number."""
    if any(_TOO_LONG.fullmatch(g) for g in groups):
        return True
    if all(len(g) == 1 for g in groups):
        groups = ["".join(groups)]
    return any(
        all(len(g) >= _GROUP for g in groups[i:j]) and _NUMBER.fullmatch("".join(groups[i:j]))
        for i in range(len(groups))
        for j in range(i + 1, min(len(groups), i + 6) + 1)
    )


def word_faults(**texts: str) -> Faults:
    """Free text is shown to every organisation and kept: one plain line, without anybody's numbers."""
    said = {
        field: forbidden_character(text) or ("这里不能写证件号或手机号" if holds_number(text) else "")
        for field, text in texts.items()
    }
    return Faults({field: fault for field, fault in said.items() if fault})


def refuse_words(**texts: str) -> None:
    """Refuse what `word_faults` finds."""
    word_faults(**texts).refuse("填写的内容会给各组织看，并长期保存。")


def refuse_hidden(*texts: str) -> None:
    """What another service says of its staff comes over the bus unchecked."""
    for text in texts:
        if said := forbidden_character(text):
            raise Invalid(said)


def refuse_number(reason: str | None) -> None:
    """Refuse a reason that holds one."""
    if reason and holds_number(reason):
        said = "理由里不能写证件号或手机号"
        hint = "理由会长期保存。请改写为事由，例如“核对活动报名名单”。"
        raise Invalid(said, hint=hint, fields={"reason": said})
