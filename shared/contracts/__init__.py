"""The published language: event payloads and their envelope, pydantic and the standard library only.

Importing anything of it fills the register of event types (`event.CATALOGUE`) completely.
"""

from shared.contracts import bookings, lookups, members, orgs, units, venues

__all__ = ["bookings", "lookups", "members", "orgs", "units", "venues"]
