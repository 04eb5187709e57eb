"""What the hub may ask to prove its projection or to rebuild it: nothing that an event would not tell."""

from shared.org.recount.module import recount

__all__ = ["recount"]
