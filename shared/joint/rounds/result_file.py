"""The result of a round as a workbook: every wish with its reason, and what is needed to draw it again."""

import asyncio

from sqlalchemy.ext.asyncio import AsyncSession

from shared.contracts.rounds import RoundState, WishState
from shared.joint.rounds import titles
from shared.joint.rounds.lots import lot
from shared.kit import audit
from shared.kit.context import Kit
from shared.kit.errors import Refused
from shared.kit.staff import Staff
from shared.kit.web import translate
from shared.kit.web.downloads import Download
from shared.kit.web.filters import day, moment
from shared.kit.workbook import XLSX, Sheets

_HEAD = (
    "组织", "部门", "志愿", "用途", "场地", "时间", "结果", "理由", "第几轮", "订到次数", "除外的日期",
    "志愿编号",
)  # fmt: skip
_WIDTHS = (12, 16, 6, 28, 28, 22, 8, 40, 8, 10, 40, 38)
_CHECK_WIDTHS = (26, 40, 14, 66)
_LOTS = (
    "抽签值＝SHA-256（种子:组织代码），志愿之间是SHA-256（种子:志愿编号），小的在前；"
    "种子的SHA-256应与发布时公布的校验值相同。"
)


async def result_file(session: AsyncSession, kit: Kit, state: RoundState, staff: Staff) -> Download:
    """Of a published round, whoever's it is; audited."""
    if state.status != "published":
        raise Refused("结果还没有公布")
    audit.record(
        session, actor=staff, action="round.exported", target=("round", state.round_id),
        detail={"title": state.title, "owner": state.owner, "wishes": len(state.wishes)},
    )  # fmt: skip
    file = kit.working.file()
    try:
        await asyncio.to_thread(_write, Sheets(file, kit.working.folder), state)
    except BaseException:
        file.close()
        raise
    return Download(f"{state.title}-{translate('结果')}.xlsx", XLSX, file)


def _write(book: Sheets, state: RoundState) -> None:
    book.begin(translate("结果"), _WIDTHS)
    book.write([_said(_HEAD), *map(_line, state.wishes)])
    book.begin(translate("规则与核对"), _CHECK_WIDTHS)
    book.write(_check(state))
    book.close()


def _said(texts: tuple[str, ...]) -> list[str]:
    return [translate(text) for text in texts]


def _line(wish: WishState) -> list[str]:
    given = wish.outcome == "given"
    left_out = (f"{day(on)} {titles.word(titles.LEFT_OUT, why)}" for on, why in wish.left_out.items())
    return [
        wish.org_name, wish.office, str(wish.rank), wish.title, wish.venue, titles.when(wish),
        titles.outcome(wish), titles.why_not(wish), str(wish.turn) if given else "",
        "" if wish.booked is None else str(wish.booked), "；".join(left_out), str(wish.wish_id),
    ]  # fmt: skip


def _check(state: RoundState) -> list[list[str]]:
    """The rule, the seed, hours used with the lot of each organisation, drawings that were undone."""
    facts = (
        ("轮次", state.title), ("组织", state.owner_name), ("场地", "；".join(state.venues)),
        ("使用期间", f"{day(state.first)}—{day(state.last)}"), ("填报截止", moment(state.closes_at)),
        ("分配规则", " ".join(_said(titles.RULE))), ("抽签种子", state.seed),
        ("抽签种子的校验值（SHA-256，发布时已定）", state.seed_hash), ("抽签", translate(_LOTS)),
    )  # fmt: skip
    lots = [[name, code, f"{hours:g}", lot(state.seed, code)] for name, code, hours in titles.used(state)]
    undone = [[str(u["at"])[:10], str(u["by"]), str(u["reason"]), str(u["seed"])] for u in state.undone]
    return [
        *([translate(name), text] for name, text in facts),
        [], _said(("组织", "组织代码", "近一年用过的小时数", "抽签值")), *lots,
        *([[], _said(("撤销过的分配", "部门", "原因", "抽签种子"))] if undone else []), *undone,
    ]  # fmt: skip


audit.describe({"round.exported": "导出轮次结果"})
