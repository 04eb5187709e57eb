"""Membership card numbers: one written form."""

import re

from shared.kit.pii.errors import CardError
from shared.kit.pii.folding import AS_TEXT, fold, is_number_cell

_CARD = re.compile(r"[A-Z0-9]{4,32}")


def normalise_card(text: str) -> str:
    """Upper-case letters and digits only, or CardError."""
    folded = fold(text)
    if is_number_cell(folded):
        raise CardError("卡号被表格存成了数字（科学计数法或小数）", AS_TEXT)
    card = re.sub(r"[-‐–—_]+", "", folded)
    if not _CARD.fullmatch(card):
        raise CardError("卡号应为 4 至 32 位数字和字母", "请对照会员证、团员证改正")
    return card
