"""Encrypts single fields at rest, bound to the place they belong to."""

import os

from cryptography.exceptions import InvalidTag

from shared.kit.pii.aead import KEY_LENGTHS, NONCE_LENGTH, TAG_LENGTH, seal, unseal
from shared.kit.pii.crypto import CryptoProfile, derive_key

# First byte of a stored value: format version (high half) and profile (low half). It is part of
# the authenticated data, so it cannot be exchanged.
_HEADERS = {CryptoProfile.INTL: b"\x11", CryptoProfile.SM: b"\x12"}
_PROFILES = {header: profile for profile, header in _HEADERS.items()}
_SHORTEST = 1 + NONCE_LENGTH + TAG_LENGTH


class CipherError(Exception):
    """The value cannot be decrypted: other key, other context, or changed bytes."""


class FieldCipher:
    """Encrypts under one profile, decrypts values of every profile made with the same key.

    Nonces are random: one key is good for about four thousand million values (NIST SP 800-38D).
    """

    def __init__(self, key: bytes, profile: CryptoProfile = CryptoProfile.INTL) -> None:
        self._profile = profile
        self._keys = {
            each: derive_key(key, "fields", each, length=length) for each, length in KEY_LENGTHS.items()
        }

    def encrypt(self, text: str, context: str) -> bytes:
        """Header, nonce, ciphertext and tag; `context` names the column ("member.identity")."""
        header = _HEADERS[self._profile]
        nonce = os.urandom(NONCE_LENGTH)
        bound = header + context.encode()
        return header + nonce + seal(self._profile, self._keys[self._profile], nonce, text.encode(), bound)

    def decrypt(self, value: bytes, context: str) -> str:
        """Text of a stored value, or CipherError."""
        header = value[:1]
        profile = _PROFILES.get(header)
        if profile is None or len(value) < _SHORTEST:
            raise CipherError("not a value of this cipher")
        nonce, sealed = value[1 : 1 + NONCE_LENGTH], value[1 + NONCE_LENGTH :]
        try:
            text = unseal(profile, self._keys[profile], nonce, sealed, header + context.encode())
        except InvalidTag:
            raise CipherError(
                f"a value of {context} cannot be decrypted: other key, context or bytes"
            ) from None
        return text.decode()
