"""Seeds (nkeys) of the bus's users, kept as files that only their owner can read."""

import base64
import binascii
import os
import secrets
from collections.abc import Sequence
from pathlib import Path

import nkeys

from deploy.topology import names
from deploy.topology.config import PublicKeys


def seed_file(folder: Path, code: str, user: str) -> Path:
    """Where the seed of one account's user is: `<code>-service.nk` or `<code>-ops.nk`."""
    return folder / f"{code}-{user}.nk"


def ensure_keys(folder: Path, codes: Sequence[str]) -> dict[str, PublicKeys]:
    """Public keys of all users, after making the seeds that are missing."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    keys = {
        code: PublicKeys(
            ops=public_key(seed_file(folder, code, "ops")),
            service=public_key(seed_file(folder, code, "service")),
        )
        for code in (*codes, names.HUB)
    }
    keys["sys"] = PublicKeys(ops=public_key(seed_file(folder, "sys", "ops")))
    return keys


def is_public(text: str) -> bool:
    """Whether this is the public key of a user: its prefix, 32 bytes, and their checksum (CRC-16/XMODEM)."""
    try:
        raw = base64.b32decode(text + "=" * (-len(text) % 8))
    except (binascii.Error, ValueError):
        return False
    body, check = raw[:-2], int.from_bytes(raw[-2:], "little")
    return len(body) == 33 and body[0] == nkeys.PREFIX_BYTE_USER and binascii.crc_hqx(body, 0) == check


def public_key(path: Path) -> str:
    """The public half of a seed, which is made when it is missing."""
    if not path.exists():
        seed = nkeys.encode_seed(secrets.token_bytes(32), nkeys.PREFIX_BYTE_USER)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(bytes(seed))
    public: bytes = nkeys.from_seed(bytearray(path.read_bytes().strip())).public_key
    return public.decode()
