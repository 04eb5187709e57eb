"""How right the hub's automatic links are on the seeded city, and how much is left to review."""

import os
import time
from collections.abc import Iterable, Mapping
from datetime import date
from typing import TypedDict
from uuid import UUID, uuid4

from deploy.bench.stage import Stage
from deploy.bench.table import Goal, Row
from deploy.demo.city import City, Plan, build_city
from deploy.demo.organisations import POLICIES, PROFILES
from deploy.demo.places import ORGANISATIONS, Organisation
from deploy.demo.records import Record
from deploy.demo.roll import read
from deploy.settings import settings_of
from services.hub.persons import rules
from services.hub.persons.people import keys_of, search_key
from shared.kit import clock
from shared.kit.context import make_kit
from shared.kit.pii import Sex
from shared.org.kit import OrgKit, make_org_kit
from shared.org.policy import Entry

PRECISION, RECALL, WITH_REVIEW = 0.9999, 0.93, 0.99
MOST = 200_000
"""People in one run of the pure rules: those of a city are resolved set by set, not in one piece."""
_SEXES: dict[str, Sex] = {"f": "female", "m": "male"}
_NOWHERE = "postgresql+asyncpg://nobody@127.0.0.1:1/nothing"


class Tokens(TypedDict):
    """By which the hub may find a record's person, by their columns there."""

    identity: UUID | None
    name_birth_phone: UUID | None
    birth_phone_sex: UUID | None
    name_birth_sex: UUID | None


def rows(stage: Stage) -> Iterable[Row]:
    """Precision and recall against the truth; the limit is a perfect linking."""
    people = int(os.environ.get("QUNTUAN_BENCH_PEOPLE") or min(stage.size.people, MOST))
    city = build_city(Plan(people, clock.today()))
    truth = city.truth
    told = as_told(city, organisations())
    began = time.process_time()
    linking = rules.link(told, [], [])
    spent = time.process_time() - began
    group_of = {member: number for number, group in enumerate(linking.groups) for member in group}
    score = truth.score(group_of)
    identity = {r.id: r.identity for r in told}
    mixed = sum(len({identity[m] for m in group} - {None}) > 1 for group in linking.groups)
    asked = {edge.pair for edge in linking.edges if edge.state == "candidate"}
    found = sum(truth.person_of[a] == truth.person_of[b] for a, b in asked)
    ideal = f"truth, {score.true} pairs of {people} people"
    yield Row("automatic links: precision", score.precision, "", 1.0, ideal, (Goal("share", PRECISION),))
    yield Row("automatic links: recall", score.recall, "", 1.0, ideal, (Goal("share", RECALL),))
    with_review = (score.right + found) / score.true
    yield Row("with review: recall", with_review, "", 1.0, ideal, (Goal("share", WITH_REVIEW),))
    yield Row("persons with two identity numbers", mixed, "", goals=(Goal("most", 0),))
    yield Row("pairs to review per 1,000 records", 1000 * len(asked) / len(told), "")
    yield Row("judging by the pure rules, one process", len(told) / spent, "records/s")


def organisations() -> dict[Organisation, OrgKit]:
    """Organisations without a database: they read entries and make tokens with one match key."""
    out: dict[Organisation, OrgKit] = {}
    for code in ORGANISATIONS:
        told = {
            "QUNTUAN_SERVICE": code,
            "QUNTUAN_DATABASE_URL": _NOWHERE,
            "QUNTUAN_SECRET_KEY": f"bench secret key of {code}, long enough",
            "QUNTUAN_MATCH_KEY": "bench match key of the organisations",
            "QUNTUAN_SYNTHETIC": "true",
        }
        out[code] = make_org_kit(make_kit(settings_of(told)), PROFILES[code], POLICIES[code])
    return out


def as_told(city: City, orgs: Mapping[Organisation, OrgKit]) -> list[rules.Record]:
    """Every record the hub may know of, as it would get to know it."""
    shared, day = city.truth.shared, city.plan.day
    return [_record(orgs[c], r, day) for c, rs in city.records.items() for r in rs if r.id in shared]


def _record(org: OrgKit, record: Record, day: date) -> rules.Record:
    entry = read(org, record, uuid4(), day)
    if entry is None or entry.birth is None:
        raise ValueError(f"the city wrote a line nobody can read: {record.id}")
    return rules.Record(
        id=record.id,
        org=record.organisation,
        key=search_key(entry.name),
        readings=frozenset(keys_of(entry.name).pinyins),
        **tokens_of(org, entry),
    )


def tokens_of(org: OrgKit, entry: Entry) -> Tokens:
    """What the organisation tells of somebody whose birth is known."""
    assert entry.birth is not None
    tokens, sex = org.tokens, _SEXES[entry.sex or ""]
    phone, birth = entry.phone, entry.birth
    return Tokens(
        identity=tokens.identity_token(entry.identity) if entry.identity else None,
        name_birth_phone=tokens.name_birth_phone(entry.name, birth, phone) if phone else None,
        birth_phone_sex=tokens.birth_phone_sex(birth, phone, sex) if phone else None,
        name_birth_sex=tokens.name_birth_sex(entry.name, birth, sex),
    )
