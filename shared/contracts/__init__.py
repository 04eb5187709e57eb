"""The published language: event payloads and their envelope, pydantic and the standard library only.

Importing anything of it fills the register of event types (`event.CATALOGUE`) completely.
"""

from shared.contracts import lookups, members, orgs, units

__all__ = ["lookups", "members", "orgs", "units"]
