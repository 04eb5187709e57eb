"""The one table of `make bench`: each figure with the limit measured beside it in the same run."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Against = Literal["times", "share", "above", "most", "least"]
"""How a figure is held to its goal: at most so many times the limit, at least that share of it, at most so
much above it, or at most, at least an absolute figure."""
HEAD = ("what", "figure", "limit, same run", "ratio", "goal", "")


@dataclass(frozen=True)
class Goal:
    """What a figure comes to: `times` and `share` of its limit, `above` it, `most` or `least` on its own."""

    against: Against
    bound: float

    def met(self, row: "Row") -> bool:
        """Whether the row's own figures come to it; nan never does."""
        if self.against == "most":
            return row.figure <= self.bound
        if self.against == "least":
            return row.figure >= self.bound
        if row.limit is None:
            return False
        if self.against == "above":
            return row.figure - row.limit <= self.bound
        ratio = row.figure / row.limit
        return ratio <= self.bound if self.against == "times" else ratio >= self.bound

    def said(self, unit: str) -> str:
        """In a few words."""
        bound = number(self.bound)
        return {
            "times": f"≤ {bound}×",
            "share": f"≥ {bound}×",
            "above": f"≤ limit + {bound} {unit}",
            "most": f"≤ {bound} {unit}",
            "least": f"≥ {bound} {unit}",
        }[self.against]


@dataclass(frozen=True)
class Row:
    """One figure. `limit` is what the machine could do at best, `limit_is` how that was measured."""

    what: str
    figure: float
    unit: str
    limit: float | None = None
    limit_is: str = ""
    goals: tuple[Goal, ...] = ()

    @property
    def missed(self) -> bool:
        """Whether a goal was not met."""
        return not all(goal.met(self) for goal in self.goals)

    def cells(self) -> tuple[str, ...]:
        """As the table shows it."""
        limit, ratio = "", ""
        if self.limit is not None:
            limit = f"{number(self.limit)} {self.unit} ({self.limit_is})"
            ratio = f"{self.figure / self.limit:.2f}×" if self.limit else "-"
        goals = "; ".join(goal.said(self.unit) for goal in self.goals)
        verdict = ("MISSED" if self.missed else "met") if self.goals else ""
        return self.what, f"{number(self.figure)} {self.unit}", limit, ratio, goals, verdict


def number(value: float) -> str:
    """Three digits that mean something; of a share of nearly all, those by which it falls short."""
    if 0.9 < value < 1:
        return f"{value:.6f}".rstrip("0")
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def markdown(rows: Iterable[Row]) -> str:
    """The table, ready for the README."""
    lines = [HEAD, ("---",) * len(HEAD), *(row.cells() for row in rows)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
