"""Telephone numbers of the mainland: one written form for each."""

import re
from dataclasses import dataclass, field
from typing import Literal

from shared.kit.pii.errors import PhoneError
from shared.kit.pii.folding import AS_TEXT, fold, is_number_cell

_PUNCTUATION = re.compile(r"[-‐‑‒–—―−_()·.]+")
_EXTENSION = re.compile(r"(?:转|分机|EXT\.?|X|#)[:.]?([0-9]{1,6})$|(?<=[0-9]{7})-([0-9]{1,6})$")
_COUNTRY = re.compile(r"(?:\+|00)86")
_MOBILE = re.compile(r"1[3-9][0-9]{9}")
_SYNTHETIC = re.compile(r"12[0-9]{9}")  # no operator has this range: demo people
_LANDLINE = re.compile(r"(0(?:10|2[0-9]|[3-9][0-9][0-9]))?([2-9][0-9]{6,7})")
_SERVICE_NUMBER = re.compile(r"[48]00[0-9]{7}")


@dataclass(frozen=True, slots=True)
class Phone:
    """A checked number; `repr` does not show it."""

    number: str = field(repr=False)
    kind: Literal["mobile", "landline"]

    @property
    def last4(self) -> str:
        """Last four digits of the number without its extension."""
        parts = self.number.split("-")
        return (parts[1] if self.number.startswith("0") else parts[0])[-4:]


def parse_phone(text: str, *, synthetic: bool) -> Phone:
    """Normalise and check a number, or raise PhoneError.

    Mobile numbers become 11 digits, landlines `028-85131234` or `028-85131234-801`.
    """
    folded = fold(text)
    if not folded:
        raise PhoneError("电话号码为空", "没有电话时请留空该列")
    if is_number_cell(folded):
        raise PhoneError("电话号码被表格存成了数字（科学计数法或小数）", AS_TEXT)
    if re.search(r"[/、,;|]", folded):
        raise PhoneError("一格里有多个电话号码", "请只保留一个，其余写入备注")
    mobile = _mobile(folded, synthetic=synthetic)
    return mobile or _landline(folded)


def _mobile(folded: str, *, synthetic: bool) -> Phone | None:
    digits = _PUNCTUATION.sub("", folded)
    digits = re.sub(r"^(?:\+86|0086|86|0)(?=1[2-9][0-9]{9}$)", "", digits)
    if _SYNTHETIC.fullmatch(digits):
        if not synthetic:
            raise PhoneError("这是演示数据专用的手机号码（12 开头）", "请填写真实的手机号码")
        return Phone(digits, "mobile")
    if _MOBILE.fullmatch(digits):
        return Phone(digits, "mobile")
    return None


def _landline(folded: str) -> Phone:
    body, extension = _split_extension(folded)
    national = _COUNTRY.match(body) is not None
    digits = _PUNCTUATION.sub("", _COUNTRY.sub("", body, count=1))
    if national and not digits.startswith("0"):
        digits = f"0{digits}"  # abroad the area code is written without its zero
    if _SERVICE_NUMBER.fullmatch(digits):
        return Phone("-".join(filter(None, (digits, extension))), "landline")
    found = _LANDLINE.fullmatch(digits)
    if found is None:
        raise _unreadable(digits)
    return Phone("-".join(filter(None, (*found.groups(), extension))), "landline")


def _split_extension(folded: str) -> tuple[str, str | None]:
    found = _EXTENSION.search(folded)
    if found is None:
        return folded, None
    return folded[: found.start()], found.group(1) or found.group(2)


def _unreadable(digits: str) -> PhoneError:
    if not digits.isascii() or not digits.isdigit():
        return PhoneError("电话号码含有不该出现的字符", "只填数字；分机写成“转801”")
    if digits.startswith("1") and len(digits) == 11:
        return PhoneError("没有这个号段的手机号码", "手机号码第二位应为 3 至 9")
    if digits.startswith("1"):
        return PhoneError(f"手机号码应为 11 位，现为 {len(digits)} 位", "请核对号码")
    return PhoneError("不是手机号码，也不是带区号的座机号码", "手机 11 位；座机如 028-85131234 转 801")
