"""What the clients were told: the measure of everything that must still be true after the kills."""

from collections import Counter
from dataclasses import dataclass, field


@dataclass
class Ledger:
    """Acknowledged work of one client at one service. `wrong` are answers that may never be given."""

    service: str
    admitted: dict[str, str] = field(default_factory=dict)
    """name -> member's id"""
    posts: dict[str, str] = field(default_factory=dict)
    """member's id -> the post that was written last"""
    left: set[str] = field(default_factory=set)
    booked: set[str] = field(default_factory=set)
    cancelled: set[str] = field(default_factory=set)
    lookups: int = 0
    answers: Counter[str] = field(default_factory=Counter)
    repeated: int = 0
    wrong: list[str] = field(default_factory=list)

    @property
    def operations(self) -> int:
        """Operations that came to an end, refusals too."""
        return self.answers.total()


def joined(service: str, ledgers: list[Ledger]) -> Ledger:
    """All clients of one service as one."""
    whole = Ledger(service)
    for one in ledgers:
        if one.service != service:
            continue
        whole.admitted |= one.admitted
        whole.posts |= one.posts
        whole.left |= one.left
        whole.booked |= one.booked
        whole.cancelled |= one.cancelled
        whole.lookups += one.lookups
        whole.answers += one.answers
        whole.repeated += one.repeated
        whole.wrong += one.wrong
    return whole
