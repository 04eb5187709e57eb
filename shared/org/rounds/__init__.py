"""Seasonal rounds: front door of the module."""

from shared.org.rounds.module import rounds

__all__ = ["rounds"]
