"""Seasonal rounds at the hub: front door of the module."""

from services.hub.rounds.module import rounds
from services.hub.rounds.pages import SIDE

__all__ = ["SIDE", "rounds"]
