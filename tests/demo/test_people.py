"""People: impossible in reality, the same every time, spread as a city's people are."""

from collections import Counter
from datetime import date
from itertools import islice, pairwise

import pytest

from deploy.demo.data import table
from deploy.demo.draw import stream
from deploy.demo.names import INTERPUNCT
from deploy.demo.numbers import FIRST_SERIAL, CityFullError, IdentityNumbers, fifteen_digits, mistyped
from deploy.demo.people import Person, Population
from shared.kit.pii import (
    IdentityError,
    PhoneError,
    check_character,
    normalise_name,
    parse_identity,
    parse_phone,
)

DAY = date(2026, 11, 23)
MANY = 20_000


@pytest.fixture(scope="module")
def people() -> list[Person]:
    return list(Population(7, DAY).people(MANY))


def test_nobody_can_exist(people: list[Person]) -> None:
    for person in people:
        assert person.identity.startswith("5199")
        assert person.phone.startswith("12")
        assert len(person.phone) == 11


def test_production_refuses_every_number(people: list[Person]) -> None:
    for person in people[:500]:
        with pytest.raises(IdentityError):
            parse_identity(person.identity, synthetic=False)
        with pytest.raises(PhoneError):
            parse_phone(person.phone, synthetic=False)


def test_numbers_are_right_and_say_the_same_as_the_person(people: list[Person]) -> None:
    for person in people:
        read = parse_identity(person.identity, synthetic=True)
        assert (read.birth, read.sex) == (person.birth, "female" if person.sex == "f" else "male")
        assert person.identity[:6] == person.district.division


def test_no_two_people_share_an_identity_number(people: list[Person]) -> None:
    assert len({person.identity for person in people}) == MANY


def test_no_number_of_the_sample_rosters(people: list[Person]) -> None:
    """Sample rosters count serials from 001."""
    assert min(int(person.identity[14:17]) for person in people) >= FIRST_SERIAL == 500


def test_the_same_seed_gives_the_same_people(people: list[Person]) -> None:
    assert list(Population(7, DAY).people(2000)) == people[:2000]


def test_another_seed_gives_other_people(people: list[Person]) -> None:
    other = Population(8, DAY).people(200)
    assert sum(a.name == b.name for a, b in zip(other, people, strict=False)) < 20


def test_a_larger_city_begins_with_the_smaller_one(people: list[Person]) -> None:
    assert list(islice(Population(7, DAY).people(10**9), 300)) == people[:300]


def test_surnames_have_their_shares(people: list[Person]) -> None:
    single: dict[str, float] = table("surnames")["single"]
    compound: dict[str, float] = table("surnames")["compound"]
    han = [p.name for p in people if not p.minority]
    whole = sum(single.values()) + sum(compound.values())
    found = Counter(name[0] for name in han if name[:2] not in compound)
    for surname in "王李张刘陈杨黄赵":
        assert found[surname] / len(han) == pytest.approx(single[surname] / whole, rel=0.15)
    assert any(name[:2] in compound for name in han)
    assert found.most_common(1)[0][0] in "王李"


def test_minorities_rare_characters_and_single_names(people: list[Person]) -> None:
    rates = table("rates")["people"]
    minority = [p for p in people if p.minority]
    assert len(minority) / MANY == pytest.approx(rates["minority"], rel=0.25)
    assert all(INTERPUNCT in p.name for p in minority)
    rare = set(table("given")["rare"])
    assert sum(bool(rare & set(p.name)) for p in people) / MANY == pytest.approx(
        rates["rare_character"], rel=0.4
    )
    assert any(ord(c) > 0xFFFF for p in people for c in p.name)
    lengths = Counter(len(p.name) for p in people if not p.minority)
    assert 0.10 < lengths[2] / MANY < 0.25
    assert lengths[3] > lengths[2]


def test_every_name_is_one_the_suite_takes(people: list[Person]) -> None:
    assert all(normalise_name(p.name) == p.name for p in people)


def test_given_names_suit_sex_and_generation(people: list[Person]) -> None:
    given = table("given")
    only_women = set(given["f_older"]) | set(given["f_younger"])
    women = [p.name[-1] for p in people if p.sex == "f" and not p.minority]
    assert sum(c in only_women for c in women) / len(women) > 0.98
    old = [p.name for p in people if p.sex == "m" and p.birth.year < 1980]
    assert sum("宇" in name or "轩" in name for name in old) == 0


def test_ages_sexes_and_districts(people: list[Person]) -> None:
    ages = Counter(p.age(DAY) for p in people)
    assert (min(ages), max(ages)) == (14, 65)
    assert sum(n for age, n in ages.items() if 18 <= age <= 60) / MANY == pytest.approx(0.89, abs=0.02)
    assert sum(p.sex == "f" for p in people) / MANY == pytest.approx(0.49, abs=0.015)
    assert len({p.district.name for p in people}) == 6


def test_families_share_phones(people: list[Person]) -> None:
    phones = Counter(p.phone for p in people)
    shared = sum(n - 1 for n in phones.values()) / MANY
    assert shared == pytest.approx(table("rates")["people"]["family_phone"], rel=0.2)


def test_twins_differ_in_name_and_number_only(people: list[Person]) -> None:
    compound = table("surnames")["compound"]
    pairs = [(a, b) for a, b in pairwise(people) if a.birth == b.birth and a.phone == b.phone]
    assert 40 < len(pairs) < 130
    for a, b in pairs:
        length = 2 if a.name[:2] in compound else 1
        assert a.name[:length] == b.name[:length]
        assert a.name != b.name
        assert a.identity != b.identity
        assert a.district == b.district


def test_a_full_birthday_is_told() -> None:
    numbers = IdentityNumbers()
    made = [numbers.next("519901", date(1990, 1, 1), male=True) for _ in range(250)]
    assert len(set(made)) == 250
    with pytest.raises(CityFullError, match="1990-01-01"):
        numbers.next("519901", date(1990, 1, 1), male=True)


def test_a_mistyped_number_is_never_a_right_one(people: list[Person]) -> None:
    chance = stream(1, "test")
    for person in people[:5000]:
        wrong = mistyped(person.identity, chance)
        assert wrong != person.identity
        assert check_character(wrong[:17]) != wrong[17]


def test_fifteen_digits_are_the_same_number(people: list[Person]) -> None:
    old = [p for p in people if p.birth.year < 1980][:500]
    for person in old:
        assert parse_identity(fifteen_digits(person.identity), synthetic=True).number == person.identity
