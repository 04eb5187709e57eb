"""Authenticated encryption of both profiles: AES-256-GCM and SM4-GCM (RFC 8998)."""

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import SM4
from cryptography.hazmat.primitives.ciphers.modes import GCM

from shared.kit.pii.crypto import CryptoProfile

NONCE_LENGTH, TAG_LENGTH = 12, 16
KEY_LENGTHS = {CryptoProfile.INTL: 32, CryptoProfile.SM: 16}


def seal(profile: CryptoProfile, key: bytes, nonce: bytes, text: bytes, bound: bytes) -> bytes:
    """Ciphertext and tag; `bound` is authenticated with it but not stored."""
    if profile is CryptoProfile.INTL:
        return AESGCM(key).encrypt(nonce, text, bound)
    encryptor = Cipher(SM4(key), GCM(nonce)).encryptor()
    encryptor.authenticate_additional_data(bound)
    return encryptor.update(text) + encryptor.finalize() + encryptor.tag


def unseal(profile: CryptoProfile, key: bytes, nonce: bytes, sealed: bytes, bound: bytes) -> bytes:
    """Text of what `seal` made, or cryptography's InvalidTag."""
    if profile is CryptoProfile.INTL:
        return AESGCM(key).decrypt(nonce, sealed, bound)
    decryptor = Cipher(SM4(key), GCM(nonce, sealed[-TAG_LENGTH:])).decryptor()
    decryptor.authenticate_additional_data(bound)
    # finalize checks the tag: no byte is given away before
    return decryptor.update(sealed[:-TAG_LENGTH]) + decryptor.finalize()
