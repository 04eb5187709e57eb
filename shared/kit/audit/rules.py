"""The hash of an entry: canonical form, algorithm by crypto profile, and what `detail` may tell."""

import hmac
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from enum import Enum
from functools import cache
from typing import Any
from uuid import UUID

import orjson

from shared.kit.pii.crypto import CryptoProfile, derive_key, keyed_hash

HIDDEN = "〔已隐去〕"
# Identity numbers and mobile phones, also inside a sentence; a UUID's or hash's digits are not taken for one.
_PERSONAL = re.compile(r"(?<![0-9A-Za-z-])(?:[0-9]{17}[0-9Xx]|1[0-9]{10})(?![0-9A-Za-z-])")
_PROFILES = {"hmac-sha256": CryptoProfile.INTL, "hmac-sm3": CryptoProfile.SM}


class Chain:
    """How a service hashes its entries: keyed by its own secret, SHA-256 or SM3 by profile.

    The key keeps the owner of the tables from chaining everything anew. Entries of the other profile stay
    valid after a switch.
    """

    def __init__(self, secret: str, profile: str) -> None:
        names = {p.value: name for name, p in _PROFILES.items()}
        self.algorithm = names[profile]
        self._keys = {name: derive_key(secret.encode(), "audit chain", p) for name, p in _PROFILES.items()}

    def digest(self, message: bytes) -> bytes:
        """The hash of an entry about to be written."""
        return self._hash(self.algorithm, message)

    def holds(self, algorithm: str, message: bytes, found: bytes) -> bool:
        """Whether `found` is the hash of `message`."""
        return algorithm in _PROFILES and hmac.compare_digest(self._hash(algorithm, message), found)

    def _hash(self, algorithm: str, message: bytes) -> bytes:
        return keyed_hash(self._keys[algorithm], message, _PROFILES[algorithm])


@cache
def chain(secret: str, profile: str) -> Chain:
    """The chain of a service; deriving its keys once is enough."""
    return Chain(secret, profile)


def canonical(entry: Mapping[str, Any]) -> bytes:
    """The one byte string of an entry: JSON with sorted keys, instants in UTC to the microsecond."""
    parts = {
        "seq": entry["seq"],
        "at": entry["at"].astimezone(UTC).isoformat(timespec="microseconds"),
        "actor_id": str(entry["actor_id"]) if entry["actor_id"] else None,
        "actor_name": entry["actor_name"],
        "action": entry["action"],
        "target_kind": entry["target_kind"],
        "target_id": entry["target_id"],
        "purpose": entry["purpose"],
        "detail": entry["detail"],
        "algorithm": entry["algorithm"],
        "prev_hash": entry["prev_hash"].hex(),
    }
    return orjson.dumps(parts, option=orjson.OPT_SORT_KEYS)


def tellable(value: Any) -> Any:
    """`value` as the log may hold it: plain JSON that JSONB gives back unchanged, no raw personal numbers."""
    if isinstance(value, Enum):
        return tellable(value.value)
    if value is None or isinstance(value, bool) or (isinstance(value, int) and abs(value) < 10**10):
        return value
    if isinstance(value, str):
        return _PERSONAL.sub(HIDDEN, value.replace("\x00", "").encode("utf-8", "replace").decode())
    if isinstance(value, (int, UUID, date, datetime)):
        return tellable(str(value))
    if isinstance(value, Mapping):
        return {str(k): tellable(v) for k, v in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [tellable(v) for v in value]
    raise TypeError(f"an audit detail cannot hold {type(value).__name__}")
