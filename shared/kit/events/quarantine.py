"""Messages that could not be applied: put aside with reason and bytes, retried or discarded by staff."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from shared.kit.clock import now
from shared.kit.errors import Invalid, NotFound, Refused
from shared.kit.events import metrics, receipts
from shared.kit.events.effects import apply_each
from shared.kit.events.envelope import Arrived, Checked, check
from shared.kit.events.models import QuarantineRow
from shared.kit.module import Projection


def fingerprint(arrived: Arrived) -> UUID:
    """The same for the same message, however often and whichever way it comes."""
    told = f"{arrived.sender}\n{arrived.subject}\n".encode()
    return UUID(bytes=hashlib.sha256(told + arrived.raw).digest()[:16])


async def put_aside(session: AsyncSession, checked: Checked, reason: str, service: str) -> None:
    """One row per message; a message that comes again stays settled if it was."""
    envelope, arrived = checked.envelope, checked.arrived
    row = insert(QuarantineRow).values(
        fingerprint=fingerprint(arrived),
        stream_seq=arrived.position,
        bus_subject=arrived.subject[:500],
        source=arrived.sender,
        type=envelope.type if envelope else None,
        reason=_storable(reason),
        raw=arrived.raw,
    )
    again = {"stream_seq": row.excluded.stream_seq, "reason": row.excluded.reason}
    await session.execute(row.on_conflict_do_update(index_elements=["fingerprint"], set_=again))
    metrics.quarantined.labels(service).inc()


def _storable(text: str) -> str:
    return text.replace("\x00", "?").encode("utf-8", "replace").decode()[:1000]


@dataclass(frozen=True)
class Quarantine:
    """What staff may do with messages put aside by this service."""

    service: str
    projections: Sequence[Projection]

    async def open_rows(self, session: AsyncSession, limit: int = 200) -> Sequence[QuarantineRow]:
        """Not settled, newest first."""
        query = select(QuarantineRow).where(QuarantineRow.settled_at.is_(None))
        return (await session.scalars(query.order_by(QuarantineRow.id.desc()).limit(limit))).all()

    async def settled_rows(self, session: AsyncSession, limit: int = 200) -> Sequence[QuarantineRow]:
        query = select(QuarantineRow).where(QuarantineRow.settled_at.is_not(None))
        return (await session.scalars(query.order_by(QuarantineRow.settled_at.desc()).limit(limit))).all()

    async def count(self, session: AsyncSession) -> int:
        query = select(func.count()).select_from(QuarantineRow).where(QuarantineRow.settled_at.is_(None))
        return int(await session.scalar(query) or 0)

    async def retry(self, session: AsyncSession, id_: int, by: str) -> str | None:
        """Check and apply it now, in the caller's transaction; None when done, else why it stays."""
        row = await self._locked(session, id_)
        checked = self._checked(row)
        problem = checked.reason
        if problem is None:
            problem = (await apply_each(session, self.projections, [checked.received(now())])).get(0)
        row.tries += 1
        if problem is None:
            row.settled_at, row.settled_by, row.settlement = now(), by, "applied"
            await receipts.settle(session, checked.envelope, "applied")
        else:
            row.reason = _storable(problem)
        await session.flush()
        return problem

    async def discard(self, session: AsyncSession, id_: int, by: str, why: str) -> None:
        """Settle it without applying; the bytes stay for the record."""
        if not why.strip():
            raise Invalid("请填写放弃的理由", fields={"note": "必填"})
        row = await self._locked(session, id_)
        row.settled_at, row.settled_by, row.settlement, row.note = now(), by, "discarded", why.strip()
        await receipts.settle(session, self._checked(row).envelope, "discarded")
        await session.flush()

    def _checked(self, row: QuarantineRow) -> Checked:
        return check(Arrived(row.bus_subject, row.raw, row.source, row.stream_seq), self.service)

    async def _locked(self, session: AsyncSession, id_: int) -> QuarantineRow:
        row = await session.get(QuarantineRow, id_, with_for_update=True)
        if row is None:
            raise NotFound("没有这条隔离消息")
        if row.settled_at is not None:
            raise Refused("这条消息已经处理过了", hint="请刷新页面查看处理结果。")
        return row
