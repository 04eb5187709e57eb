"""The drawing of a seasonal round: nothing twice, nobody ahead by more than one, the same from the same seed."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from shared.joint.rounds.lots import hash_of
from shared.org.rounds.rules import GIVEN, TAKEN, Outcome, Time, Wanted, dates_of, draw

HALLS = (UUID(int=901), UUID(int=902))
DAWN = datetime(2027, 3, 1, tzinfo=UTC)


@st.composite
def times(make: st.DrawFn) -> Time:
    """A hall or one of its parts, around some midnights too."""
    place = make(st.sampled_from(((0, None), (0, 1), (1, 2))))
    start = DAWN + timedelta(hours=make(st.integers(0, 60)))
    return Time(make(st.sampled_from(HALLS)), *place, start, start + timedelta(hours=make(st.integers(1, 9))))


@st.composite
def rounds(make: st.DrawFn) -> list[Wanted]:
    """Wishes of up to four organisations; equal ranks and wishes without a time happen."""
    number = make(st.integers(0, 14))
    return [
        Wanted(
            UUID(int=n + 1),
            make(st.sampled_from("abcd")),
            make(st.integers(1, 4)),
            tuple(make(st.lists(times(), max_size=3))),
        )
        for n in range(number)
    ]


USED = st.dictionaries(st.sampled_from("abcd"), st.floats(0, 50), max_size=4)


def meet(one: Wanted, other: Wanted) -> bool:
    return any(a.meets(b) for a in one.times for b in other.times)


def by_id(drawn: list[Outcome]) -> dict[UUID, Outcome]:
    return {o.wish: o for o in drawn}


@given(rounds(), USED, st.text(max_size=8))
def test_no_time_is_given_twice_and_every_wish_is_answered(
    wanted: list[Wanted], used: dict[str, float], seed: str
) -> None:
    drawn = draw(wanted, used, seed)
    assert Counter(o.wish for o in drawn) == Counter(w.id for w in wanted)
    outcomes = by_id(drawn)
    had = [w for w in wanted if outcomes[w.id].fact == GIVEN]
    assert not any(meet(a, b) for a in had for b in had if a is not b)
    named = {w.id: w for w in wanted}
    for wish in wanted:
        outcome = outcomes[wish.id]
        assert (outcome.fact == TAKEN) == (outcome.before is not None)
        if outcome.before:  # the reason that is published is true
            assert outcomes[outcome.before].fact == GIVEN
            assert meet(wish, named[outcome.before])
        assert wish.times or outcome.fact == wish.why_none


@given(rounds(), USED, st.text(max_size=8))
def test_nobody_is_ahead_by_more_than_one_where_both_wanted(
    wanted: list[Wanted], used: dict[str, float], seed: str
) -> None:
    """Whoever has a time another wanted had got no more than that one got in the end, before it was given."""
    outcomes = by_id(draw(wanted, used, seed))
    got = Counter(w.org for w in wanted if outcomes[w.id].fact == GIVEN)
    for wish in wanted:
        if before := outcomes[wish.id].before:
            assert outcomes[before].turn <= got[wish.org] + 1
    for org in got:  # one a turn, and no turn left out
        turns = sorted(outcomes[w.id].turn for w in wanted if w.org == org and outcomes[w.id].fact == GIVEN)
        assert turns == list(range(1, got[org] + 1))


@given(st.integers(2, 4), st.integers(1, 8), USED, st.text(max_size=8))
def test_the_same_popular_times_are_shared_evenly(
    orgs: int, slots: int, used: dict[str, float], seed: str
) -> None:
    """All want the same: the shares differ by one at most, and who used least has no less than who used most."""
    every = [
        Time(HALLS[0], 0, None, DAWN + timedelta(days=n), DAWN + timedelta(days=n, hours=2))
        for n in range(slots)
    ]
    wanted = [
        Wanted(UUID(int=o * 100 + n + 1), "abcd"[o], n, (time,))
        for o in range(orgs)
        for n, time in enumerate(every)
    ]
    got = Counter(w.org for w in wanted if by_id(draw(wanted, used, seed))[w.id].fact == GIVEN)
    shares = [got["abcd"[o]] for o in range(orgs)]
    assert sum(shares) == slots
    assert max(shares) - min(shares) <= 1


@given(rounds(), USED, st.text(max_size=8), st.randoms(use_true_random=False))
def test_the_seed_alone_decides(
    wanted: list[Wanted], used: dict[str, float], seed: str, random: object
) -> None:
    shuffled = list(wanted)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert draw(wanted, used, seed) == draw(shuffled, used, seed)


def test_the_first_turn_is_of_who_used_least_and_the_second_of_who_came_last() -> None:
    def time(day: int) -> Time:
        return Time(HALLS[0], 0, None, DAWN + timedelta(days=day), DAWN + timedelta(days=day, hours=2))

    wanted = [
        Wanted(UUID(int=n + 1 + 10 * o), org, n, (time(n),)) for o, org in enumerate("ab") for n in range(3)
    ]
    outcomes = by_id(draw(wanted, {"a": 40, "b": 3}, "seed"))
    given = {(w.org, w.rank): outcomes[w.id].turn for w in wanted if outcomes[w.id].fact == GIVEN}
    assert given == {("b", 0): 1, ("a", 1): 1, ("a", 2): 2}


def test_days_of_a_wish_and_the_hash_of_a_seed() -> None:
    first, last = date(2027, 3, 1), date(2027, 3, 31)
    assert [d.day for d in dates_of(0, None, first, last)] == [1, 8, 15, 22, 29]
    assert dates_of(None, date(2027, 3, 9), first, last) == [date(2027, 3, 9)]
    assert dates_of(None, date(2027, 4, 1), first, last) == []
    assert hash_of("seed") == "19b25856e1c150ca834cffc8b59b23adbd0ec0389e58eb22b3b64768098d002b"
