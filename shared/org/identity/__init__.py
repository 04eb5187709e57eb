"""The organisation makes itself known: `org.announced` at every start."""

from shared.org.identity.module import identity

__all__ = ["identity"]
