"""The base backups: each restore begins with one."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

from deploy.doctor.findings import Finding
from shared.kit import clock

OLD = dt.timedelta(days=2)
"""Of the newest: one is made every day."""
NONE_LONG = dt.timedelta(days=1)
"""Without any since the log is archived: the first is made minutes after the beginning."""
_WHAT = "备份 / base backup"
_TODO = "quntuan backup; quntuan compose logs backup: RUNBOOK.md「备份与恢复」"


def bases(folder: Path) -> Finding:
    """How old the newest is, in the folder that quntuan-backup writes."""
    newest = max(_made(folder / "base", "*.tar.age"), default=None)
    if newest is not None:
        said = f"最近一份 / newest {newest:%Y-%m-%d %H:%M}"
        return Finding("bad", _WHAT, said, _TODO) if _age(newest) > OLD else Finding("ok", _WHAT, said)
    begun = min(_made(folder / "wal", "*.age"), default=None)
    long = begun is not None and _age(begun) > NONE_LONG
    return Finding("bad" if long else "warn", _WHAT, "尚无 / none yet", _TODO)


def _made(folder: Path, names: str) -> Iterator[dt.datetime]:
    return (dt.datetime.fromtimestamp(path.stat().st_mtime, dt.UTC) for path in folder.glob(names))


def _age(at: dt.datetime) -> dt.timedelta:
    return clock.now() - at
