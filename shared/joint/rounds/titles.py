"""Words for how a round stands and what became of its wishes: the page and the file say the same."""

from collections.abc import Mapping

from shared.contracts.rounds import RoundState, WishState
from shared.joint.rounds.lots import order_of
from shared.kit.calendar import written
from shared.kit.web import gettext as _
from shared.kit.web import translate
from shared.kit.web.filters import day

STATUSES = {
    "open": "填报中", "drawn": "已分配，待确认", "confirming": "正在确认", "published": "已公布",
    "cancelled": "已取消",
}  # fmt: skip
RULE = (
    (
        "各组织轮流选，每轮每个组织得一项：按自己的志愿顺序，取第一个还能给的。单数轮由近一年用得最少的组织先选，双数轮倒过来；"
        "用得一样多的按抽签。同一组织同一顺序的志愿也按抽签。"
    ),
    "所以在都想要的时段上，任何组织最多比别人多一项。",
)
WEEKLY = ("每周一", "每周二", "每周三", "每周四", "每周五", "每周六", "每周日")
NOT_HAD = {
    "booked": "这些时段已有预订", "closed": "这些时段场地不开放", "past": "这些时段已经过了",
    "rule": "不合场地的规则（共享范围、人数或时长）",
}  # fmt: skip
LEFT_OUT = {
    "closed": "不开放", "booked": "分配前已有预订", "meanwhile": "确认前被别人订走", "past": "已经过了",
    "rule": NOT_HAD["rule"],
}  # fmt: skip


def word(words: Mapping[str, str], key: str) -> str:
    """In the reader's language; a key that an owner one version ahead uses stands for itself."""
    return translate(words.get(key, key))


def had(wish: WishState) -> bool:
    """Given, and not all of its dates lost before they were booked."""
    return wish.outcome == "given" and wish.booked != 0


def outcome(wish: WishState) -> str:
    """What became of it, in a word."""
    return _("给了") if had(wish) else _("分到但没订到") if wish.outcome == "given" else _("没给")


def when(wish: WishState) -> str:
    """`每周三 9:00—11:00`."""
    days = _(WEEKLY[wish.weekday]) if wish.weekday is not None else day(wish.on)
    return f"{days} {written(wish.opens)}—{written(wish.closes)}"


def why_not(wish: WishState) -> str:
    """Why it was not had; empty when it was."""
    if wish.outcome == "taken":
        return _("轮到时已给了%(before)s") % {"before": wish.before}
    if wish.outcome == "given":
        lost = dict.fromkeys(wish.left_out.values())
        return "" if had(wish) else _("、").join(word(LEFT_OUT, why) for why in lost)
    return word(NOT_HAD, wish.outcome)


def used(state: RoundState) -> list[tuple[str, str, float]]:
    """Name, code and hours of the past year of each organisation, in the order in which turns begin.

    The seed decides between equals; nobody but the drawing knows it before the result.
    """
    names = {wish.org: wish.org_name for wish in state.wishes}
    order = order_of(state.used, state.used, state.seed)
    return [(names.get(code, code), code, state.used[code]) for code in order]
