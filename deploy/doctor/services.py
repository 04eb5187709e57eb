"""What each process of each service says of itself at /readyz."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import httpx

from deploy.doctor.findings import Finding
from shared.kit.ops.reading import TITLES, in_words

_FIGURES = {"outbox", "unpublished", "pending", "gaps", "quarantine", "violations", "crashes"}
LAGGING = 1000
"""Events that wait to be applied: fewer are gone in a second."""
MANY_UNSENT = 10_000
"""Events that wait to be sent: a relay sends thousands a second, an import that goes well leaves fewer."""
LONG_UNSENT = 600
"""Seconds the oldest of them may wait: as long as the alarm EventsNotSent."""
Figures = Mapping[str, float]


@dataclass(frozen=True)
class Process:
    """One process of a service and where it answers; a service without a role does everything in one."""

    service: str
    address: str
    role: str = ""

    @property
    def name(self) -> str:
        return f"{self.service}-{self.role}" if self.role else self.service


def services(processes: Iterable[Process]) -> Iterator[Finding]:
    """A line for each process, and for what is not well; then what stands in the service's database."""
    for code, group in groupby(processes, key=lambda process: process.service):
        told: dict[str, float] = {}
        for process in group:
            checks = _asked(process)
            if isinstance(checks, Finding):
                yield checks
                continue
            figures = _figures(checks)
            yield from _process(process.name, checks, figures)
            told |= {name: max(value, told.get(name, 0)) for name, value in figures.items()}
        yield from _sending(code, told)
        yield from _receiving(code, told)


def _asked(process: Process) -> list[dict[str, Any]] | Finding:
    try:
        answer = httpx.get(f"{process.address}/readyz", timeout=5, trust_env=False)
        checks: list[dict[str, Any]] = answer.json()["checks"]
    except (httpx.HTTPError, ValueError, KeyError) as error:
        said = f"没有应答 / no answer ({type(error).__name__})"
        return Finding("bad", process.name, said, "看日志 / look at its log; RUNBOOK.md「告警」ServiceDown")
    return checks


def _figures(checks: Iterable[Mapping[str, Any]]) -> Figures:
    """Those that are known: a lag that cannot be read is a word."""
    known = _FIGURES | {"unsent_seconds"}
    return {k: v for check in checks for k, v in check.items() if k in known and isinstance(v, int | float)}


def _process(name: str, checks: Iterable[Mapping[str, Any]], figures: Figures) -> Iterator[Finding]:
    """Ready or not, and why; a bus that is away or takes nothing is told of one that is ready too."""
    wrong = [check for check in checks if not check["ok"]]
    said = "就绪 / ready" if not wrong else "未就绪 / not ready"
    shown = ",".join(f"{TITLES.get(k, k)} {v:g}" for k, v in figures.items() if v and k in _FIGURES)
    yield Finding("bad" if wrong else "ok", name, f"{said}{f' ({shown})' if shown else ''}")
    for check in checks:
        reason = str(check.get("reason", ""))
        what = f"{name}:{TITLES.get(check['name'], check['name'])}"
        if not check["ok"]:
            yield Finding("bad", what, f"{in_words(reason)} ({reason})", "RUNBOOK.md「告警」")
        elif check["name"] == "bus" and reason:
            todo = "业务照常,消息留待发送 / work goes on, events wait: RUNBOOK.md「告警」BusLost"
            yield Finding("bad", what, f"{in_words(reason)} ({reason})", todo)
        elif check["name"] == "relay" and reason:
            yield Finding("warn", what, f"{in_words(reason)} ({reason})", "RUNBOOK.md「告警」EventsNotSent")


def _sending(code: str, figures: Figures) -> Iterator[Finding]:
    """What was done here and nobody else has heard of."""
    unsent = figures.get("outbox", 0) + figures.get("unpublished", 0)
    seconds = figures.get("unsent_seconds", 0)
    if unsent and seconds > LONG_UNSENT:
        said = f"{unsent:g} 条消息未发出,最早一条已等 {seconds / 60:.0f} 分钟 / events not sent for minutes"
        todo = "后台进程在运行吗?总线断开或已满? / its worker, the bus: RUNBOOK.md「告警」EventsNotSent"
        yield Finding("bad", code, said, todo)
    elif unsent > MANY_UNSENT:
        said = f"{unsent:g} 条消息待发送 / events wait to be sent"
        todo = "大批导入后属正常,稍后再看 / usual after an import: RUNBOOK.md「告警」EventsNotSent"
        yield Finding("warn", code, said, todo)


def _receiving(code: str, figures: Figures) -> Iterator[Finding]:
    """What waits or was put aside: readiness does not depend on it, people do."""
    if figures.get("quarantine"):
        said = f"{figures['quarantine']:g} 条消息被隔离 / messages in quarantine"
        yield Finding("warn", code, said, f"在运行页重试或放弃 / retry or discard at {code}'s /ops")
    if figures.get("gaps"):
        said = f"缺 {figures['gaps']:g} 段编号 / gaps in an owner's numbers"
        yield Finding(
            "warn", code, said, "会自动向原组织补取;久不消失时对账 / fetched by itself; else recount"
        )
    if figures.get("pending", 0) > LAGGING:
        said = f"{figures['pending']:g} 条消息等待处理 / messages wait to be applied"
        yield Finding(
            "warn", code, said, "稍后再看;不减少时看日志 / look again; its log when it does not fall"
        )
