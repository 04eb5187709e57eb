"""The whole city, made of one seed: records by organisation and the truth behind them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from deploy.demo.memberships import Memberships
from deploy.demo.numbers import OTHER_PHONES, PhoneNumbers
from deploy.demo.people import Population
from deploy.demo.places import ORGANISATIONS, Organisation
from deploy.demo.records import Record, Writer
from deploy.demo.truth import Truth

SEED = 5199


@dataclass(frozen=True)
class Plan:
    """What decides everything: the same plan gives the same city."""

    people: int
    day: date
    """ages are counted on this day"""
    seed: int = SEED


@dataclass(frozen=True)
class City:
    """The written records of a plan."""

    plan: Plan
    records: dict[Organisation, list[Record]]

    @property
    def truth(self) -> Truth:
        """Who each record really belongs to, for scoring links."""
        return Truth.of(record for records in self.records.values() for record in records)


def build_city(plan: Plan) -> City:
    """All records of the plan in memory."""
    records: dict[Organisation, list[Record]] = {code: [] for code in ORGANISATIONS}
    for record in write_city(plan):
        records[record.organisation].append(record)
    return City(plan, records)


def write_city(plan: Plan) -> Iterator[Record]:
    """The records one by one, in the order of the people; a larger city begins with the smaller one."""
    population = Population(plan.seed, plan.day)
    memberships = Memberships(plan.seed, plan.day)
    writer = Writer(plan.seed, plan.day, PhoneNumbers(OTHER_PHONES))
    for person in population.people(plan.people):
        for membership in memberships.of(person):
            yield writer.write(membership)
