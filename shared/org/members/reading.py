"""From what an office wrote to an Entry: one reader for forms, the API and rosters.

Contradictions are refused, not repaired: when birth date or sex differ from what the identity number says,
one of two typed values is wrong and nobody but the office can tell which. Left empty, both are taken from
the number. A birth date without its day is taken only when the number supplies the day.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal, TypeVar
from uuid import UUID

from shared.kit import clock
from shared.kit.errors import Invalid
from shared.kit.pii import (
    Identity,
    PersonalDataError,
    normalise_card,
    normalise_name,
    parse_identity,
    parse_phone,
)
from shared.kit.pii.free_text import holds_number
from shared.kit.types import has_symbol
from shared.org.kit import OrgKit
from shared.org.members.texts import CellError, cell, read_day, read_flag, read_month, read_sex, words
from shared.org.policy import Entry, OwnField

T = TypeVar("T")
LONGEST_POST = 60
LONGEST_FACT = 100
OLDEST_BIRTH = 120
NOBODY_KNOWN = "没有证件号码，也没有出生日期，不能确认是谁"
GIVE_ONE = "请至少补填其中一项。"
_NO_NAME = re.compile(r"""[<>{}\[\]\\|=+*/@#$%^&~`"?!;:]""")

COMMON_FIELDS: Mapping[str, str] = {
    "name": "姓名",
    "sex": "性别",
    "birth": "出生日期",
    "identity": "证件号码",
    "phone": "手机号码",
    "kind": "类别",
    "post": "职务",
    "card_no": "证件编号",
    "joined_on": "加入时间",
    "consent": "同意共享",
}
"""Field codes every organisation knows; `field_titles` has the organisation's own words."""


def field_titles(org: OrgKit) -> dict[str, str]:
    """Codes and titles of all fields `read_entry` takes, in the order forms show them."""
    titles = {**COMMON_FIELDS, "card_no": org.profile.terms.card, "joined_on": org.profile.terms.joined}
    return titles | {own.code: own.title for own in org.policy.own_fields}


@dataclass
class _Cells:
    """The cells of one person; every problem is noted under its field, so that staff see all at once."""

    raw: Mapping[str, Any]
    problems: dict[str, str] = field(default_factory=dict)

    def read(self, code: str, reader: Callable[[Any], T]) -> T | None:
        try:
            return reader(self.raw.get(code))
        except PersonalDataError as error:
            self.problems[code] = f"{error.reason}。{error.hint}。" if error.hint else f"{error.reason}。"
        except CellError as error:
            self.problems[code] = f"{error}。"
        return None


def read_entry(org: OrgKit, raw: Mapping[str, Any], unit_id: UUID) -> Entry:
    """The person as an Entry; Invalid with a Chinese text per field otherwise.

    A roster's other columns are no fields; the API asks `refuse_unknown` first.
    """
    cells = _Cells(raw)
    name = cells.read("name", _name)
    identity = cells.read("identity", lambda v: _identity(org, v))
    sex, birth = _sex(cells, identity), _birth(cells, identity)
    facts = _facts(org, cells)
    kind, given = _kind(org, cells, facts)
    entry = Entry(
        name=name or "",
        unit_id=unit_id,
        kind=kind,
        kind_given=given,
        sex=sex,
        birth=birth,
        identity=identity,
        phone=cells.read("phone", lambda v: _phone(org, v)),
        card_no=cells.read("card_no", lambda v: normalise_card(cell(v)) if cell(v) else None),
        post=cells.read("post", _post) or None,
        joined_on=_joined(cells),
        consent=cells.read("consent", read_flag),
        facts=facts,
        months=frozenset(_months(org, raw)),
    )
    if cells.problems:
        raise Invalid("填写的内容有误", hint="请按提示改正后再提交。", fields=cells.problems)
    return entry


def refuse_unknown(org: OrgKit, codes: Iterable[str]) -> None:
    """Refuse codes of no field: a misspelt one would be lost without a word."""
    known = field_titles(org)
    unknown = [code for code in codes if code not in known]
    if unknown:
        hint = f"可用的字段：{'、'.join(known)}。"
        raise Invalid("有不认识的字段", hint=hint, fields={"fields": "没有这个字段"})


def refuse_unborn(joined_on: date | None, birth: date | None) -> None:
    """Refuse a day of joining before the birth; in rosters of the past the policy has doubts instead."""
    if joined_on and birth and joined_on < birth:
        said = "早于出生日期，请核对其中哪一项写错了。"
        raise Invalid("加入时间早于出生日期", fields={"joined_on": said})


def refuse_unknowable(*, identity: bool, birth: bool) -> None:
    """Refuse somebody of whom neither a number nor a birth date is known: nobody could say who it is."""
    if not identity and not birth:
        raise Invalid(NOBODY_KNOWN, hint=GIVE_ONE, fields={"identity": f"{NOBODY_KNOWN}。{GIVE_ONE}"})


def _name(value: Any) -> str:
    name = normalise_name(cell(value))
    if holds_number(name):
        raise CellError("姓名里不能写证件号或手机号")
    if _NO_NAME.search(name) or has_symbol(name):
        raise CellError("姓名里有不会出现在姓名中的符号，请重新输入姓名")
    if len(name) == 1 and name.isascii():
        raise CellError("姓名只有一个字母，请填写完整姓名")
    return name


def _post(value: Any) -> str:
    return _without_number(value, LONGEST_POST)


def _without_number(value: Any, longest: int) -> str:
    """Words that stand in histories and events in clear: no number of a person among them."""
    text = words(value, longest)
    if holds_number(text):
        raise CellError("不能写证件号或手机号")
    return text


def _identity(org: OrgKit, value: Any) -> Identity | None:
    text = cell(value)
    return parse_identity(text, synthetic=org.synthetic) if text else None


def _phone(org: OrgKit, value: Any) -> str | None:
    text = cell(value)
    return parse_phone(text, synthetic=org.synthetic).number if text else None


def _sex(cells: _Cells, identity: Identity | None) -> Literal["f", "m"] | None:
    written = cells.read("sex", read_sex)
    if identity is None or identity.sex is None or "sex" in cells.problems:
        return written
    known: Literal["f", "m"] = "m" if identity.sex == "male" else "f"
    if written and written != known:
        cells.problems["sex"] = "性别与身份证号码不一致，请核对其中哪一项写错了。"
    return known


def _birth(cells: _Cells, identity: Identity | None) -> date | None:
    known = identity.birth if identity else None
    if known and (month := read_month(cells.raw.get("birth"))):
        if month != (known.year, known.month):
            cells.problems["birth"] = "出生年月与身份证号码不一致，请核对其中哪一项写错了。"
        return known
    read = cells.read("birth", lambda v: read_day(v, month_is_enough=False))
    if read is None:
        return known
    if known and read[0] != known:
        cells.problems["birth"] = "出生日期与身份证号码不一致，请核对其中哪一项写错了。"
    if not clock.today().year - OLDEST_BIRTH <= read[0].year or read[0] > clock.today():
        cells.problems["birth"] = "出生日期不合理，请核对。"
    return read[0]


def _joined(cells: _Cells) -> date | None:
    read = cells.read("joined_on", lambda v: read_day(v, month_is_enough=True))
    if read and read[0] > clock.today():
        cells.problems["joined_on"] = "不能晚于今天。"
    return read[0] if read else None


def _months(org: OrgKit, raw: Mapping[str, Any]) -> Iterable[str]:
    """Dates written to the month; a birth date is none of them: the number tells its day."""
    dates = ("joined_on", *(own.code for own in org.policy.own_fields if own.kind == "date"))
    return (code for code in dates if read_month(raw.get(code)))


def _kind(org: OrgKit, cells: _Cells, facts: Mapping[str, Any]) -> tuple[str, bool]:
    """The kind and whether somebody wrote it; a post may tell the kind where there is no usual one."""
    text = cells.read("kind", lambda v: words(v, LONGEST_POST)) or ""
    if any(kind.code == text for kind in org.policy.kinds):
        return text, True
    if found := org.policy.kind_of(text, facts):
        return found, bool(text)
    post = cell(cells.raw.get("post"))
    if not text and post and (found := org.policy.kind_of(post, facts)):
        return found, True
    titles = "、".join(kind.title for kind in org.policy.kinds)
    cells.problems.setdefault("kind", f"{'不认识这个类别' if text else '请写明类别'}，可用：{titles}。")
    return "", False


def _facts(org: OrgKit, cells: _Cells) -> dict[str, Any]:
    """Own facts that were written; an empty cell says nothing."""
    facts: dict[str, Any] = {}
    for own in org.policy.own_fields:
        value = cells.read(own.code, _reader(own))
        if value is not None and value != "":
            facts[own.code] = value
    return facts


def _reader(own: OwnField) -> Callable[[Any], Any]:
    def day(value: Any) -> date | None:
        read = read_day(value, month_is_enough=True)
        if read and own.past and read[0] > clock.today():
            raise CellError("不能晚于今天")
        return read[0] if read else None

    def choice(value: Any) -> str | None:
        text = words(value, LONGEST_FACT)
        if not text or text in own.choices:
            return text or None
        for code, title in own.choices.items():
            if title == text:
                return code
        raise CellError(f"应为{'、'.join(own.choices.values())}之一")

    def text(value: Any) -> str:
        return words(value, LONGEST_FACT) if own.numbered else _without_number(value, LONGEST_FACT)

    return {"date": day, "flag": read_flag, "choice": choice}.get(own.kind, text)
