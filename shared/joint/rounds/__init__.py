"""Rounds of other organisations, from wherever one looks: front door of the module."""

from shared.joint.rounds.module import other_rounds
from shared.joint.rounds.side import Side

__all__ = ["Side", "other_rounds"]
