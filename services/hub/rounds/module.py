"""Mounts the passing on of what concerns seasonal rounds; the hub keeps nothing of them."""

from services.hub.rounds.answers import responders
from shared.kit.context import Kit
from shared.kit.module import Module


def rounds(kit: Kit) -> Module:
    """An organisation's staff reach the rounds of the others."""
    return Module(name="rounds", title="场地轮次", responders=responders(kit))
