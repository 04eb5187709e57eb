"""Unified lookup: find people of all organisations, with a purpose, masked and recorded."""

from services.hub.lookup.module import lookup
from services.hub.lookup.purposes import purposes_on
from services.hub.lookup.recent import recent
from services.hub.lookup.rules import TITLES

__all__ = ["TITLES", "lookup", "purposes_on", "recent"]
