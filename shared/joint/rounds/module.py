"""Mounts the pages and the API of rounds of other organisations."""

from pathlib import Path

from shared.joint.rounds.api import api
from shared.joint.rounds.pages import pages
from shared.joint.rounds.side import Side
from shared.kit.context import Kit
from shared.kit.module import Module


def other_rounds(kit: Kit, side: Side) -> Module:
    """Seen and wished for; the owner decides and keeps."""
    return Module(
        name="other_rounds",
        title="其他组织的轮次",
        api=api(kit, side),
        pages=pages(kit, side),
        templates=Path(__file__).parent / "templates",
    )
