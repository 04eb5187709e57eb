"""Which affiliations are one person: the pure rules."""

from itertools import permutations
from uuid import UUID, uuid4

import pytest

from services.hub.persons.people import keys_of, search_key
from services.hub.persons.rules import LARGEST_CLUSTER, Linking, Record, link, ordered, within_one_edit
from tests.hub.telling import token


def one(
    name: str, org: str = "a", identity: str | None = None, birth: str | None = None, phone: str | None = None,
    former: str = "", number: int = 0,
) -> Record:  # fmt: skip
    return Record(
        id=UUID(int=number) if number else uuid4(),
        org=org,
        key=search_key(name),
        former=frozenset([search_key(former)] if former else []),
        readings=frozenset(keys_of(name).pinyins),
        identity=token(identity),
        name_birth_phone=token(birth and phone and f"{search_key(name)}{birth}{phone}"),
        birth_phone_sex=token(birth and phone and f"{birth}{phone}"),
        name_birth_sex=token(birth and f"{search_key(name)}{birth}"),
    )


def together(linking: Linking) -> set[frozenset[UUID]]:
    return {g for g in linking.groups if len(g) > 1}


def states(linking: Linking) -> dict[str, str]:
    return {e.rule: e.state for e in linking.edges}


def test_r1_joins_the_same_identity_number_with_compatible_names() -> None:
    for other in ("張偉", "章伟"):  # traditional, a homophone written by ear
        a, b = one("张伟", identity="1"), one(other, "b", identity="1")
        assert together(link([a, b], [], [])) == {frozenset({a.id, b.id})}


def test_r1_joins_a_former_name_and_a_shortened_name() -> None:
    a, b = one("李娜", identity="1", former="李招娣"), one("李招娣", "b", identity="1")
    c, d = one("阿依古丽·买买提", identity="2"), one("阿依古丽", "b", identity="2")
    assert together(link([a, b, c, d], [], [])) == {frozenset({a.id, b.id}), frozenset({c.id, d.id})}


def test_same_number_with_another_name_only_asks_staff() -> None:
    linking = link([one("张伟", identity="1"), one("李娜", "b", identity="1")], [], [])
    assert not together(linking)
    assert states(linking) == {"R1N": "candidate"}


def test_r2_joins_name_birth_phone_when_one_number_is_missing() -> None:
    a, b = one("张伟", identity="1", birth="1990", phone="5"), one("张伟", "b", birth="1990", phone="5")
    linking = link([a, b], [], [])
    assert together(linking) == {frozenset({a.id, b.id})}
    assert states(linking) == {"R2": "linked"}


def test_different_identity_numbers_are_never_joined() -> None:
    a, b = (
        one("张伟", identity="1", birth="1990", phone="5"),
        one("张伟", "b", identity="2", birth="1990", phone="5"),
    )
    assert not together(link([a, b], [], []))
    assert not together(link([a, b], [ordered(a.id, b.id)], []))  # not even by staff


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_transitive_contradiction_leaves_the_one_in_doubt_alone(order: tuple[int, ...]) -> None:
    a = one("张伟", "a", identity="1", birth="1990", phone="5", number=1)
    x = one("张伟", "b", birth="1990", phone="5", number=2)
    b = one("张伟", "c", identity="2", birth="1990", phone="5", number=3)
    records = [(a, x, b)[i] for i in order]
    linking = link(records, [], [])
    assert not together(linking)
    assert {e.pair: e.state for e in linking.edges if e.rule == "R2"} == {
        ordered(a.id, x.id): "candidate",
        ordered(x.id, b.id): "candidate",
    }


def test_staff_settle_the_one_in_doubt() -> None:
    a = one("张伟", "a", identity="1", birth="1990", phone="5")
    x = one("张伟", "b", birth="1990", phone="5")
    b = one("张伟", "c", identity="2", birth="1990", phone="5")
    linking = link([a, x, b], [ordered(a.id, x.id)], [])
    assert together(linking) == {frozenset({a.id, x.id})}
    assert {e.state for e in linking.edges if e.pair == ordered(x.id, b.id)} == {"held"}


def test_never_separates_one_and_keeps_the_others() -> None:
    a, b, c = (one("张伟", o, identity="1") for o in "abc")
    linking = link([a, b, c], [], [ordered(a.id, c.id), ordered(b.id, c.id)])
    assert together(linking) == {frozenset({a.id, b.id})}


def test_r3_and_r4_never_join() -> None:
    near = link([one("张小伟", birth="1990", phone="5"), one("张晓薇", "b", birth="1990", phone="5")], [], [])
    assert not near.edges  # two characters differ
    near = link([one("张小伟", birth="1990", phone="5"), one("张小薇", "b", birth="1990", phone="5")], [], [])
    assert states(near) == {"R3": "candidate"}
    assert not together(near)
    born = link([one("张伟", birth="1990", identity="1"), one("张伟", "b", birth="1990")], [], [])
    assert states(born) == {"R4": "candidate"}
    assert not together(born)
    assert not link([one("张伟", "a", birth="1990"), one("张伟", "a", birth="1990")], [], []).edges


def test_a_number_everybody_shares_says_nothing() -> None:
    many = [one("张伟", identity="1") for _ in range(LARGEST_CLUSTER + 1)]
    assert not together(link(many, [], []))
    assert len(together(link(many[:-1], [], []))) == 1


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [("张伟", "张伟", True), ("张伟", "张", True), ("张伟", "李伟", True), ("张伟明", "张明伟", False),
     ("张伟", "张伟明", True), ("", "张", True), ("张", "李娜", False), ("abcd", "bcd", True), ("abcd", "bcde", False)],
)  # fmt: skip
def test_one_edit(left: str, right: str, expected: bool) -> None:
    assert within_one_edit(left, right) is expected
    assert within_one_edit(right, left) is expected
