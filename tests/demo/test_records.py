"""Affiliations and what offices wrote of them: shares, slips, and the truth."""

from collections import Counter
from datetime import date

import pytest

from deploy.demo.city import City, Plan, build_city
from deploy.demo.data import table
from deploy.demo.names import INTERPUNCT
from deploy.demo.organisations import POLICIES, PROFILES
from deploy.demo.people import Person, Population
from deploy.demo.places import ORGANISATIONS, Organisation, places
from deploy.demo.records import INTERPUNCTS, Record
from deploy.demo.truth import Truth
from shared.kit.pii import name_key
from shared.org.units import guess_kind

DAY = date(2026, 11, 23)
PLAN = Plan(10_000, DAY, seed=11)


@pytest.fixture(scope="module")
def city() -> City:
    return build_city(PLAN)


@pytest.fixture(scope="module")
def people() -> dict[int, Person]:
    return {p.number: p for p in Population(PLAN.seed, DAY).people(PLAN.people)}


def test_the_same_plan_gives_the_same_city(city: City) -> None:
    assert build_city(PLAN).records == city.records


def test_a_larger_city_begins_with_the_smaller_one(city: City) -> None:
    small = build_city(Plan(500, DAY, seed=11))
    for code, records in small.records.items():
        assert city.records[code][: len(records)] == records


@pytest.mark.parametrize("code", ORGANISATIONS)
def test_memberships_have_their_shares(code: Organisation, city: City, people: dict[int, Person]) -> None:
    rule = table("rates")["membership"][code]
    eligible = [
        p
        for p in people.values()
        if rule["from"] <= p.age(DAY) <= rule["to"] and (code != "womens" or p.sex == "f")
    ]
    members = {r.person for r in city.records[code]}
    assert members <= {p.number for p in eligible}
    assert len(members) / len(eligible) == pytest.approx(rule["share"], abs=0.03)


def test_relations_of_the_womens_federation_are_of_all_kinds(city: City) -> None:
    found = Counter(r.kind for r in city.records["womens"])
    assert set(found) == {kind.title for kind in POLICIES["womens"].kinds}
    several = Counter(r.person for r in city.records["womens"])
    assert max(several.values()) == 2


def test_missing_identity_numbers_by_organisation(city: City) -> None:
    for code, share in table("rates")["noise"]["missing_identity"].items():
        records = city.records[code]
        assert sum(not r.cells["identity"] for r in records) / len(records) == pytest.approx(share, abs=0.025)


def written(city: City, people: dict[int, Person]) -> list[tuple[Record, Person]]:
    return [(r, people[r.person]) for records in city.records.values() for r in records]


def test_every_kind_of_slip_happens_at_its_rate(city: City, people: dict[int, Person]) -> None:
    rates, lines = table("rates")["noise"], written(city, people)
    numbered = [(r, p) for r, p in lines if r.cells["identity"]]
    typos = sum(len(r.cells["identity"]) == 18 and r.cells["identity"] != p.identity for r, p in numbered)
    assert typos / len(numbered) == pytest.approx(rates["mistyped_identity"], abs=0.003)
    old = [r for r, p in numbered if p.age(DAY) > rates["fifteen_digits_from_age"]]
    assert sum(len(r.cells["identity"]) == 15 for r in old) / len(old) == pytest.approx(0.01, abs=0.006)
    assert all(len(r.cells["identity"]) == 18 for r, p in numbered if p.age(DAY) <= 46)
    phones = [(r.cells["phone"], p.phone) for r, p in lines]
    assert sum(not a for a, _ in phones) / len(phones) == pytest.approx(rates["no_phone"], abs=0.01)
    other = [a for a, b in phones if a and a != b]
    assert len(other) / len(phones) == pytest.approx(rates["other_phone"] * 0.95, abs=0.02)
    assert len(set(other)) == len(other)
    assert all(a.startswith("12") and len(a) == 11 for a, _ in phones if a)


def test_names_are_misheard_written_in_traditional_and_with_other_dots(
    city: City, people: dict[int, Person]
) -> None:
    lines = written(city, people)
    other = [(r.cells["name"], p.name) for r, p in lines if r.cells["name"] != p.name and not p.minority]
    traditional = [pair for pair in other if name_key(pair[0]) == name_key(pair[1])]
    misheard = [pair for pair in other if name_key(pair[0]) != name_key(pair[1])]
    assert 10 < len(traditional) < 80
    assert 15 < len(misheard) < 100
    assert all(len(a) == len(b) and sum(x != y for x, y in zip(a, b, strict=True)) == 1 for a, b in misheard)
    minority = [r.cells["name"] for r, p in lines if p.minority]
    assert {c for name in minority for c in name if c in INTERPUNCTS} == set(INTERPUNCTS)
    assert any(INTERPUNCT in name for name in minority)
    assert all(name_key(r.cells["name"]) == name_key(p.name) for r, p in lines if p.minority)


def test_a_wrong_day_stands_only_where_no_number_contradicts_it(
    city: City, people: dict[int, Person]
) -> None:
    wrong = [r for r, p in written(city, people) if r.cells["birth"] != p.birth.isoformat()]
    assert wrong
    assert all(not r.cells["identity"] for r in wrong)


def test_cards_and_ids_stand_once(city: City) -> None:
    for code, records in city.records.items():
        cards = [r.cells["card_no"] for r in records if r.cells["card_no"]]
        assert len(set(cards)) == len(cards)
        assert code == "womens" or len(cards) == len(records)
    ids = [r.id for records in city.records.values() for r in records]
    assert len(set(ids)) == len(ids)
    assert {i.version for i in ids} == {7}
    assert [r.id for r in city.records["union"]] == sorted(r.id for r in city.records["union"])


@pytest.mark.parametrize("code", ORGANISATIONS)
def test_units_fit_the_organisations_own_kinds(code: Organisation, city: City) -> None:
    profile = PROFILES[code]
    kinds: dict[tuple[str, ...], str] = {}
    for place in places(code):
        above = kinds[place.path[:-1]] if len(place.path) > 1 else profile.top_kind
        kind = guess_kind(profile, above, place.path[-1])
        assert kind is not None, place.path
        kinds[place.path] = kind
    assert len(kinds) == len(places(code))
    used = {r.place.path for r in city.records[code]}
    assert used <= set(kinds)
    assert len(used) > 100


def test_the_truth_knows_every_record_and_hides_who_refused(city: City) -> None:
    truth = city.truth
    records = [r for records in city.records.values() for r in records]
    assert truth.person_of == {r.id: r.person for r in records}
    hidden = [r for r in records if r.id not in truth.shared]
    assert hidden
    assert all(r.consent is not True for r in hidden)
    assert any(r.kind == "联系服务对象" for r in hidden)
    assert all(r.id in truth.shared for r in records if r.consent)


def test_scoring_counts_pairs() -> None:
    ids = [r.id for r in build_city(Plan(50, DAY)).records["union"][:5]]
    a, b, c, d, e = ids
    truth = Truth({a: 1, b: 1, c: 1, d: 2, e: 2}, frozenset(ids))
    perfect = truth.score({a: "x", b: "x", c: "x", d: "y", e: "y"})
    assert (perfect.precision, perfect.recall, perfect.true) == (1.0, 1.0, 4)
    mixed = truth.score({a: "x", b: "x", c: "y", d: "y"})
    assert (mixed.linked, mixed.right) == (2, 1)
    assert (mixed.precision, mixed.recall) == (0.5, 0.25)
    nothing = truth.score({})
    assert (nothing.precision, nothing.recall) == (1.0, 0.0)
