"""The audit log's pages as a module."""

from pathlib import Path

from shared.kit.auditors import pages
from shared.kit.context import Kit
from shared.kit.module import Module
from shared.kit.web import NavItem


def auditors(kit: Kit) -> Module:
    """List, export and verify; for those who may `audit.read`."""
    del kit  # found on the app by each request
    return Module(
        name="auditors",
        title="审计日志",
        pages=pages.router,
        templates=Path(__file__).parent / "templates",
        nav=(NavItem("audit", "审计", "/audit", "shield", "audit.read"),),
    )
