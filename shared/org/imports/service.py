"""What staff do with an import, in the caller's transaction; the long work is the worker's."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import IO, Literal
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from shared.kit import audit, clock
from shared.kit.errors import Invalid, NotFound, Refused, TooLarge
from shared.kit.staff import Staff
from shared.org.imports import files, limits
from shared.org.imports.aliases import Titles
from shared.org.imports.cells import plain, unseal
from shared.org.imports.columns import Table, load, with_head
from shared.org.imports.forgetting import forget_lines
from shared.org.imports.lease import enter, touch
from shared.org.imports.models import ImportBatch, ImportRow, ImportShape, ImportUnit
from shared.org.imports.rules import WITHDRAW_DAYS
from shared.org.imports.sums import counted, recounted, worth
from shared.org.kit import OrgKit
from shared.org.units import in_scope, units_by_id
from shared.org.units.rules import clean_name

Decision = Literal["skip", "confirm", ""]
_GONE = "没有这次导入"
_SAMPLE_ROWS = 45


async def upload(session: AsyncSession, org: OrgKit, staff: Staff, name: str, file: IO[bytes]) -> ImportBatch:
    """Keep the file for the worker to read."""
    size = file.seek(0, 2)
    if size == 0:
        raise Invalid("文件是空的", hint="请重新选择文件。", fields={"file": "文件是空的，请重新选择"})
    file.seek(0)
    if size > (limit := limits.most_bytes(file.read(4))):
        most = limit // limits.MB
        raise TooLarge(f"文件超过 {most} MB", hint="请拆成几个文件，或删去图片和多余的格式后再上传。")
    batch = ImportBatch(
        status="reading", actor_id=staff.id, actor_name=staff.name, scope=staff.scope_path,
        scope_name=staff.scope_name, file_name=files.name_of(name), file_size=size, began_at=clock.now(),
    )  # fmt: skip
    session.add(batch)
    await session.flush()
    await files.store(session, org.kit.cipher, batch.id, file)
    audit.record(
        session, actor=staff, action="import.uploaded", target=("import", batch.id), detail={"bytes": size}
    )
    return batch


async def get_batch(
    session: AsyncSession, staff: Staff, batch_id: UUID, *, lock: bool = False
) -> ImportBatch:
    """The batch, if it lies within the asker's range."""
    query = select(ImportBatch).where(ImportBatch.id == batch_id)
    batch = await session.scalar(query.with_for_update() if lock else query)
    if batch is None or batch.status == "removed" or not in_scope(batch.scope, staff.scope_path):
        raise NotFound(_GONE, hint="它可能属于别的管理范围。")
    return batch


async def remap(
    session: AsyncSession, org: OrgKit, staff: Staff, batch_id: UUID, sheets: Sequence[Mapping[str, object]]
) -> ImportBatch:
    """The mapping as staff want it: per sheet whether it is used and the field of each column; then plan."""
    batch = await _at(session, staff, batch_id, ("mapping", "ready"))
    titles = Titles(org)
    tables = load(batch.tables)
    asked = {int(str(each["sheet"])): each for each in sheets}
    for table in tables:
        if wanted := asked.get(table.sheet):
            _apply_mapping(table, wanted, titles)
    _check_mapping(tables, titles)
    batch.tables = [t.dump() for t in tables]
    for table in tables:
        if table.used:
            await _remember(session, table, staff)
    audit.record(session, actor=staff, action="import.mapped", target=("import", batch.id))
    return await replan(session, batch)


def _apply_mapping(table: Table, wanted: Mapping[str, object], titles: Titles) -> None:
    if not wanted.get("use", True):
        table.head = 0
        return
    fields = wanted.get("fields")
    if not isinstance(fields, Sequence) or isinstance(fields, str) or len(fields) != len(table.titles):
        raise Invalid("列数与文件不一致", hint="请刷新页面后重新对应。")
    codes = [str(f or "") for f in fields]
    if unknown := [c for c in codes if c and c not in titles.by_code]:
        raise Invalid(f"没有这个项目：{unknown[0]}", hint="请从列表中选择。")
    table.fields, table.confidence, table.remembered = codes, [1.0] * len(codes), True


def _check_mapping(tables: Sequence[Table], titles: Titles) -> None:
    used = [t for t in tables if t.used]
    if not used:
        raise Invalid("没有可导入的工作表", hint="请至少选用一张有姓名和单位的工作表。")
    for table in used:
        where = f"工作表“{table.name}”：" if table.name else ""
        chosen = [c for c in table.fields if c]
        if twice := next((c for c in chosen if chosen.count(c) > 1), None):
            raise Invalid(
                f"{where}有两列都对应“{titles.by_code[twice].title}”", hint="请只保留一列，另一列选“不导入”。"
            )
        if missing := table.missing():
            names = "、".join(titles.by_code[c].title for c in missing)
            raise Invalid(f"{where}还没有指定哪一列是{names}", hint="请在下面选定后再继续。")


async def _remember(session: AsyncSession, table: Table, staff: Staff) -> None:
    values = {"shape": table.shape, "fields": table.fields, "actor_name": staff.name, "at": clock.now()}
    statement = insert(ImportShape).values(**values)
    await session.execute(statement.on_conflict_do_update(index_elements=["shape"], set_=values))


async def rehead(
    session: AsyncSession, org: OrgKit, staff: Staff, batch_id: UUID, sheet: int, head: int
) -> None:
    """Staff say in which row the titles stand; the columns are recognised again."""
    batch = await _at(session, staff, batch_id, ("mapping", "ready"))
    tables = load(batch.tables)
    table = next((t for t in tables if t.sheet == sheet), None)
    if table is None:
        raise NotFound("没有这张工作表")
    query = (
        select(ImportRow.row, ImportRow.cells)
        .where(ImportRow.batch_id == batch.id, ImportRow.sheet == sheet, ImportRow.row >= head)
        .order_by(ImportRow.line)
        .limit(_SAMPLE_ROWS)
    )
    rows = [
        (row, unseal(org.kit.cipher, batch_id, cells)) for row, cells in await session.execute(query) if cells
    ]
    if not rows or rows[0][0] != head:
        raise Invalid(f"第 {head} 行是空的", hint="请填写标题（姓名、性别……）所在的行号。")
    found = [plain(c) for c in rows[0][1]]
    with_head(table, head, 0, found, rows, Titles(org), {})
    batch.tables = [t.dump() for t in tables]
    enter(batch, "mapping")


async def back_to_mapping(session: AsyncSession, staff: Staff, batch_id: UUID) -> ImportBatch:
    """Look at the columns again before anything is written."""
    batch = await _at(session, staff, batch_id, ("ready", "mapping"))
    if batch.status == "ready":
        enter(batch, "mapping")
    return batch


async def replan(session: AsyncSession, batch: ImportBatch) -> ImportBatch:
    """Plan again from the first line; not once something was written, which withdrawing must find again."""
    if await _written(session, batch.id):
        raise Refused("这一批已有行写入，不能再改", hint="请继续写入，完成后可整批撤回。")
    lines = await session.scalar(select(func.max(ImportRow.line)).where(ImportRow.batch_id == batch.id))
    batch.problem = {}
    enter(batch, "planning", lines or 0)
    return batch


async def decide(
    session: AsyncSession, staff: Staff, batch_id: UUID, line: int, decision: Decision
) -> tuple[ImportBatch, ImportRow]:
    """Put a line aside, take it back in, or confirm a change of name."""
    batch = await _at(session, staff, batch_id, ("ready",))
    row = await session.get(ImportRow, (batch_id, line), with_for_update=True)
    if row is None or row.outcome not in ("new", "changed"):
        raise Refused("这一行没有要写入的内容")
    if row.state:
        raise Refused("这一行已经处理过了")
    if decision == "confirm" and not row.wants_look:
        raise Refused("这一行不需要确认")
    before = worth(row)
    row.decision = decision
    await recounted(session, batch, row, before)
    touch(batch)
    return batch, row


async def rename_proposal(
    session: AsyncSession, org: OrgKit, staff: Staff, batch_id: UUID, unit_id: UUID, name: str, kind: str
) -> ImportBatch:
    """Another name or kind for a unit to be founded; the plan is made again with it."""
    batch = await _at(session, staff, batch_id, ("ready",))
    proposal = await session.get(ImportUnit, unit_id, with_for_update=True)
    if proposal is None or proposal.batch_id != batch_id:
        raise NotFound("没有这个待建单位")
    if proposal.unit_id is not None:
        raise Refused("这个单位已经建立", hint="请到“单位”中改名。")
    parent = await session.get(ImportUnit, proposal.parent_id) if proposal.parent_id else None
    base = (await units_by_id(session, [proposal.base_id])).get(proposal.base_id)
    above = parent.kind if parent else (base.kind if base else org.profile.top_kind)
    if kind not in org.profile.kind(above).children:
        raise Invalid("上级下面不能设这类单位", fields={"kind": "请从列表中选择"})
    proposal.name, proposal.kind = clean_name(name), kind
    below = update(ImportUnit).where(ImportUnit.parent_id == proposal.id).values(below=proposal.name)
    await session.execute(below, execution_options={"synchronize_session": False})
    return await replan(session, batch)


async def confirm(
    session: AsyncSession, staff: Staff, batch_id: UUID, version: int | None = None
) -> ImportBatch:
    """Write it: the worker does so in the background."""
    batch = await _at(session, staff, batch_id, ("ready",))
    if version is not None and version != batch.version:
        raise Refused("核对结果刚刚有变动", hint="请看过最新结果后再确认。")
    count = (await counted(session, batch))["to_write"]
    if not count:
        raise Refused("没有要写入的行", hint="名册与文件一致，或全部行都不写入。")
    batch.confirmed_at, batch.confirmed_id, batch.confirmed_by = clock.now(), staff.id, staff.name
    batch.problem = {}
    enter(batch, "applying", count)
    audit.record(
        session, actor=staff, action="import.confirmed", target=("import", batch.id), detail={"lines": count}
    )
    return batch


async def cancel(session: AsyncSession, staff: Staff, batch_id: UUID) -> ImportBatch:
    """Put the whole import aside before anything is written; its raw lines go, many in the background."""
    batch = await _at(session, staff, batch_id, ("reading", "mapping", "planning", "ready"))
    if batch.applied_at is not None or await _written(session, batch_id):
        raise Refused("这一批已有行写入，不能取消", hint="可以继续写入，完成后整批撤回。")
    await files.forget(session, batch_id)
    enter(batch, "cancelled")
    if not await forget_lines(session, batch):
        batch.purged_at = clock.now()
    audit.record(session, actor=staff, action="import.cancelled", target=("import", batch.id))
    return batch


async def remove(session: AsyncSession, staff: Staff, batch_id: UUID) -> None:
    """Take an import that came to nothing off the list; the audit log keeps that it was there."""
    batch = await _at(session, staff, batch_id, ("refused", "cancelled"))
    enter(batch, "removed")
    audit.record(session, actor=staff, action="import.removed", target=("import", batch.id))


async def _written(session: AsyncSession, batch_id: UUID) -> bool:
    written = select(ImportRow.line).where(ImportRow.batch_id == batch_id, ImportRow.state == "written")
    return await session.scalar(written.limit(1)) is not None


def withdraw_until(batch: ImportBatch) -> datetime | None:
    """The last instant at which the batch may be taken back."""
    if batch.applied_at is None or batch.status != "applied":
        return None
    return batch.applied_at + timedelta(days=WITHDRAW_DAYS.on(clock.today()))


async def withdraw(session: AsyncSession, staff: Staff, batch_id: UUID) -> ImportBatch:
    """Take the whole batch back; the worker does so in the background."""
    batch = await _at(session, staff, batch_id, ("applied",))
    until = withdraw_until(batch)
    if until is None or clock.now() > until:
        days = WITHDRAW_DAYS.on(clock.today())
        raise Refused(f"写入已超过 {days} 天，不能整批撤回", hint="请在名册中逐人更正。")
    written = batch.sums.get("written", 0)
    if not written:
        raise Refused("这一批没有写入任何人，不需要撤回")
    batch.problem = {"withdrawn_by": staff.name, "withdrawn_id": str(staff.id)}
    enter(batch, "withdrawing", written)
    audit.record(session, actor=staff, action="import.withdraw_asked", target=("import", batch.id))
    return batch


async def _at(session: AsyncSession, staff: Staff, batch_id: UUID, statuses: Sequence[str]) -> ImportBatch:
    batch = await get_batch(session, staff, batch_id, lock=True)
    if batch.status not in statuses:
        raise Refused("这次导入已经到了别的步骤", hint="请打开最新的页面，按现在的步骤继续。")
    return batch


audit.describe(
    {
        "import.uploaded": "上传名册",
        "import.viewed": "查看导入内容",
        "import.mapped": "对应列",
        "import.confirmed": "确认写入",
        "import.applied": "写入名册",
        "import.cancelled": "取消导入",
        "import.removed": "移除导入",
        "import.withdraw_asked": "申请撤回导入",
        "import.withdrawn": "撤回导入",
        "import.errors": "下载不予写入的行",
    }
)
