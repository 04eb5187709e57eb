"""What one change can touch: all that is joined to it and whom it may be; bounded, whatever is sent."""

from collections import Counter
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.hub.persons import store
from services.hub.persons.rules import (
    ASKING_TOKENS,
    JOINING_TOKENS,
    LARGEST_CLUSTER,
    Pair,
    Token,
    crowded,
)


@dataclass(frozen=True)
class Nearby:
    """Records to judge again, and what is known around them."""

    known: dict[UUID, Any]
    persons: Sequence[Sequence[Any]]
    common: AbstractSet[Token]
    crowd: AbstractSet[UUID]


async def gather(
    session: AsyncSession, seeds: Iterable[UUID], changed: AbstractSet[UUID], before: Iterable[Token]
) -> Nearby:
    """Everything joined to the seeds by tokens, verdicts or as one person, and persons to ask about.

    Three limits hold it: a token that too many share is not followed, a chain longer than any person's is
    not followed on, and tokens that only ask lead one step far.
    """
    gathering = _Gathering(session, changed)
    before = list(before)
    gathering.touched.update(before)
    await gathering.follow(set(seeds) | await gathering.ask(set(before)))
    await gathering.follow(gathering.tipping() - gathering.known.keys())
    return await gathering.nearby()


class _Gathering:
    def __init__(self, session: AsyncSession, changed: AbstractSet[UUID]) -> None:
        self.session, self.changed = session, changed
        self.known: dict[UUID, Any] = {}
        self.touched = Counter[Token]()
        self.groups: dict[Token, list[UUID] | None] = {}
        self.asked, self.persons = set[Token](), set[UUID]()
        self.same, self.crowd = set[Pair](), set[UUID]()

    @property
    def common(self) -> set[Token]:
        return {token for token, ids in self.groups.items() if ids is None}

    async def ask(self, tokens: set[Token]) -> set[UUID]:
        """Who shares these tokens; the ones a joining token finds."""
        fresh = tokens - self.asked
        self.asked |= fresh
        found = await store.mates(self.session, fresh, self.changed)
        self.groups |= found
        return {i for (kind, _), ids in found.items() if kind in JOINING_TOKENS for i in ids or ()}

    async def follow(self, frontier: set[UUID]) -> None:
        """Read on until nothing more is joined, or it is a crowd: a crowd goes by equal numbers only."""
        while frontier:
            fresh = await store.records(self.session, frontier)
            self.known |= {r.id: r for r in fresh}
            self.touched.update(t for r in fresh if r.id in self.changed for t in store.tokens_of(r))
            self.crowd |= crowded(list(self.known.values()), self.same, self.common)
            tokens = {t for r in fresh for t in store.tokens_of(r, self._kinds(r))}
            near = await self.ask(tokens)
            persons = {r.person_id for r in fresh} - {None} - self.persons
            self.persons |= persons
            members, same = await store.joined(
                self.session, (r.id for r in fresh if r.id not in self.crowd), persons
            )
            self.same |= same
            frontier = (near | members | {i for pair in same for i in pair}) - self.known.keys()

    def _kinds(self, row: Any) -> Iterable[str]:
        return ("identity", *ASKING_TOKENS) if row.id in self.crowd else store.LINKING_TOKENS

    def tipping(self) -> set[UUID]:
        """Who shares an asking token that the change makes too common, or no longer so: asked anew."""
        return {
            i
            for token, ids in self.groups.items()
            if token[0] in ASKING_TOKENS and ids and len(ids) + self.touched[token] > LARGEST_CLUSTER
            for i in ids
        }

    async def nearby(self) -> Nearby:
        """What was found, with the persons of those that asking tokens name."""
        others = {i for t, ids in self.groups.items() if t[0] in ASKING_TOKENS for i in ids or ()}
        others -= self.known.keys()
        rows = await store.whole_persons(self.session, others) if others else []
        of_person = attrgetter("person_id")
        persons = [list(group) for _, group in groupby(sorted(rows, key=of_person), of_person)]
        return Nearby(self.known, persons, self.common, self.crowd)
