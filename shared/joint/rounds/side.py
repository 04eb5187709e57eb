"""From where somebody looks at the rounds of others: an organisation's own service, or the hub."""

from collections.abc import Callable
from dataclasses import dataclass

from shared.contracts.bookings import Booker
from shared.kit.staff import Staff


@dataclass(frozen=True)
class Side:
    """`at`, `api`: below which addresses the rounds stand. `asks`: of an owner's round, which service."""

    code: str
    at: str
    api: str
    above: tuple[tuple[str, str], ...]
    """what the pages stand below: text and address"""
    reads: str
    writes: str
    booker: Callable[[Staff], Booker]
    asks: Callable[[str], str]
