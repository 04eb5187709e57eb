"""The machine below the services: room on its discs, certificates that end, the bus's promise."""

import datetime as dt
import shutil
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
from cryptography import x509

from deploy.doctor.findings import Finding, Level
from shared.kit import clock

LEAST_FREE, LITTLE_FREE = 0.05, 0.15
"""Parts of a disc: below the first something will stop soon, below the second somebody should look."""
NEARLY_FULL, FULL_SOON = 0.80, 0.95
"""Parts of a stream's limit: a full one takes nothing more, raising it takes a new version."""
SOON, NOW = dt.timedelta(days=30), dt.timedelta(days=7)
_GB = 1 << 30
_ALL = {"config": "true", "accounts": "true", "streams": "true"}


def discs(folders: Mapping[str, Path]) -> Iterator[Finding]:
    """Room where data is written; folders of one disc are told once."""
    seen: set[int] = set()
    for what, folder in folders.items():
        device = folder.stat().st_dev
        if device in seen:
            continue
        seen.add(device)
        usage = shutil.disk_usage(folder)
        free = usage.free / usage.total
        said = f"余 {usage.free / _GB:.0f} GB,{free:.0%} / free"
        level: Level = "bad" if free < LEAST_FREE else "warn" if free < LITTLE_FREE else "ok"
        todo = "" if level == "ok" else "清理或扩容 / make room: RUNBOOK.md「磁盘」"
        yield Finding(level, f"磁盘 / disc ({what})", said, todo)


def certificates(files: Iterable[Path]) -> Iterator[Finding]:
    """How long each certificate is good."""
    for file in files:
        certificate = x509.load_pem_x509_certificate(file.read_bytes())
        left = certificate.not_valid_after_utc - clock.now()
        said = f"至 {certificate.not_valid_after_utc:%Y-%m-%d},还有 {left.days} 天 / days left"
        level: Level = "bad" if left < NOW else "warn" if left < SOON else "ok"
        todo = "" if level == "ok" else "换证书 / replace it: RUNBOOK.md「证书与钥匙」"
        yield Finding(level, f"证书 / certificate {file.parent.name}/{file.name}", said, todo)


def bus(monitor: str, mend: str) -> Iterator[Finding]:
    """The bus answers, has room, and writes before it acknowledges; `mend`: its configuration anew."""
    try:
        with httpx.Client(base_url=monitor, timeout=5, trust_env=False) as client:
            version = client.get("/varz").json()["version"]
            told = client.get("/jsz", params=_ALL).json()
    except (httpx.HTTPError, ValueError, KeyError) as error:
        yield Finding(
            "bad", "NATS", f"没有应答 / no answer ({type(error).__name__})", "看日志 / look at its log"
        )
        return
    if told.get("config", {}).get("sync_always"):
        yield Finding("ok", "NATS", f"{version},{told.get('messages', 0):,} 条消息 / messages,落盘 / synced")
    else:
        said = "sync_interval 不是 always:断电会丢已确认的消息 / acknowledged messages can be lost"
        yield Finding("bad", "NATS", said, mend)
    for account in told.get("account_details", ()):
        yield from _streams(account.get("stream_detail", ()))


def _streams(streams: Iterable[Mapping[str, Any]]) -> Iterator[Finding]:
    """Those whose limit comes near."""
    for stream in streams:
        limit = stream["config"]["max_bytes"]
        used = stream["state"]["bytes"] / limit if limit > 0 else 0
        if used > NEARLY_FULL:
            level: Level = "bad" if used > FULL_SOON else "warn"
            said = f"已用 {used:.0%} / of its limit used"
            todo = "满了不丢,由服务保存 / a full one loses nothing: RUNBOOK.md「磁盘」"
            yield Finding(level, f"NATS {stream['name']}", said, todo)
