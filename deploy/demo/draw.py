"""Drawing by chance that is the same every time."""

from bisect import bisect
from collections.abc import Iterable, Mapping
from itertools import accumulate
from random import Random
from typing import Generic, TypeVar

T = TypeVar("T")


def stream(seed: int, purpose: str) -> Random:
    """A stream of chance of its own: what one part draws does not shift what another gets."""
    return Random(f"{seed}:{purpose}")  # noqa: S311 - invented people, no secrets


class Urn(Generic[T]):
    """Values with weights to draw from."""

    def __init__(self, weights: Mapping[T, float] | Iterable[tuple[T, float]]) -> None:
        pairs: list[tuple[T, float]] = list(weights.items() if isinstance(weights, Mapping) else weights)
        self.values: list[T] = [value for value, _ in pairs]
        self._bounds: list[float] = list(accumulate(weight for _, weight in pairs))

    def draw(self, chance: Random) -> T:
        """One value, more often the heavier it is."""
        return self.values[bisect(self._bounds, chance.random() * self._bounds[-1])]
