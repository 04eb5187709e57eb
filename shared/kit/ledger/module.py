"""Mounts the ledger."""

from pathlib import Path

from shared.kit.context import Kit
from shared.kit.ledger.pages import pages
from shared.kit.module import Module
from shared.kit.web import NavItem


def ledger(kit: Kit) -> Module:
    """What this service sent and received; the same pages in every service."""
    return Module(
        name="ledger",
        title="事件流水",
        pages=pages(kit),
        templates=Path(__file__).parent / "templates",
        nav=(NavItem("ledger", "流水", "/ops/ledger", "flow", "ops.read"),),
    )
