"""Mounts the operators' page."""

from pathlib import Path

from shared.kit.audit import describe
from shared.kit.context import Kit
from shared.kit.module import Module
from shared.kit.ops.pages import pages
from shared.kit.web import NavItem

describe({"ops.retried": "重试隔离消息", "ops.discarded": "放弃隔离消息"})


def ops(kit: Kit) -> Module:
    """Quarantine, lags and checks; the same page in every service."""
    return Module(
        name="ops",
        title="运行",
        pages=pages(kit),
        templates=Path(__file__).parent / "templates",
        nav=(NavItem("ops", "运行", "/ops", "server", "ops.read"),),
    )
