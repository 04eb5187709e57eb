"""Who sent what to whom in a period, as a table for the auditor: heads of events, not their contents."""

# ruff: noqa: S608 - statements are put together from constants of this module; values are parameters

import csv
import io
from collections.abc import AsyncIterator

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.kit.auditors.evidence import BATCH, Period
from shared.kit.clock import CHINA
from shared.kit.db import Database
from shared.kit.ledger.entries import STATES, Entry
from shared.kit.ledger.reading import RECEIVED, SENT, Table, runs
from shared.kit.spreadsheet import as_text

HEAD = ["发送方", "接收方", "序号", "种类", "种类代码", "内容", "对象编号", "发出时间", "状态", "状态时间"]


async def sharing(database: Database, own: str, period: Period) -> AsyncIterator[bytes]:
    """Run by run as the index has them: by sender and kind, in the order of time."""
    yield _csv([HEAD], begin="\ufeff")  # without it Excel takes the file for GB18030
    async with database.transaction() as session:
        there = await runs(session)
        wanted = [(SENT, own, kind) for kind in there.sent] + [(RECEIVED, *run) for run in there.received]
        for table, source, kind in wanted:
            async for rows in _run(session, table, source, kind, period):
                yield _csv([_cells(Entry(**row)) for row in rows])


async def _run(
    session: AsyncSession, table: Table, source: str, kind: str, period: Period
) -> AsyncIterator[list[RowMapping]]:
    statement = text(
        f"select {table.source} source, e.channel, e.seq, e.type, e.key, e.{table.at} at, {table.columns}"
        f" from {table.name} e where e.type = :kind{' and e.source = :own' if table is RECEIVED else ''}"
        f" and (e.{table.at}, e.seq) >= (:at, :seq)"
        f" and (e.{table.at}, e.seq, e.channel) > (:at, :seq, :channel)"
        f" and e.{table.at} < :until order by e.{table.at}, e.seq, e.channel limit :limit"
    )
    values = {"own": source, "kind": kind, "until": period.ends, "limit": BATCH}
    place = {"at": period.begins, "seq": 0, "channel": ""}
    while rows := list((await session.execute(statement, values | place)).mappings()):
        yield rows
        place = {name: rows[-1][name] for name in place}


def _cells(entry: Entry) -> list[str]:
    return [
        entry.source,
        entry.receiver,
        str(entry.seq),
        entry.title,
        entry.type,
        entry.says,
        entry.key,
        entry.at.astimezone(CHINA).isoformat(timespec="milliseconds"),
        STATES[entry.state][0],
        entry.state_at.astimezone(CHINA).isoformat(timespec="milliseconds") if entry.state_at else "",
    ]


def _csv(rows: list[list[str]], begin: str = "") -> bytes:
    out = io.StringIO()
    out.write(begin)
    csv.writer(out).writerows([as_text(cell) for cell in row] for row in rows)
    return out.getvalue().encode()
