"""When two affiliations are one person: pure decisions over tokens and names, the same in any order."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from itertools import combinations
from typing import Literal, Protocol, TypeVar
from uuid import UUID

LARGEST_CLUSTER = 30
"""A value shared by more affiliations than this says nothing about one person (an office's telephone)."""

LARGEST_COMPONENT = 60
"""More records than this in one chain are no person's: there only equal numbers join, and staff ask."""

Pair = tuple[UUID, UUID]
Token = tuple[str, UUID]
"""Which token (an attribute of `Record`) and its value."""
State = Literal["linked", "candidate", "held"]
JOINING = ("R1", "R2")
"""Rules that join by themselves, the stronger first; every other rule only asks staff."""
JOINING_TOKENS = ("identity", "name_birth_phone")
"""Tokens those rules go by: the others never change who belongs together."""
ASKING_TOKENS = ("birth_phone_sex", "name_birth_sex")

REASONS = {
    "R1": "身份证号一致，姓名相符",
    "R1N": "身份证号一致，姓名不同",
    "R2": "姓名、出生日期和手机号一致",
    "R3": "出生日期、手机号和性别一致，姓名差一个字",
    "R4": "姓名、出生日期和性别一致，至少一方没有证件号",
}


@dataclass(frozen=True, slots=True)
class Record:
    """What linking may know of one affiliation: tokens and the keys of its names."""

    id: UUID
    org: str
    key: str = ""
    former: frozenset[str] = frozenset()
    readings: frozenset[str] = frozenset()
    identity: UUID | None = None
    name_birth_phone: UUID | None = None
    birth_phone_sex: UUID | None = None
    name_birth_sex: UUID | None = None


class Joinable(Protocol):
    """What decides how far records hang together."""

    @property
    def id(self) -> UUID: ...
    @property
    def identity(self) -> UUID | None: ...
    @property
    def name_birth_phone(self) -> UUID | None: ...


@dataclass(frozen=True, slots=True)
class Around:
    """What is known beside the records to judge, so that they can be judged without reading everything."""

    persons: Sequence[Sequence[Record]] = ()
    """persons who stay as they are and may be asked about"""
    common: AbstractSet[Token] = frozenset()
    """tokens that too many share"""
    crowd: AbstractSet[UUID] = frozenset()
    """records known to hang together with too many"""


@dataclass(frozen=True, slots=True)
class Link:
    """One edge to store: evidence by a rule and whether it is in force."""

    pair: Pair
    rule: str
    state: State


@dataclass
class Linking:
    """The outcome: who belongs together, and the edges that say why or wait for staff."""

    groups: list[frozenset[UUID]]
    edges: list[Link] = field(default_factory=list)


_R = TypeVar("_R", bound=Joinable)


def ordered(one: UUID, other: UUID) -> Pair:
    """The pair as it is stored: smaller id first."""
    return (one, other) if one < other else (other, one)


def contradicting(one: Record, other: Record) -> bool:
    """Both have a valid identity number and they differ: never one person."""
    return one.identity is not None and other.identity is not None and one.identity != other.identity


def within_one_edit(one: str, other: str) -> bool:
    """Whether one insertion, deletion or exchange of a character turns one into the other."""
    if abs(len(one) - len(other)) > 1:
        return False
    short, long = sorted((one, other), key=len)
    at = next((i for i, (x, y) in enumerate(zip(short, long, strict=False)) if x != y), len(short))
    return short[at + (len(short) == len(long)) :] == long[at + 1 :]


def compatible_names(one: Record, other: Record) -> bool:
    """Whether two names under one number may be one person's: equal, former, alike, or one longer."""
    if one.key == other.key or one.key in other.former or other.key in one.former:
        return True
    if one.readings & other.readings:
        return True  # a homophone written down by ear
    short, long = sorted((one.key, other.key), key=len)
    return len(short) >= 3 and (long.startswith(short) or within_one_edit(short, long))


def evidence(records: Sequence[Record], around: Around = Around()) -> dict[Pair, list[str]]:
    """Rules that hold for each pair, by equal tokens; tokens that are too common count for nothing."""
    found: dict[Pair, list[str]] = defaultdict(list)
    mine = {r.id for r in records}
    others = [r for person in around.persons for r in person]
    for token, judge in _JUDGES.items():
        asked = [*records, *others] if token in ASKING_TOKENS else records
        for mates in sharing(asked, token, around.common):
            for one, other in combinations(mates, 2):
                if (one.id in mine or other.id in mine) and (rule := judge(one, other)):
                    found[ordered(one.id, other.id)].append(rule)
    return dict(found)


def sharing(records: Iterable[_R], token: str, common: AbstractSet[Token]) -> Iterable[list[_R]]:
    """Records that share a token which is not too common."""
    groups: dict[UUID, list[_R]] = defaultdict(list)
    for record in records:
        if (value := getattr(record, token)) is not None:
            groups[value].append(record)
    return (g for v, g in groups.items() if 1 < len(g) <= LARGEST_CLUSTER and (token, v) not in common)


def crowded(records: Sequence[Joinable], same: Iterable[Pair], common: AbstractSet[Token]) -> set[UUID]:
    """Records that tokens and verdicts chain to more than `LARGEST_COMPONENT` others."""
    if len(records) <= LARGEST_COMPONENT:
        return set()
    near = list(same)
    for token in JOINING_TOKENS:
        for first, *others in sharing(records, token, common):
            near.extend((first.id, other.id) for other in others)
    return {i for cluster in _clusters(near) if len(cluster) > LARGEST_COMPONENT for i in cluster}


def _by_identity(one: Record, other: Record) -> str:
    return "R1" if compatible_names(one, other) else "R1N"


def _by_phone(one: Record, other: Record) -> str:
    return "" if contradicting(one, other) else "R2"


def _by_similar_name(one: Record, other: Record) -> str:
    near = one.key != other.key and within_one_edit(one.key, other.key)
    return "R3" if near and not contradicting(one, other) else ""


def _by_birth(one: Record, other: Record) -> str:
    missing = one.identity is None or other.identity is None
    return "R4" if missing and one.org != other.org else ""


_JUDGES = {
    "identity": _by_identity,
    "name_birth_phone": _by_phone,
    "birth_phone_sex": _by_similar_name,
    "name_birth_sex": _by_birth,
}


class _Groups:
    """Disjoint groups; a group never holds two identity numbers nor a pair that staff keep apart."""

    def __init__(self, records: Mapping[UUID, Record], never: Iterable[Pair]) -> None:
        self.of = {i: i for i in records}
        self.members = {i: {i} for i in records}
        self.identities = {i: {r.identity} - {None} for i, r in records.items()}
        self.never: dict[UUID, set[UUID]] = defaultdict(set)
        for a, b in never:
            self.never[a].add(b)
            self.never[b].add(a)

    def consistent(self, roots: Iterable[UUID]) -> bool:
        """Whether these groups may be one person together."""
        roots = set(roots)
        if len(set().union(*(self.identities[r] for r in roots))) > 1:
            return False
        together = set().union(*(self.members[r] for r in roots))
        return all(together.isdisjoint(self.never[m]) for m in together if m in self.never)

    def join(self, roots: Iterable[UUID]) -> None:
        first, *others = sorted(set(roots))
        for root in others:
            for member in self.members[root]:
                self.of[member] = first
            self.members[first] |= self.members.pop(root)
            self.identities[first] |= self.identities.pop(root)

    def between(self, pairs: Iterable[Pair]) -> set[Pair]:
        """The pairs as edges between groups that may stand together."""
        edges = {ordered(self.of[a], self.of[b]) for a, b in pairs if self.of[a] != self.of[b]}
        return {e for e in edges if self.consistent(e)}


def _clusters(edges: Iterable[Pair]) -> list[set[UUID]]:
    near: dict[UUID, set[UUID]] = defaultdict(set)
    for a, b in edges:
        near[a].add(b)
        near[b].add(a)
    out, seen = [], set[UUID]()
    for start in near:
        if start in seen:
            continue
        cluster, stack = set[UUID](), [start]
        while stack:
            node = stack.pop()
            if node not in cluster:
                cluster.add(node)
                stack.extend(near[node] - cluster)
        seen |= cluster
        out.append(cluster)
    return out


def _join_level(groups: _Groups, pairs: Iterable[Pair]) -> None:
    """Join by evidence of one strength; where it contradicts itself, the ones in doubt stay apart.

    A group that could go to two others that cannot be together is in doubt: joining it to either would
    be a guess that depends on who came first, so its edges wait for staff.
    """
    edges = groups.between(pairs)
    for cluster in _clusters(edges):
        if groups.consistent(cluster):
            groups.join(cluster)
            continue
        inside = {e for e in edges if e[0] in cluster}
        near: dict[UUID, set[UUID]] = defaultdict(set)
        for a, b in inside:
            near[a].add(b)
            near[b].add(a)
        doubted = {g for g in cluster if any(not groups.consistent(p) for p in combinations(near[g], 2))}
        for rest in _clusters(e for e in inside if not doubted & set(e)):
            if groups.consistent(rest):
                groups.join(rest)


def link(
    records: Sequence[Record], same: Sequence[Pair], never: Sequence[Pair], around: Around = Around()
) -> Linking:
    """Group the records; `same` (in the order decided) and `never` are what staff said.

    The outcome depends on the set of records and verdicts only, never on the order of arrival, as long as
    `records` holds everything that joining tokens and verdicts connect to any of them (or enough to see
    that it is a crowd), and `around` the persons that share an asking token with one of them.
    """
    mine = {r.id: r for r in records}
    groups = _Groups(mine | {r.id: r for person in around.persons for r in person}, never)
    for person in around.persons:
        groups.join(r.id for r in person)
    chained = [pair for pair in same if pair[0] in mine and pair[1] in mine]
    crowd = around.crowd | crowded(records, chained, around.common)
    for pair in chained:
        if crowd.isdisjoint(pair):
            for edge in groups.between([pair]):
                groups.join(edge)
    found = evidence(records, around)
    for rule in JOINING:
        near = [pair for pair, rules in found.items() if rule in rules]
        _join_level(groups, near if rule == "R1" else [p for p in near if crowd.isdisjoint(p)])
    edges = [edge for pair, rules in found.items() for edge in _edges(groups, pair, rules)]
    return Linking([frozenset(m) for m in groups.members.values() if not mine.keys().isdisjoint(m)], edges)


def _edges(groups: _Groups, pair: Pair, rules: Sequence[str]) -> Iterable[Link]:
    a, b = groups.of[pair[0]], groups.of[pair[1]]
    joining = [rule for rule in rules if rule in JOINING]
    if a == b:
        return [Link(pair, rule, "linked") for rule in joining]
    if not groups.consistent((a, b)):
        return [Link(pair, rule, "held") for rule in joining]
    return [Link(pair, rule, "candidate") for rule in rules]
