"""Seasonal rounds: front door of the module."""

from shared.org.rounds.module import rounds
from shared.org.rounds.others import side_of

__all__ = ["rounds", "side_of"]
