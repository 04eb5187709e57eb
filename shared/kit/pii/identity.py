"""Identity numbers (GB 11643-1999 and its relatives): checked, normalised, never repaired."""

import re
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from operator import mul
from typing import Literal

from shared.kit import clock
from shared.kit.pii.errors import IdentityError
from shared.kit.pii.folding import AS_TEXT, fold, is_number_cell

Sex = Literal["male", "female"]

SYNTHETIC_DIVISION = "5199"  # unallocated in GB/T 2260: demo people, never a real person
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK = "10X98765432"
_OLD_FOREIGNER = re.compile(r"[A-Z]{3}\d{12}")  # permanent residence cards before 2023-12-01
_PASSPORT = re.compile(r"[A-Z0-9]{5,20}")
_MOSTLY_DIGITS = 11  # longer than any passport that is all digits: meant as an identity number
_ROUNDED_TAIL = "000"  # Excel keeps 15 digits: the last three of 18 become zeros


class IdentityKind(StrEnum):
    """What sort of document the number belongs to."""

    RESIDENT = "resident"
    RESIDENCE_PERMIT = "residence_permit"  # Hong Kong, Macao and Taiwan residents
    FOREIGNER = "foreigner"  # foreigners' permanent residence card
    PASSPORT = "passport"  # passports, travel permits and every other document


@dataclass(frozen=True, slots=True)
class Identity:
    """A checked document number; `repr` does not show it."""

    number: str = field(repr=False)
    kind: IdentityKind
    birth: date | None = field(default=None, repr=False)
    sex: Sex | None = None
    synthetic: bool = False

    @property
    def last4(self) -> str:
        """The part that may be shown."""
        return self.number[-4:]


def check_character(first17: str) -> str:
    """MOD 11-2 check character over the first 17 digits."""
    return _CHECK[sum(map(mul, map(int, first17), _WEIGHTS)) % 11]


def parse_identity(text: str, *, synthetic: bool) -> Identity:
    """Normalise and check a document number, or raise IdentityError.

    `synthetic` lets numbers of demo people (division 5199xx) pass; never set it with real people.
    """
    number = fold(text)
    _refuse_spoilt(number)
    if re.fullmatch(r"\d{15}", number):
        body = f"{number[:6]}19{number[6:]}"
        return _eighteen(body + check_character(body), synthetic=synthetic)
    if re.fullmatch(r"\d{17}[\dX]", number):
        return _eighteen(number, synthetic=synthetic)
    if re.match(r"\d{6}", number) and sum(map(str.isdigit, number)) >= _MOSTLY_DIGITS:
        raise _malformed_number(number)
    return _other_document(number)


def _refuse_spoilt(number: str) -> None:
    if not number:
        raise IdentityError("证件号码为空", "没有证件号码时请留空该列，不要填写空格")
    if is_number_cell(number):
        raise IdentityError("证件号码被表格存成了数字（科学计数法或小数），末几位已经丢失", AS_TEXT)
    if not number.isascii() or not number.isalnum():
        raise IdentityError("证件号码只能由数字和字母组成", "请去掉标点、汉字和说明文字")
    if re.fullmatch(r"1\d{10}", number):
        raise IdentityError("这像是手机号码，不是证件号码", "请检查列是否对应错了")


def _malformed_number(number: str) -> IdentityError:
    if not re.fullmatch(r"\d+X?", number):
        return IdentityError("身份证号码含有不该出现的字母", "只有最后一位可以是 X；请检查 0 和 O、1 和 I")
    return IdentityError(
        f"身份证号码位数不对：应为 18 位（旧证 15 位），现为 {len(number)} 位",
        "请对照证件补全或改正",
    )


def _eighteen(number: str, *, synthetic: bool) -> Identity:
    if number[0] == "0":
        raise IdentityError("身份证号码不会以 0 开头", f"请对照证件改正；若表格自动补了 0，{AS_TEXT}")
    if check_character(number[:17]) != number[17]:
        rounded = number.endswith(_ROUNDED_TAIL)
        hint = f"末三位都是 0，可能被表格取整；{AS_TEXT}" if rounded else "请对照证件逐位核对"
        raise IdentityError("身份证号码校验码不符，有数字写错", hint)
    is_demo = number.startswith(SYNTHETIC_DIVISION)
    if is_demo and not synthetic:
        raise IdentityError("这是演示数据专用的身份证号码（5199 开头）", "请填写真实的证件号码")
    return Identity(
        number=number,
        kind=_kind(number),
        birth=_birth(number[6:14]),
        sex="male" if int(number[16]) % 2 else "female",
        synthetic=is_demo,
    )


def _kind(number: str) -> IdentityKind:
    if number[0] == "9":
        return IdentityKind.FOREIGNER
    if number[:6] in {"810000", "820000", "830000"}:
        return IdentityKind.RESIDENCE_PERMIT
    return IdentityKind.RESIDENT


def _birth(digits: str) -> date:
    try:
        birth = date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        raise IdentityError("身份证号码中的出生日期不存在", "请对照证件核对第 7 至 14 位") from None
    if not date(1900, 1, 1) <= birth <= clock.today():
        raise IdentityError(
            "身份证号码中的出生日期不合理（早于 1900 年或晚于今天）", "请对照证件核对第 7 至 14 位"
        )
    return birth


def _other_document(number: str) -> Identity:
    if _OLD_FOREIGNER.fullmatch(number):
        return Identity(number=number, kind=IdentityKind.FOREIGNER)
    if not _PASSPORT.fullmatch(number) or not re.search(r"\d", number):
        raise IdentityError("不是身份证号码，也不像护照等证件号码", "应为 5 至 20 位数字和字母，至少一个数字")
    if number.isdigit():
        _refuse_short_digits(number)
    return Identity(number=number, kind=IdentityKind.PASSPORT)


def _refuse_short_digits(number: str) -> None:
    # only digits: travel permits of Taiwan residents (8) and some passports (9, 10)
    if len(number) not in {8, 9, 10}:
        raise IdentityError(f"证件号码位数不对：{len(number)} 位数字不是任何证件", "请对照证件补全")
    if re.fullmatch(r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])", number):
        raise IdentityError("这像是日期，不是证件号码", "请检查列是否对应错了")
