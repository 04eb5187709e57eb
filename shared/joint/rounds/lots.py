"""Lots of a round: places in a drawing that everybody can work out again from the seed."""

import hashlib
from collections.abc import Iterable, Mapping


def hash_of(seed: str) -> str:
    """What is published of a seed before it is known."""
    return hashlib.sha256(seed.encode()).hexdigest()


def lot(seed: str, name: str) -> str:
    """A place in the drawing nobody can choose."""
    return hashlib.sha256(f"{seed}:{name}".encode()).hexdigest()


def order_of(orgs: Iterable[str], used: Mapping[str, float], seed: str) -> list[str]:
    """Who begins: the least use in the past year, then the lot."""
    return sorted(set(orgs), key=lambda org: (used.get(org, 0.0), lot(seed, org)))
