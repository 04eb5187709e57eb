"""Crypto profiles (international or SM algorithms) and keys derived from one secret."""

import hmac
from enum import StrEnum
from functools import lru_cache

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.hmac import HMAC
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

SHORTEST_SECRET = 32


class CryptoProfile(StrEnum):
    """Which family of algorithms is used for new values."""

    INTL = "intl"  # HMAC-SHA256, AES-256-GCM
    SM = "sm"  # HMAC-SM3 (GB/T 32905), SM4-GCM (GB/T 32907)


@lru_cache(maxsize=100)  # the same few with every request
def derive_key(
    secret: bytes, purpose: str, profile: CryptoProfile = CryptoProfile.INTL, length: int = 32
) -> bytes:
    """Independent key for one purpose ("cookies"): no key tells anything about another."""
    if len(secret) < SHORTEST_SECRET:
        message = f"the secret must have at least {SHORTEST_SECRET} bytes"
        raise ValueError(message)
    info = f"quntuan/v1/{profile}/{purpose}".encode()
    return HKDF(algorithm=_hash(profile), length=length, salt=None, info=info).derive(secret)


def keyed_hash(key: bytes, data: bytes, profile: CryptoProfile) -> bytes:
    """HMAC (32 bytes) with the profile's hash function."""
    if profile is CryptoProfile.INTL:
        return hmac.digest(key, data, "sha256")
    # hashlib has SM3 only where the system's OpenSSL has it; cryptography brings its own
    state = HMAC(key, _hash(profile))
    state.update(data)
    return state.finalize()


def _hash(profile: CryptoProfile) -> hashes.HashAlgorithm:
    return hashes.SHA256() if profile is CryptoProfile.INTL else hashes.SM3()
