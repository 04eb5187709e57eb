"""Seasonal rounds at the hub: front door of the module."""

from services.hub.rounds.module import rounds

__all__ = ["rounds"]
