"""The audit log of a period with its chain, line by line: what others need to check it without us."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

import orjson
from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from shared.kit import clock
from shared.kit.audit import AuditEntry
from shared.kit.audit.rules import canonical
from shared.kit.auditors.models import KeptEnd
from shared.kit.db import Database
from shared.kit.pagination import query_of

BATCH = 2000
COLUMNS = (*AuditEntry.__table__.columns,)
FORM = 1


@dataclass(frozen=True)
class Period:
    """Days in China, both included; without one it is open."""

    since: date | None = None
    until: date | None = None

    def query(self) -> str:
        """As it is written into the log."""
        return query_of(self)

    @property
    def begins(self) -> datetime:
        """The first instant."""
        return datetime.combine(self.since or date(1900, 1, 1), time(), clock.CHINA)

    @property
    def ends(self) -> datetime:
        """The first instant after it."""
        return datetime.combine((self.until or date(2100, 1, 1)) + timedelta(days=1), time(), clock.CHINA)

    def covers(self, at: ColumnElement[datetime]) -> ColumnElement[bool]:
        """Rows of the period."""
        return (at >= self.begins) & (at < self.ends)


async def evidence(database: Database, service: str, period: Period) -> AsyncIterator[bytes]:
    """A head, the entries without a gap, the ends kept here of other services' logs, how many there are.

    `hash` is the service's keyed one. Without the key a reader checks that each entry names the hash of the
    one before and that the ends other services kept are in it; the file's `sha256` is an entry of the log.
    """
    entries = ends = 0
    async with database.transaction() as session:
        upto = min(clock.now(), period.ends)
        yield _line(evidence=FORM, service=service, since=period.begins.isoformat(), upto=upto.isoformat())
        first, last = await _range(session, period)
        while first <= last:
            query = select(*COLUMNS).where(AuditEntry.seq.between(first, last)).order_by(AuditEntry.seq)
            rows = (await session.execute(query.limit(BATCH))).mappings().all()
            if not rows:
                break
            yield b"".join(
                b'{"entry":%b,"hash":"%b"}\n' % (canonical(dict(row)), row["hash"].hex().encode())
                for row in rows
            )
            entries, first = entries + len(rows), rows[-1]["seq"] + 1
        kept = (
            select(KeptEnd).where(period.covers(KeptEnd.__table__.c.at)).order_by(KeptEnd.source, KeptEnd.seq)
        )
        async for end in await session.stream_scalars(kept.execution_options(yield_per=BATCH)):
            ends += 1
            yield _line(
                kept={"source": end.source, "seq": end.seq, "hash": end.hash.hex(), "at": end.at.isoformat()}
            )
    yield _line(entries=entries, kept_ends=ends)


async def _range(session: AsyncSession, period: Period) -> tuple[int, int]:
    """From the first to the last number of the period: a chain with holes could not be checked."""
    numbers = select(func.min(AuditEntry.seq), func.max(AuditEntry.seq))
    first, last = (await session.execute(numbers.where(period.covers(AuditEntry.__table__.c.at)))).one()
    return (first, last) if first is not None else (1, 0)


def _line(**values: object) -> bytes:
    return orjson.dumps(values, option=orjson.OPT_APPEND_NEWLINE)
