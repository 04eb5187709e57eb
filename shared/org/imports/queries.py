"""What pages and API show of imports: the history, a page of lines, units to be founded, progress."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from shared.kit import clock
from shared.kit.errors import Invalid
from shared.kit.events.sent import unsent
from shared.kit.pagination import Cursor, Page, decode
from shared.org.imports.models import WORKING, ImportBatch, ImportRow, ImportUnit
from shared.org.kit import OrgKit
from shared.org.units import Unit, below, units_by_id

PAGE = 50
PREVIEW = 12
HISTORY = 30
PROPOSALS = 300
"""units to be founded that a page lists; a file that proposes more is written otherwise than the tree"""
WRONG_PAGE, FIRST_PAGE = "页码不正确", "请回到第一页。"

Tab = Literal["changed", "new", "refused", "same", "doubted", "failed", "kept"]
Shown = Tab | Literal[""]
"""a tab of the page; '' shows the first lines of each"""
TABS: dict[Tab, str] = {
    "changed": "变更", "new": "新增", "refused": "不予写入", "same": "无变化",
    "doubted": "须核对", "failed": "写入时未成", "kept": "未撤回",
}  # fmt: skip


def _in_tab(tab: Tab) -> ColumnElement[bool]:
    if tab == "doubted":
        return ImportRow.doubted.expression
    return ImportRow.state == tab if tab in ("failed", "kept") else ImportRow.outcome == tab


def _line_of(place: Cursor) -> int:
    line = place.values[0]
    if type(line) is not int or not 0 <= line < 2**31:
        raise Invalid(WRONG_PAGE, hint=FIRST_PAGE)
    return line


def _batch_of(place: Cursor) -> UUID:
    try:
        return UUID(str(place.values[0]))
    except ValueError as error:
        raise Invalid(WRONG_PAGE, hint=FIRST_PAGE) from error


async def lines(session: AsyncSession, batch_id: UUID, tab: Tab, cursor: str | None) -> Page[ImportRow]:
    """One page of the lines of a tab, in the order of the file."""
    place = decode(cursor, 1)
    line = _line_of(place) if place else 0
    back = bool(place and place.backwards)
    query = select(ImportRow).where(ImportRow.batch_id == batch_id, _in_tab(tab))
    if place:
        query = query.where(ImportRow.line < line if back else ImportRow.line > line)
    order = ImportRow.line.desc() if back else ImportRow.line
    rows = list(await session.scalars(query.order_by(order).limit(PAGE + 1)))
    more, rows = len(rows) > PAGE, rows[:PAGE]
    if back:
        rows.reverse()
    if not rows:
        return Page(rows, None, None)
    previous = (
        Cursor((rows[0].line,), backwards=True).encode() if (place and not back) or (back and more) else None
    )
    following = Cursor((rows[-1].line,)).encode() if back or more else None
    return Page(rows, previous, following)


async def preview(
    session: AsyncSession, batch_id: UUID, tabs: Sequence[Tab]
) -> list[tuple[Tab, list[ImportRow]]]:
    """The first lines of each tab that has any; changes of name that wait for a look come first."""
    out, mine = [], select(ImportRow).where(ImportRow.batch_id == batch_id).order_by(ImportRow.line)
    for tab in tabs:
        # only a change can want a look: without the tab's own condition the few are found by their index
        first = mine.where(ImportRow.wants_look).limit(PREVIEW if tab == "changed" else 0)
        looks = list(await session.scalars(first))
        rest = mine.where(_in_tab(tab), ImportRow.wants_look.is_(False)).limit(PREVIEW - len(looks))
        if rows := [*looks, *await session.scalars(rest)]:
            out.append((tab, rows))
    return out


@dataclass(frozen=True)
class Proposal:
    """A unit to be founded with the kinds it may be of."""

    unit: ImportUnit
    kinds: tuple[tuple[str, str], ...]
    kind_title: str


def _listed(batch: ImportBatch) -> Sequence[ColumnElement[bool]]:
    """Units to be founded; afterwards those the batch did found; once taken back those still used."""
    mine = [ImportUnit.batch_id == batch.id]
    if batch.applied_at is not None:
        mine.append(ImportUnit.founded.is_(True))
    if batch.status == "withdrawn":
        mine.append(ImportUnit.unit_id.in_(select(Unit.id).where(Unit.status == "active")))
    return mine


async def proposals(session: AsyncSession, org: OrgKit, batch: ImportBatch) -> list[Proposal]:
    """Units to be founded or founded, from the top down; of very many the first."""
    query = select(ImportUnit).where(*_listed(batch))
    query = query.order_by(ImportUnit.depth, ImportUnit.below, ImportUnit.name).limit(PROPOSALS)
    units = list(await session.scalars(query))
    bases = await units_by_id(session, {u.base_id for u in units})
    by_id = {u.id: u for u in units}
    out = []
    for unit in units:
        parent = by_id.get(unit.parent_id) if unit.parent_id else None
        base = bases.get(unit.base_id)
        above = parent.kind if parent else (base.kind if base else org.profile.top_kind)
        kinds = tuple((code, org.profile.kind(code).title) for code in org.profile.kind(above).children)
        out.append(Proposal(unit, kinds, org.profile.kind(unit.kind).title))
    return out


async def count_proposals(session: AsyncSession, batch: ImportBatch) -> int:
    """How many units would be founded, or were."""
    query = select(func.count()).select_from(ImportUnit).where(*_listed(batch))
    return await session.scalar(query) or 0


async def history(session: AsyncSession, scope: str, cursor: str | None) -> Page[ImportBatch]:
    """Imports within the asker's range, the newest first."""
    place = decode(cursor, 1)
    query = select(ImportBatch).where(below(ImportBatch.scope, scope), ImportBatch.status != "removed")
    if place:
        at = _batch_of(place)
        query = query.where(ImportBatch.id > at if place.backwards else ImportBatch.id < at)
    back = bool(place and place.backwards)
    order = ImportBatch.id if back else ImportBatch.id.desc()
    rows = list(await session.scalars(query.order_by(order).limit(HISTORY + 1)))
    more, rows = len(rows) > HISTORY, rows[:HISTORY]
    if back:
        rows.reverse()
    if not rows:
        return Page(rows, None, None)
    previous = (
        Cursor((rows[0].id,), backwards=True).encode() if (place and not back) or (back and more) else None
    )
    return Page(rows, previous, Cursor((rows[-1].id,)).encode() if back or more else None)


async def running(session: AsyncSession, scope: str, besides: UUID | None = None) -> ImportBatch | None:
    """The import that is being written now, for the corner of the page."""
    query = select(ImportBatch).where(below(ImportBatch.scope, scope), ImportBatch.status == "applying")
    if besides:
        query = query.where(ImportBatch.id != besides)
    found: ImportBatch | None = await session.scalar(query.order_by(ImportBatch.id).limit(1))
    return found


async def sent(session: AsyncSession, batch: ImportBatch) -> int | None:
    """Of how many lines written the bus has the events; None where nothing was written or told."""
    written, told = batch.sums.get("written", 0), batch.sums.get("told")
    if batch.status != "applied" or not written or told is None:
        return None
    return max(0, written - await unsent(session, told))


def seconds_left(batch: ImportBatch) -> int | None:
    """About how long the present stage still takes; None when nothing can be said yet."""
    if batch.status not in WORKING or not batch.began_at or not batch.total or batch.done < 1:
        return None
    passed = (clock.now() - batch.began_at).total_seconds()
    return max(1, round(passed / batch.done * (batch.total - batch.done)))
