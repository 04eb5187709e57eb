"""The organisation makes itself known: `org.announced` at every start."""

from shared.org.identity.module import announcement, identity

__all__ = ["announcement", "identity"]
