"""Argon2id, always in a thread: it is meant to be slow and must not hold up other requests."""

import asyncio
import secrets
import unicodedata
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

# RFC 9106 section 4, second recommended option: 64 MiB, three passes
HASHER = PasswordHasher(time_cost=3, memory_cost=64 * 1024, parallelism=4)
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # without letters and digits that are read as each other


async def hashed(password: str) -> str:
    """The hash to store."""
    return await asyncio.to_thread(HASHER.hash, _same(password))


async def nobodys() -> str:
    """The hash that is checked when there is no such account, so that the answer takes as long."""
    return await asyncio.to_thread(_nobodys, HASHER)


@cache
def _nobodys(hasher: PasswordHasher) -> str:
    return hasher.hash(secrets.token_urlsafe(32))


async def matches(stored: str, password: str) -> bool:
    """Whether the password belongs to the hash."""
    return await asyncio.to_thread(_verify, stored, password)


def outdated(stored: str) -> bool:
    """Whether the hash was made with weaker numbers than today's."""
    return HASHER.check_needs_rehash(stored)


def one_time() -> str:
    """A password to hand over once: 16 characters, 79 bits, in groups that can be read out."""
    groups = ("".join(secrets.choice(_ALPHABET) for _ in range(4)) for _ in range(4))
    return "-".join(groups)


def _verify(stored: str, password: str) -> bool:
    try:
        return HASHER.verify(stored, _same(password))
    except (VerificationError, InvalidHashError):
        return False


def _same(password: str) -> str:
    return unicodedata.normalize("NFKC", password)
