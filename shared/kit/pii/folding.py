"""Bring the forms in which numbers arrive (full-width, blanks, Excel's traces) to one."""

import re
import unicodedata

_BLANKS = re.compile(r"[\s\u200b\ufeff]+")
# what a spreadsheet shows for a number: 5.1E+17, 510101199001011234.0, 510,101,199
_NUMBER_CELL = re.compile(r"[+-]?\d+(?:\.\d*E[+-]?\d+|E[+-]\d+|\.\d*)|\d{1,3}(?:,\d{3})+(?:\.\d*)?")

AS_TEXT = "请把该列设为文本后重新填写"


def fold(text: str) -> str:
    """Compatibility form, upper case, no blanks, without the apostrophe Excel marks text by."""
    folded = _BLANKS.sub("", unicodedata.normalize("NFKC", text)).upper()
    return folded[1:] if folded[:1] in {"'", "’", "‘"} else folded


def is_number_cell(folded: str) -> bool:
    """Tell whether the value went through a numeric cell: its digits are no longer trustworthy."""
    return _NUMBER_CELL.fullmatch(folded) is not None
