"""A city of any size at the hub: written straight into the projection's tables, as a rebuild would leave it.

Names are drawn as deploy/demo draws them (thousands of namesakes), the rest is made by data/city.sql; a test
derives every row anew from the records and finds no difference.
"""

import asyncio
import random
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from hashlib import md5
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg

from deploy.bench.stage import Stage
from deploy.demo.names import Names
from deploy.demo.places import ORGANISATIONS
from services.hub.persons.people import keys_of, readings, search_key
from services.hub.persons.scopes import bits_above

SEED = 5199
DISTRICTS = (
    "锦江区", "青羊区", "金牛区", "武侯区", "成华区", "龙泉驿区",
    "青白江区", "新都区", "温江区", "双流区", "郫都区", "新津区",
)  # fmt: skip
STREETS, LEAVES = 25, 100
STANDINGS = (
    ("active", 0, "在册"),
    ("retained", 1, "保留"),
    ("pending", 2, "待核对"),
    ("left", 3, "历史记录"),
)
TABLES = ("affiliation", "belonging", "edge", "person", "person_name", "person_tail")
STEPS = Path(__file__).with_name("data") / "city.sql"
_PREPARE = """
create or replace function h(n bigint, salt int) returns int language sql immutable
  return (hashint8extended(n, salt) & 2147483647)::int;
create unlogged table city_name (nr int, name text, name_key text, spoken text, several boolean,
  sex text, people int);
create unlogged table city_reading (nr int, pinyin text, initials text, plain boolean, given text);
create unlogged table city_unit (org text, d int, s int, leaf int, unit_id uuid, path text, own text,
  names text[], scopes bigint, district text);
create unlogged table city_org (org text, bit int);
create unlogged table city_standing (standing text, rank int, title text);
"""
_FORGET = (
    "drop table if exists city_name, city_reading, city_unit, city_org, city_standing, city_person,"
    " city_record, city_derived"
)
_UNITS = """
insert into unit (org, unit_id, version, path, names, kind, kind_title, district, status)
select org, unit_id, 1, path, names, 'branch', '基层', district, 'active' from city_unit
on conflict do nothing
"""


def ensure(stage: Stage) -> None:
    """The city of the stage's size at its hub; made once, a note in the stage's folder says so."""
    note = stage.notes / "city"
    recipe = STEPS.read_bytes() + str(bits_above("union", "city/d1/d1s1")).encode()
    made = f"{stage.size.people} {md5(recipe, usedforsecurity=False).hexdigest()}"
    if note.exists() and note.read_text(encoding="utf-8") == made:
        return
    note.unlink(missing_ok=True)
    asyncio.run(load(stage.owner_url("hub"), stage.size.people))
    note.write_text(made, encoding="utf-8")


async def load(url: str, people: int) -> None:
    """Forget the projection there and write the city; `url` is the owner's."""
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    try:
        await connection.execute("set synchronous_commit = off; set work_mem = '256MB'; set jit = off")
        await connection.execute(f"{_FORGET}; {_PREPARE} truncate {', '.join(TABLES)}")
        await _copy(connection, people)
        later = await _without_indexes(connection)
        for title, statements in steps():
            with _timed(title):
                await connection.execute(f"{statements}; analyze")
        for statement in later:
            with _timed(statement.split(" (")[0]):
                await connection.execute(statement)
        await connection.execute(_FORGET)
        with _timed("vacuum"):
            await connection.execute("vacuum analyze")
    finally:
        await connection.close()


def steps() -> Iterator[tuple[str, str]]:
    """The steps of city.sql with their titles."""
    for part in STEPS.read_text(encoding="utf-8").split("-- step: ")[1:]:
        title, _, statements = part.partition("\n")
        yield title, statements


async def _copy(connection: Any, people: int) -> None:
    with _timed("names"):
        names, spoken = list[tuple[Any, ...]](), list[tuple[Any, ...]]()
        for nr, ((name, sex), count) in enumerate(draw(people).items()):
            found = readings(name)
            names.append((nr, name, search_key(name), keys_of(name).spoken, len(found) > 1, sex, count))
            spoken += [(nr, r.pinyin, r.initials, r.plain, r.given) for r in found]
        await connection.copy_records_to_table("city_name", records=names)
        await connection.copy_records_to_table("city_reading", records=spoken)
    bits = [(org, bit) for bit, org in enumerate(ORGANISATIONS)]
    await connection.execute("delete from org_bit")
    for table in ("city_org", "org_bit"):
        await connection.copy_records_to_table(table, records=bits)
    await connection.copy_records_to_table("city_standing", records=STANDINGS)
    await connection.copy_records_to_table("city_unit", records=units())
    await connection.execute(_UNITS)


def draw(people: int) -> Counter[tuple[str, str]]:
    """How many people have each name, by sex."""
    chance, names, drawn = random.Random(SEED), Names(), Counter[tuple[str, str]]()  # noqa: S311 - invented people
    for _ in range(people):
        sex = "f" if chance.random() < 0.52 else "m"
        name = names.surname(chance) + names.given(chance, sex, 1950 + int(chance.random() * 56))
        drawn[name, sex] += 1
    return drawn


def units() -> Iterable[tuple[Any, ...]]:
    """Ninety thousand units: for each organisation districts, streets, and what stands in a street.

    Only leaves have people; district and street stand with `leaf` -1.
    """
    for org in ORGANISATIONS:
        top = f"大城{org}"
        for d, district in enumerate(DISTRICTS):
            for s in range(-1, STREETS):
                street = [f"{district}{s + 1}街"] if s >= 0 else []
                for leaf in range(-1, LEAVES if s >= 0 else 0):
                    own = [f"{district}{s + 1}街{leaf + 1}号单位"] if leaf >= 0 else []
                    names = [top, f"{district}{org}", *street, *own]
                    labels = [
                        "city",
                        f"d{d}",
                        *[f"d{d}s{s}"] * bool(street),
                        *[f"d{d}s{s}l{leaf}"] * bool(own),
                    ]
                    path = "/".join(labels)
                    yield (org, d, s, leaf, unit_id(org, path), path, names[-1], names, bits_above(org, path),
                           district)  # fmt: skip


def unit_id(org: str, path: str) -> UUID:
    """The unit at a path of the city's tree."""
    return UUID(bytes=md5(f"{org}/{path}".encode(), usedforsecurity=False).digest())


async def _without_indexes(connection: Any) -> list[str]:
    """Drop what an insert would have to keep up; the statements that make it again."""
    constraints = await connection.fetch(
        "select conrelid::regclass::text t, conname c, pg_get_constraintdef(oid) d from pg_constraint"
        " where conrelid = any(select to_regclass(x) from unnest($1::text[]) x) and contype in ('p', 'u')",
        list(TABLES),
    )
    for row in constraints:
        await connection.execute(f"alter table {row['t']} drop constraint {row['c']}")
    indexes = await connection.fetch(
        "select indexname i, indexdef d from pg_indexes where schemaname = 'public' and tablename = any($1)",
        list(TABLES),
    )
    for row in indexes:
        await connection.execute(f"drop index {row['i']}")
    again = [f"alter table {row['t']} add constraint {row['c']} {row['d']}" for row in constraints]
    return again + [row["d"] for row in indexes]


class _timed:  # noqa: N801 - reads as a word
    """Say what is done and how long it took: a large city takes minutes."""

    def __init__(self, title: str) -> None:
        self.title = title

    def __enter__(self) -> None:
        self.began = time.perf_counter()

    def __exit__(self, *_: object) -> None:
        print(f"  city: {self.title} {time.perf_counter() - self.began:.1f} s", file=sys.stderr)
