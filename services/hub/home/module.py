"""Mounts the first page."""

from pathlib import Path

from services.hub.home import pages
from shared.kit.module import Module
from shared.kit.web import NavItem


def home() -> Module:
    """The hub's first page."""
    return Module(
        name="home",
        title="首页",
        pages=pages.router,
        templates=Path(__file__).parent / "templates",
        nav=(NavItem("home", "首页", "/", "home"),),
    )
