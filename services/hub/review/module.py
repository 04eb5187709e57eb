"""Mounts the review of pairs that may be one person."""

from pathlib import Path

from services.hub.persons import DECIDE
from services.hub.review import api, pages
from services.hub.review.models import Raised
from shared.kit.audit import describe
from shared.kit.module import Module
from shared.kit.web import NavItem

describe(
    {
        "review.opened": "查看待核对记录",
        "review.taken": "调入待核对记录",
        "review.searched": "按姓名查找待核对记录",
        "review.later": "推迟核对",
    }
)


def review() -> Module:
    """Pairs that wait for a steward, and what was decided of them."""
    return Module(
        name="review",
        title="同一人核对",
        api=api.router,
        pages=pages.router,
        metadata=(Raised.metadata,),
        templates=Path(__file__).parent / "templates",
        nav=(NavItem("candidates", "核对", "/candidates", "link", DECIDE),),
    )
