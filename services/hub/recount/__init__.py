"""Is the hub's projection what the owners told? Counted, and where it is not, put right from the owners."""

from services.hub.recount.module import recount

__all__ = ["recount"]
