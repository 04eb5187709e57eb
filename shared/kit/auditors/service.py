"""Reading the audit log: filters, keyset pages, rows for a file."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from shared.kit.audit import AuditEntry
from shared.kit.audit.titles import title
from shared.kit.clock import CHINA
from shared.kit.pagination import Cursor, Window, decode, query_of, window
from shared.kit.pii import by_pinyin
from shared.kit.spreadsheet import as_text

PAGE = 50
EXPORT_MOST = 100_000
BATCH = 2000


@dataclass(frozen=True)
class Filter:
    """What an auditor looks for. People are named by their opaque ids: names do not belong in an address."""

    action: str = ""
    actor: UUID | None = None
    target: str = ""
    since: date | None = None
    until: date | None = None

    def query(self, **more: str) -> str:
        """The filter as the query of an address."""
        return query_of(self, **more)


async def listing(session: AsyncSession, wanted: Filter, position: str) -> Window[AuditEntry]:
    """One page of entries from `position` on."""
    cursor = decode(position, 1)
    query = _filtered(wanted)
    if cursor and cursor.backwards:
        query = query.where(AuditEntry.seq > _seq(cursor)).order_by(AuditEntry.seq)
    elif cursor:
        query = query.where(AuditEntry.seq < _seq(cursor)).order_by(AuditEntry.seq.desc())
    else:
        query = query.order_by(AuditEntry.seq.desc())
    found = list(await session.scalars(query.limit(PAGE + 1)))
    return window(found, PAGE, cursor, lambda entry: (entry.seq,))


async def actors(session: AsyncSession) -> list[tuple[str, str]]:
    """Everybody in the log by id, with the newest name; found by hops through the index, listed as spelt."""
    found: dict[str, str] = {}
    name = ""
    while len(found) < 500:
        query = (
            select(AuditEntry.actor_id, AuditEntry.actor_name)
            .where(AuditEntry.actor_name > name)
            .order_by(AuditEntry.actor_name, AuditEntry.seq.desc())
            .limit(1)
        )
        row = (await session.execute(query)).one_or_none()
        if row is None:
            break
        name = row.actor_name
        if row.actor_id:
            found[str(row.actor_id)] = name
    return sorted(found.items(), key=lambda pair: by_pinyin(pair[1]))


async def export(session: AsyncSession, wanted: Filter) -> AsyncIterator[list[Any]]:
    """Rows of the file, oldest first, at most a hundred thousand."""
    seq, told = 0, 0
    while told < EXPORT_MOST:
        query = _filtered(wanted).where(AuditEntry.seq > seq).order_by(AuditEntry.seq).limit(BATCH)
        rows = list(await session.scalars(query))
        for entry in rows:
            yield _cells(entry)
        if len(rows) < BATCH:
            return
        seq, told = rows[-1].seq, told + len(rows)
        session.expunge_all()


def _cells(entry: AuditEntry) -> list[Any]:
    cells = [
        entry.at.astimezone(CHINA).isoformat(timespec="seconds"),
        entry.actor_name,
        str(entry.actor_id or ""),
        title(entry.action),
        entry.action,
        entry.target_kind,
        entry.target_id,
        entry.purpose,
        orjson.dumps(entry.detail).decode(),
        entry.algorithm,
        entry.hash.hex(),
    ]
    return [entry.seq, *map(as_text, cells)]


def _filtered(wanted: Filter) -> Select[AuditEntry]:
    query = select(AuditEntry)
    if wanted.action:
        query = query.where(AuditEntry.action == wanted.action)
    if wanted.actor:
        query = query.where(AuditEntry.actor_id == wanted.actor)
    if wanted.target:
        query = query.where(AuditEntry.target_id == wanted.target)
    if wanted.since:
        query = query.where(AuditEntry.at >= _midnight(wanted.since))
    if wanted.until:
        query = query.where(AuditEntry.at < _midnight(wanted.until + timedelta(days=1)))
    return query


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), CHINA)


def _seq(cursor: Cursor) -> int:
    value = cursor.values[0]
    return value if isinstance(value, int) and abs(value) < 2**63 else 0
