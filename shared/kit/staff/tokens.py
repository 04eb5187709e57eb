"""Random tokens that the browser or a program holds, and what is kept of them here."""

import hashlib
import hmac
import secrets
from functools import lru_cache

from shared.kit.pii import derive_key
from shared.kit.settings import Settings

API_PREFIX = "qt_"


def new_token(prefix: str = "") -> str:
    """256 random bits as text."""
    return prefix + secrets.token_urlsafe(32)


def token_hash(token: str) -> bytes:
    """What is stored. A random token of 256 bits needs no salt and no slow hash."""
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()


def csrf_token(settings: Settings, holder: str) -> str:
    """The form token bound to what the browser holds: its session, or before that its form cookie."""
    return hmac.digest(_key(settings.secret("secret_key")), token_hash(holder), "sha256").hex()


@lru_cache(maxsize=8)
def _key(secret: str) -> bytes:
    return derive_key(secret.encode(), "csrf")


def same(a: str, b: str) -> bool:
    """Compare without telling where they differ."""
    return hmac.compare_digest(a.encode("utf-8", "replace"), b.encode("utf-8", "replace"))
