"""What the databases tell: their version, the archive of their log, the last recount of the hub."""

import datetime as dt
from collections.abc import AsyncIterator

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from deploy.doctor.backups import NONE_LONG
from deploy.doctor.findings import Finding
from shared.kit import clock

TOO_LONG = dt.timedelta(hours=36)
"""Since the last recount: it is made every night."""
_ARCHIVE = text(
    "select failed_count, last_archived_time, last_failed_time, stats_reset,"
    " current_setting('archive_mode') mode"
    " from pg_stat_archiver"
)
_RECOUNT = text(
    "select state, finished_at from recount_run where finished_at is not null"
    " order by finished_at desc limit 1"
)
_WELL = {"equal": "一致 / equal", "mended": "已修复 / mended"}


async def databases(url: str, recount: str = "") -> AsyncIterator[Finding]:
    """Lines about the server of this database and about the hub's last recount.

    `recount` is the command that begins one here; empty where the database is not the hub's.
    """
    engine = create_async_engine(url, connect_args={"timeout": 5})
    try:
        async with engine.connect() as connection:
            version = str(await connection.scalar(text("show server_version"))).split()[0]
            yield Finding("ok", "PostgreSQL", version)
            async for finding in _archive(connection):
                yield finding
            if recount:
                yield await _recount(connection, recount)
    except (DBAPIError, OSError) as error:
        yield Finding(
            "bad", "PostgreSQL", f"没有应答 / no answer ({type(error).__name__})", "看日志 / its log"
        )
    finally:
        await engine.dispose()


async def _archive(connection: AsyncConnection) -> AsyncIterator[Finding]:
    """Only where the log is archived: a laptop keeps no backups."""
    row = (await connection.execute(_ARCHIVE)).one()
    if row.mode == "off":
        return
    failing = row.last_failed_time and (
        not row.last_archived_time or row.last_failed_time > row.last_archived_time
    )
    if failing:
        said = f"归档失败 / archiving fails ({row.failed_count})"
        yield Finding("bad", "备份 / backup", said, "RUNBOOK.md「备份与恢复」")
        return
    at = f"{row.last_archived_time:%Y-%m-%d %H:%M}" if row.last_archived_time else "尚无 / none yet"
    never = not row.last_archived_time and row.stats_reset and clock.now() - row.stats_reset > NONE_LONG
    todo = "quntuan compose logs postgres: RUNBOOK.md「备份与恢复」" if never else ""
    yield Finding("bad" if never else "ok", "备份 / backup", f"最近归档 / last archived {at}", todo)


async def _recount(connection: AsyncConnection, command: str) -> Finding:
    row = (await connection.execute(_RECOUNT)).one_or_none()
    what = "对账 / recount"
    if row is None:
        todo = f"{command},或等今晚 / or wait for the night"
        return Finding("warn", what, "还没有做过 / never made", todo)
    said = f"{row.finished_at:%Y-%m-%d %H:%M} {_WELL.get(row.state, row.state)}"
    if row.state not in _WELL:
        return Finding("bad", what, said, "看对账页 / look at the hub's /ops/recount")
    if clock.now() - row.finished_at > TOO_LONG:
        return Finding("warn", what, said, f"已过一天半 / more than a day and a half ago: {command}")
    return Finding("ok", what, said)
