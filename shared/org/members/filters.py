"""The filters of the list as people see them: saved ones, chips in force, addresses."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from shared.kit import clock
from shared.kit.web import gettext as _
from shared.org.kit import OrgKit
from shared.org.members.changes import SEXES
from shared.org.members.kinds import kind_of
from shared.org.members.schemas import RollQuery

PATH = "/members"
PLACE = ("unit", "only_here", "q", "sort", "find")
"""What a saved filter leaves as it is."""


@dataclass(frozen=True)
class Chip:
    """A filter in force; `href` is the list without it."""

    label: str
    value: str
    href: str


@dataclass(frozen=True)
class Saved:
    """A filter offices use every day."""

    label: str
    href: str
    current: bool


def parameters(query: RollQuery, **changes: Any) -> list[tuple[str, str]]:
    """What the list's address carries, with some values changed; page cursors never survive a change."""
    values = query.model_dump(exclude_defaults=True, exclude={"after"}, mode="json") | changes
    words = {True: "true", False: "false"}
    return [
        (k, words[v] if isinstance(v, bool) else str(v)) for k, v in values.items() if v not in (None, "")
    ]


def address(query: RollQuery, **changes: Any) -> str:
    """The list's address with some values changed."""
    kept = parameters(query, **changes)
    return f"{PATH}?{urlencode(kept)}" if kept else PATH


def saved(org: OrgKit, query: RollQuery) -> list[Saved]:
    """The filters above the list; one is current when nothing else narrows the list."""
    month = clock.today().replace(day=1).isoformat()
    limit = org.policy.age_limit(clock.today())
    found: list[tuple[str, dict[str, Any]]] = [
        (_("在册"), {}),
        (_("本月加入"), {"joined_from": month}),
        (org.policy.standings.get("pending", _("待核对")), {"standing": "pending"}),
        (_("缺手机号"), {"phone": False}),
        (_("缺证件号码"), {"identity": False}),
        (_("未询问是否共享"), {"consent": "unasked"}),
        *([(_("已满%(n)s周岁且无职务") % {"n": limit}, {"age_from": limit, "post": False})] if limit else []),
        (org.policy.standings["left"], {"standing": "left"}),
    ]
    narrowing = query.model_dump(exclude_defaults=True, exclude={*PLACE, "after"}, mode="json")
    blank = RollQuery(unit=query.unit, only_here=query.only_here, q=query.q, sort=query.sort)
    return [Saved(label, address(blank, **wanted), narrowing == wanted) for label, wanted in found]


def chips(org: OrgKit, query: RollQuery) -> list[Chip]:
    """Every filter in force with the address that drops it."""
    return [
        Chip(label, value, address(query, **dict.fromkeys(codes)))
        for label, value, codes in _in_force(org, query)
    ]


def _in_force(org: OrgKit, q: RollQuery) -> Sequence[tuple[str, str, tuple[str, ...]]]:
    standings = {str(k): v for k, v in org.policy.standings.items()} | {"all": _("全部")}
    out: list[tuple[str, str, tuple[str, ...]]] = []
    if q.standing != "on_roll":
        out.append((_("状态"), standings.get(q.standing, q.standing), ("standing",)))
    if q.kind:
        out.append((_("类别"), kind_of(org, q.kind).title, ("kind",)))
    if q.sex:
        out.append((_("性别"), SEXES[q.sex], ("sex",)))
    if q.age_from is not None or q.age_to is not None:
        low, high = q.age_from, q.age_to
        span = f"{'' if low is None else low}—{'' if high is None else high}"
        out.append((_("年龄"), _("%(span)s岁") % {"span": span}, ("age_from", "age_to")))
    for code, label in (("phone", _("手机号")), ("identity", _("证件号码")), ("post", _("职务"))):
        value = getattr(q, code)
        if value is not None:
            out.append((label, _("有") if value else _("无"), (code,)))
    if q.consent:
        texts = {"yes": _("同意"), "no": _("不同意"), "unasked": _("未询问")}
        out.append((_("共享"), texts[q.consent], ("consent",)))
    return [*out, *_dated(org, q)]


def _dated(org: OrgKit, q: RollQuery) -> Sequence[tuple[str, str, tuple[str, ...]]]:
    """Filters by days and by import."""
    out: list[tuple[str, str, tuple[str, ...]]] = []
    if q.joined_from or q.joined_to:
        span = f"{q.joined_from or ''}—{q.joined_to or ''}"
        out.append((org.profile.terms.joined, span, ("joined_from", "joined_to")))
    if q.born_to:
        out.append((_("出生不晚于"), str(q.born_to), ("born_to",)))
    if q.batch:
        out.append((_("导入批次"), _("本次导入"), ("batch",)))
    return out
