"""What the templates of an import need to know."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession
from starlette.datastructures import FormData

from shared.kit.errors import Problem
from shared.kit.pagination import Page
from shared.kit.web import lazy_gettext
from shared.org.imports import queries, service
from shared.org.imports.advice import advice
from shared.org.imports.aliases import Titles
from shared.org.imports.columns import load
from shared.org.imports.left_out import all_left_out, left_out
from shared.org.imports.left_out import counted as columns_counted
from shared.org.imports.models import WORKING, ImportBatch, ImportRow
from shared.org.imports.sums import counted
from shared.org.kit import OrgKit

_ = lazy_gettext
STATUS: Mapping[str, tuple[Any, str]] = {
    "reading": (_("正在读取"), "org"),
    "mapping": (_("待对应列"), "hold"),
    "planning": (_("正在核对"), "org"),
    "ready": (_("待确认"), "hold"),
    "applying": (_("正在写入"), "org"),
    "applied": (_("已写入"), "yes"),
    "withdrawing": (_("正在撤回"), "org"),
    "withdrawn": (_("已撤回"), ""),
    "refused": (_("文件不能用"), "no"),
    "cancelled": (_("已取消"), ""),
}
STEP = {
    "reading": 1, "refused": 1, "mapping": 2, "planning": 3, "ready": 3, "cancelled": 3,
    "applying": 4, "applied": 5, "withdrawing": 4, "withdrawn": 5,
}  # fmt: skip
HINTS = {
    "changed": _("原值 → 新值"),
    "new": _("名册中没有此人"),
    "refused": _("其余行不受影响，可先写入"),
    "doubted": _("登记后为待核对，请对照原始材料"),
    "failed": _("不符合规则，或者核对之后名册又有变动"),
    "kept": _("写入后又有变动，保留现状"),
    "same": "",
}
_PREVIEWED = ("changed", "new", "refused")


async def batch_context(
    session: AsyncSession,
    org: OrgKit,
    batch: ImportBatch,
    tab: queries.Shown,
    cursor: str,
    *,
    problem: Problem | None = None,
    typed: FormData | None = None,
) -> dict[str, Any]:
    """Everything the page of one import shows."""
    tables, titles = load(batch.tables), Titles(org)
    mapped, unmapped = columns_counted(tables)
    context: dict[str, Any] = {
        "batch": batch, "tables": tables, "status": STATUS[batch.status], "step": STEP[batch.status],
        "tab": tab, "cursor": cursor, "problem": problem, "titles": titles,
        "advice": None if problem else advice(org, batch, tables, titles),
        "org_name": org.name, "terms": org.profile.terms,
        "left": queries.seconds_left(batch), "working": batch.status in WORKING, "typed": typed,
        "mapped": mapped, "unmapped": unmapped, "sheets": sum(t.used for t in tables),
        "hidden": [t.name for t in tables if t.hidden], "left_out": left_out, "all_left_out": all_left_out,
    }  # fmt: skip
    if batch.status in ("ready", "applying", "applied", "withdrawing", "withdrawn"):
        context |= await _checked(session, org, batch, tab, cursor)
    return context


async def _checked(
    session: AsyncSession, org: OrgKit, batch: ImportBatch, tab: queries.Shown, cursor: str
) -> dict[str, Any]:
    sums = await counted(session, batch)
    shown = [t for t in queries.TABS if sums.get(t) or t in _PREVIEWED or t == "same"]
    page: Page[ImportRow] | None = None
    groups: list[tuple[queries.Tab, list[ImportRow]]] = []
    if tab:
        page = await queries.lines(session, batch.id, tab, cursor)
        groups = [(tab, list(page.rows))] if page.rows else []
    else:
        groups = await queries.preview(session, batch.id, [t for t in shown if t not in ("same", "doubted")])
    return {
        "sums": sums,
        "tabs": [(t, queries.TABS[t], sums.get(t, 0)) for t in shown],
        "groups": groups,
        "group_hints": HINTS,
        "group_titles": queries.TABS,
        "page": page,
        "proposals": await queries.proposals(session, org, batch),
        "proposals_all": await queries.count_proposals(session, batch),
        "sent": await queries.sent(session, batch),
        "until": service.withdraw_until(batch),
    }


def _small(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 4


def mapping_of(form: FormData) -> list[dict[str, Any]]:
    """The mapping out of a form: `use-0`, `c-0-3` = field of column 3 of sheet 0, `width-0` columns."""
    sheets = []
    for key, value in form.multi_items():
        if not key.startswith("width-") or not isinstance(value, str) or not _small(value):
            continue
        sheet = key.removeprefix("width-")
        fields = [str(form.get(f"c-{sheet}-{column}", "")) for column in range(min(int(value), 200))]
        use = f"use-{sheet}" in form
        sheets.append({"sheet": int(sheet) if _small(sheet) else -1, "use": use, "fields": fields})
    return sheets
