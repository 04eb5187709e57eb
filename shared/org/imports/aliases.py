"""The titles under which offices send the facts every organisation keeps; own facts bring their own."""

import re
import unicodedata
from dataclasses import dataclass

from shared.org.kit import OrgKit
from shared.org.members import field_titles

UNIT, DISTRICT = "unit", "district"
REQUIRED = ("name", UNIT)

_NAMES = ("姓名", "名字", "人员姓名", "职工姓名", "本人姓名", "name")
_COMMON: dict[str, tuple[str, ...]] = {
    "sex": ("性别", "男女", "sex", "gender"),
    "birth": ("出生日期", "出生年月日", "出生年月", "生日", "出生时间", "出生", "birthday"),
    "identity": (
        "公民身份号码", "身份证号码", "身份证号", "居民身份证号码", "居民身份证号", "居民身份证",
        "身份证", "身份号码", "证件号码", "证件号",
    ),
    "phone": (
        "联系电话", "手机", "手机号", "手机号码", "联系方式", "电话", "移动电话", "本人电话", "联系手机",
        "电话号码", "phone",
    ),
    "kind": ("身份", "类别", "人员类别", "关系类型", "人员类型"),
    "post": ("职务", "现任职务", "担任职务", "岗位", "工作岗位"),
    "card_no": ("卡号", "证号", "会员卡号", "会员编号"),
    "joined_on": (
        "加入时间", "加入日期", "入会时间", "入会日期", "入团时间", "入团日期", "任职时间", "任职日期",
    ),
    "consent": ("同意信息共享", "是否同意信息共享", "同意共享", "是否同意共享", "信息共享", "共享意愿"),
    DISTRICT: ("区县", "所在区县", "所属区县", "区市县", "行政区划", "辖区"),
}  # fmt: skip
_NEVER = {
    "序号", "编号", "行号", "备注", "说明", "年龄", "民族", "籍贯", "学历", "政治面貌", "婚姻状况",
    "原因", "怎样改正", "填报日期", "no", "id",
}  # fmt: skip
_LOOSE_UNITS = {"组织", "单位", "组织名称", "单位名称", "所在单位", "所属单位", "基层组织"}
_BRACKETS = re.compile(r"[（(【\[].*?[）)】\]]")
_MARKS = re.compile(r"[\s*＊:：、,，.。/／_\-]+")


@dataclass(frozen=True)
class FieldInfo:
    """A fact a column can hold."""

    code: str
    title: str
    kind: str = "text"


@dataclass(frozen=True)
class Guess:
    """What a title most likely means; 1.0 = one of the known titles."""

    code: str
    confidence: float


def fold_title(text: str) -> str:
    """A title without blanks, stars, colons and remarks in brackets."""
    plain = unicodedata.normalize("NFKC", text)
    return _MARKS.sub("", _BRACKETS.sub("", plain)).casefold() or _MARKS.sub("", plain).casefold()


class Titles:
    """Knows one organisation's fields and recognises them by title."""

    def __init__(self, org: OrgKit) -> None:
        kinds = {own.code: own.kind for own in org.policy.own_fields} | {"birth": "date", "joined_on": "date"}
        titles = field_titles(org)
        self.fields = [FieldInfo(code, title, kinds.get(code, "text")) for code, title in titles.items()]
        self.fields.append(FieldInfo(UNIT, "所在单位"))
        self.fields.append(FieldInfo(DISTRICT, "所在区县"))
        self.by_code = {f.code: f for f in self.fields}
        terms = org.profile.terms
        self._known: dict[str, str] = {}
        for code, aliases in _COMMON.items():
            self._learn(code, aliases)
        self._learn("name", (*_NAMES, f"{terms.person}姓名", f"{terms.person}名称"))
        self._learn("card_no", (terms.card,))
        self._learn("joined_on", (terms.joined,))
        for own in org.policy.own_fields:  # last: an organisation's own word wins
            self._learn(own.code, (own.title, *own.aliases))
        self._units = {fold_title(w) for w in org.profile.unit_suffixes}
        self._units |= {fold_title(k.title) for k in org.profile.unit_kinds} | {
            fold_title(org.profile.short_name)
        }

    def _learn(self, code: str, aliases: tuple[str, ...]) -> None:
        for alias in aliases:
            self._known[fold_title(alias)] = code

    def guess(self, title: str) -> Guess | None:
        """The field a title means, or None."""
        folded = fold_title(title)
        if code := self._known.get(folded):
            return Guess(code, 1.0)
        if not folded or folded in _NEVER:
            return None
        if confidence := self._unit_title(folded):
            return Guess(UNIT, confidence)
        inside = [
            alias
            for alias in self._known
            if len(alias) > 1 and alias in folded and len(folded) <= len(alias) + 6
        ]
        if inside:
            return Guess(self._known[max(inside, key=len)], 0.6)
        return None

    def _unit_title(self, folded: str) -> float:
        bare = re.sub(r"^(现?所在|所属|隶属|现)|(名称|全称)$", "", folded)
        if bare in self._units or (bare.endswith("组织") and len(folded) > 2):
            return 1.0
        return 0.7 if folded in _LOOSE_UNITS or bare in _LOOSE_UNITS else 0.0
