"""The truth about who is who, and how near links come to it."""

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from deploy.demo.organisations import may_be_shared

if TYPE_CHECKING:
    from deploy.demo.records import Record


@dataclass(frozen=True)
class Score:
    """Pairs of records: those of one person, those somebody linked, those linked rightly."""

    true: int
    linked: int
    right: int

    @property
    def precision(self) -> float:
        """Which part of the links is right; 1 when there are none."""
        return self.right / self.linked if self.linked else 1.0

    @property
    def recall(self) -> float:
        """Which part of the true pairs was linked; 1 when there are none."""
        return self.right / self.true if self.true else 1.0


@dataclass(frozen=True)
class Truth:
    """The person behind each record, by the record's id, which is the member's id in its organisation."""

    person_of: Mapping[UUID, int]
    shared: frozenset[UUID]
    """records the hub may know of"""

    @classmethod
    def of(cls, records: Iterable["Record"]) -> "Truth":
        """From the records themselves."""
        listed = list(records)
        shared = frozenset(r.id for r in listed if may_be_shared(r.organisation, r.kind, r.consent))
        return cls({r.id: r.person for r in listed}, shared)

    def score(self, group_of: Mapping[UUID, Hashable]) -> Score:
        """How good a linking is that puts record `id` into `group_of[id]`; records it leaves out stand alone.

        Records that the truth does not know (people imported since) are not counted.
        """
        people = Counter(self.person_of[i] for i in self.shared)
        linked = {i: g for i, g in group_of.items() if i in self.shared}
        groups = Counter(linked.values())
        both = Counter((g, self.person_of[i]) for i, g in linked.items())
        return Score(_pairs(people.values()), _pairs(groups.values()), _pairs(both.values()))


def _pairs(sizes: Iterable[int]) -> int:
    return sum(n * (n - 1) // 2 for n in sizes)
