"""The hub's first page."""

from services.hub.home.module import home

__all__ = ["home"]
