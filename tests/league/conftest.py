"""The organisation over a database without rows."""

from tests.org.pool import orgs

__all__ = ["orgs"]
