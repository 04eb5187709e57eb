"""How sure a sample makes us: pure."""

from dataclasses import dataclass
from math import sqrt

Z = 1.959964
"""Of the normal distribution for 95 %."""


@dataclass(frozen=True)
class Precision:
    """What a sample says of links: counted, and the interval the truth lies in (Wilson, 95 %)."""

    right: int
    wrong: int
    unsure: int
    waiting: int = 0

    @property
    def judged(self) -> int:
        """Pairs that were clearly right or wrong; those in doubt are told beside, not hidden in either."""
        return self.right + self.wrong

    @property
    def share(self) -> float | None:
        """Which part is right; None before anything was judged."""
        return self.right / self.judged if self.judged else None

    @property
    def interval(self) -> tuple[float, float]:
        """Where the precision of all such links lies."""
        return wilson(self.right, self.judged)

    def __add__(self, other: "Precision") -> "Precision":
        return Precision(
            self.right + other.right,
            self.wrong + other.wrong,
            self.unsure + other.unsure,
            self.waiting + other.waiting,
        )


def wilson(right: int, of: int) -> tuple[float, float]:
    """The Wilson score interval at 95 %: honest for few pairs and for shares next to 1."""
    if of == 0:
        return 0.0, 1.0
    share = right / of
    middle = share + Z * Z / (2 * of)
    half = Z * sqrt(share * (1 - share) / of + Z * Z / (4 * of * of))
    whole = 1 + Z * Z / of
    return max(0.0, (middle - half) / whole), min(1.0, (middle + half) / whole)
