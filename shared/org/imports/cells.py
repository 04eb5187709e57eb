"""Cells as the child gave them: to text, to what the reader of people takes, and masked for staff."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson

from shared.kit.pii import FieldCipher, mask_card, mask_identity, mask_phone
from shared.kit.pii.free_text import holds_number
from shared.kit.spreadsheet import FORMULA_STARTS

Cell = str | list[str]
CONTEXT = "import_row.cells"
_AS_TEXT = re.compile(r'="([^"]*)"')
_APOSTROPHE = re.compile(f"['’](?=[{re.escape(FORMULA_STARTS)}])")
_POWER = re.compile(r"\d\.\d+e\+1\d", re.IGNORECASE)
"""an identity number that the spreadsheet made a number of"""
_SHOWN = 40


@dataclass(frozen=True)
class Trouble:
    """Why one cell (or the row) is not taken and how to mend it; the value is masked."""

    title: str
    value: str
    reason: str
    hint: str = ""

    def as_dict(self) -> dict[str, str]:
        return {"title": self.title, "value": self.value, "reason": self.reason, "hint": self.hint}


def seal(cipher: FieldCipher, batch_id: UUID, cells: Sequence[Cell]) -> bytes:
    """The cells of a row, encrypted: they hold numbers of people in the clear."""
    return cipher.encrypt(orjson.dumps(cells).decode(), f"{CONTEXT}:{batch_id}")


def unseal(cipher: FieldCipher, batch_id: UUID, sealed: bytes) -> list[Cell]:
    """The cells of a row."""
    cells: list[Cell] = orjson.loads(cipher.decrypt(sealed, f"{CONTEXT}:{batch_id}"))
    return cells


def plain(cell: Cell) -> str:
    """What a person sees in the cell. `="..."` is how offices keep digits as text in CSV; it is that text."""
    if not isinstance(cell, str):
        return cell[1]
    text = cell.strip()
    if found := _AS_TEXT.fullmatch(text):
        return found[1].strip()
    return text[1:] if _APOSTROPHE.match(text) else text


def at(cells: Sequence[Cell], column: int) -> Cell:
    """The cell of that column; rows come without their empty end."""
    return cells[column] if column < len(cells) else ""


def objection(code: str, kind: str, cell: Cell) -> tuple[str, str] | None:
    """Why the cell cannot be trusted, whatever stands in it: reason and hint."""
    is_formula = cell[0] == "f" if not isinstance(cell, str) else cell.strip().startswith(("=", "＝"))
    if is_formula and not (isinstance(cell, str) and _AS_TEXT.fullmatch(cell.strip())):
        return "这一格是公式，不是内容", "请复制后“选择性粘贴为数值”，再上传。"
    if isinstance(cell, str) or cell[0] != "n":
        return None
    if code == "identity":
        return "证件号码被表格存成了数字，末几位可能已经丢失", "请把该列设为文本，对照证件重新填写。"
    if kind == "date" and not cell[1].isdigit():
        return "日期被表格存成了小数，分不清是几月", "请按 2026-03-05 的样式填写。"
    return None


def without_number(text: str) -> str:
    """The text; of a number of a person in it, whatever column that strayed into, the last four alone."""
    if not holds_number(text) and not _POWER.search(text):
        return text
    folded = unicodedata.normalize("NFKC", text)
    digits = [i for i, c in enumerate(folded) if c.isdigit() or c in "Xx"]
    hidden = set(digits[:-4])
    return "".join("*" if i in hidden else c for i, c in enumerate(folded))


def masked(code: str, text: str) -> str:
    """The value as it may be shown beside a reason."""
    if not text:
        return ""
    if code == "identity":
        return mask_identity(text[:_SHOWN]) if text.isalnum() else "****"
    if code == "phone":
        return without_number(mask_phone(text[:_SHOWN]))
    shown = without_number(text)
    if code == "card_no" and shown == text:
        return mask_card(text[:_SHOWN])
    return shown[:_SHOWN] + ("…" if len(shown) > _SHOWN else "")


def raw_of(values: dict[str, Cell]) -> dict[str, Any]:
    """What `read_entry` takes."""
    return {code: plain(cell) for code, cell in values.items()}
