"""Shared venues at the hub: everybody's calendar as a projection, requests that the owners decide."""

from services.hub.venues.module import venues

__all__ = ["venues"]
