"""Mounts the passing on of what concerns seasonal rounds, and their list; the hub keeps nothing of them."""

from pathlib import Path

from services.hub.rounds.answers import responders
from services.hub.rounds.api import api
from services.hub.rounds.pages import pages
from shared.kit.context import Kit
from shared.kit.module import Module


def rounds(kit: Kit) -> Module:
    """An organisation's staff reach the rounds of the others, the joint office those of all."""
    return Module(
        name="rounds",
        title="场地轮次",
        api=api(kit),
        pages=pages(kit),
        responders=responders(kit),
        templates=Path(__file__).parent / "templates",
    )
