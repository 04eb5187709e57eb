"""Rounds of other organisations, from wherever one looks: front door of the module."""

from shared.kit.rounds.module import other_rounds
from shared.kit.rounds.side import Side

__all__ = ["Side", "other_rounds"]
