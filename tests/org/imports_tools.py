"""Driving an import without a browser: upload, let the worker work, look at the result."""

import io
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import func, select

from shared.kit.staff import Staff
from shared.org.imports import service
from shared.org.imports.child import parse
from shared.org.imports.models import ImportBatch, ImportRow
from shared.org.imports.worker import ImportWorker
from shared.org.kit import OrgKit
from shared.org.members import Member
from shared.org.units import ensure_top_unit
from tests.org.people import CLERK, identity_number, phone_number


def clerk(scope: str = "") -> Staff:
    return Staff(
        id=uuid4(), login="clerk", name="沈若溪", office="组织部", roles=("clerk",), scope_path=scope,
        permissions=frozenset({"imports.run"}), via="session",
    )  # fmt: skip


CLERK_1 = clerk()
HEAD = "姓名,证件号码,联系电话,所在组织,身份,加入时间"


def unit_name(org: OrgKit) -> str:
    """A new unit directly below the top, of a kind the organisation allows there."""
    allowed = org.profile.kind(org.profile.top_kind).children
    ending = next(e for e, k in org.profile.unit_suffixes.items() if k in allowed)
    return f"星河{ending}"


def line(org: OrgKit, name: str = "单文慧", **given: Any) -> str:
    cells = {
        "name": name, "identity": identity_number(), "phone": phone_number(),
        "unit": f"{org.name}/{unit_name(org)}", "kind": org.policy.kinds[0].title, "joined": "2024-10-08",
    } | given  # fmt: skip
    return ",".join(str(cells[k]) for k in ("name", "identity", "phone", "unit", "kind", "joined"))


async def settle(org: OrgKit) -> None:
    """Let the worker do everything that waits."""
    worker = ImportWorker(org)
    while await worker.step():
        pass


async def upload(org: OrgKit, name: str, data: bytes, staff: Staff = CLERK_1) -> ImportBatch:
    """Upload and let it be read and planned."""
    async with org.kit.database.transaction() as session:
        await ensure_top_unit(session, org, CLERK)
        batch = await service.upload(session, org, staff, name, io.BytesIO(data))
    await settle(org)
    return await again(org, batch.id)


async def again(org: OrgKit, batch_id: UUID) -> ImportBatch:
    async with org.kit.database.transaction() as session:
        return await session.get_one(ImportBatch, batch_id)


async def confirm(org: OrgKit, batch: ImportBatch, staff: Staff = CLERK_1) -> ImportBatch:
    async with org.kit.database.transaction() as session:
        await service.confirm(session, staff, batch.id)
    await settle(org)
    return await again(org, batch.id)


async def rows(org: OrgKit, batch: ImportBatch, outcome: str) -> list[ImportRow]:
    async with org.kit.database.transaction() as session:
        query = select(ImportRow).where(ImportRow.batch_id == batch.id, ImportRow.outcome == outcome)
        return list(await session.scalars(query.order_by(ImportRow.line)))


async def on_roll(org: OrgKit) -> int:
    async with org.kit.database.transaction() as session:
        query = select(func.count()).select_from(Member).where(Member.standing != "left")
        return await session.scalar(query) or 0


def csv_file(*lines: str, encoding: str = "utf-8") -> bytes:
    return "\r\n".join((*lines, "")).encode(encoding)


def file_of(path: Path) -> bytes:
    return path.read_bytes()


def reasons(row: ImportRow) -> list[Any]:
    return [t["reason"] for t in row.troubles]


def names(found: Sequence[ImportRow]) -> list[str]:
    return [row.name for row in found]


async def read(data: bytes) -> list[Any]:
    with tempfile.TemporaryFile() as file:
        file.write(data)
        file.flush()
        return [message async for message in parse(file)]
