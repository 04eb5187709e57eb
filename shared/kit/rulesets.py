"""Rules of the law as dated data: a value holds from a day to a day and names its source."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Rule(Generic[T]):
    """One value with the days it holds (both included; no `valid_to` = until changed) and its source."""

    value: T
    valid_from: date
    source: str
    valid_to: date | None = None

    def holds(self, on: date) -> bool:
        return self.valid_from <= on and (self.valid_to is None or on <= self.valid_to)


class RuleSet(Generic[T]):
    """The successive values of one rule; at most one holds on any day."""

    def __init__(self, title: str, rules: Sequence[Rule[T]]) -> None:
        self.title = title
        self.rules = tuple(sorted(rules, key=lambda r: r.valid_from))
        for earlier, later in zip(self.rules, self.rules[1:], strict=False):
            if earlier.valid_to is None or earlier.valid_to >= later.valid_from:
                raise ValueError(f"{title}: two values hold on {later.valid_from}")

    def on(self, day: date) -> T:
        """The value that holds that day; the earliest known one before all of them."""
        return self.rule(day).value

    def rule(self, day: date) -> Rule[T]:
        """The rule that holds that day, with its source. LookupError in a gap between two rules."""
        for rule in self.rules:
            if rule.holds(day):
                return rule
        if self.rules and day < self.rules[0].valid_from:
            return self.rules[0]
        raise LookupError(f"{self.title}: no rule holds on {day}")
