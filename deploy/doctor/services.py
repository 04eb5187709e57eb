"""What each service says of itself at /readyz."""

from collections.abc import Iterator, Mapping
from typing import Any

import httpx

from deploy.doctor.findings import Finding
from shared.kit.ops.reading import TITLES, in_words

_FIGURES = {"outbox", "unpublished", "pending", "gaps", "quarantine", "violations", "crashes"}
_LAGGING = 1000
"""Events that wait to be applied: fewer are gone in a second."""


def services(addresses: Mapping[str, str]) -> Iterator[Finding]:
    """A line for each service; then one for whatever is not well with it."""
    for code, address in addresses.items():
        try:
            answer = httpx.get(f"{address}/readyz", timeout=5, trust_env=False)
            checks: list[dict[str, Any]] = answer.json()["checks"]
        except (httpx.HTTPError, ValueError, KeyError) as error:
            yield Finding(
                "bad", code, f"没有应答 / no answer ({type(error).__name__})", "看日志 / look at its log"
            )
            continue
        wrong = [check for check in checks if not check["ok"]]
        figures = {k: v for check in checks for k, v in check.items() if k in _FIGURES and v}
        said = "就绪 / ready" if not wrong else "未就绪 / not ready"
        shown = ",".join(f"{TITLES.get(k, k)} {v:g}" for k, v in figures.items())
        yield Finding("bad" if wrong else "ok", code, f"{said}{f' ({shown})' if shown else ''}")
        for check in wrong:
            reason = str(check.get("reason", ""))
            name = TITLES.get(check["name"], check["name"])
            yield Finding("bad", f"{code}:{name}", f"{in_words(reason)} ({reason})", "RUNBOOK.md「告警」")
        yield from _figures(code, figures)


def _figures(code: str, figures: Mapping[str, float]) -> Iterator[Finding]:
    """What waits or was put aside: readiness does not depend on it, people do."""
    if figures.get("quarantine"):
        said = f"{figures['quarantine']:g} 条消息被隔离 / messages in quarantine"
        yield Finding("warn", code, said, f"在运行页重试或放弃 / retry or discard at {code}'s /ops")
    if figures.get("gaps"):
        said = f"缺 {figures['gaps']:g} 段编号 / gaps in an owner's numbers"
        yield Finding(
            "warn", code, said, "会自动向原组织补取;久不消失时对账 / fetched by itself; else recount"
        )
    if figures.get("pending", 0) > _LAGGING:
        said = f"{figures['pending']:g} 条消息等待处理 / messages wait to be applied"
        yield Finding(
            "warn", code, said, "稍后再看;不减少时看日志 / look again; its log when it does not fall"
        )
