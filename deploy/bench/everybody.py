"""Everybody of a seeded city resolved at once, as a rebuild does it, and held against the truth.

The records are those the organisations would tell: read by their rules, with their tokens.
"""

import asyncio
import multiprocessing
import os
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any
from uuid import uuid4

import asyncpg
import uvloop
from pydantic import SecretStr
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from deploy.bench.identity import PRECISION, RECALL, WITH_REVIEW, organisations, tokens_of
from deploy.bench.scratch import ROLES, prepare
from deploy.bench.stage import Stage
from deploy.bench.startup import pss
from deploy.bench.table import Goal, Row
from deploy.demo.city import Plan, write_city
from deploy.demo.organisations import may_be_shared
from deploy.demo.roll import read
from deploy.topology.names import HUB
from services.hub.persons.store import LINKING_TOKENS
from services.hub.rebuild import derive, shadow
from shared.kit import clock
from shared.kit.collector import settle_collector
from shared.kit.db import Database
from shared.kit.settings import Settings
from shared.kit.testing.databases import drop_database

PEOPLE = {"small": 20_000, "city": 7_200_000}
"""Seven tenths of them are on somebody's roll, some on several: five million records."""
LOT = 5_000
COLUMNS = (
    "id", "org", "member_id", "version", "withdrawn", "name", "former_names", "sex", "birth_year",
    *LINKING_TOKENS, "told_at",
)  # fmt: skip
_TRUTH = "create unlogged table truth (id uuid, person int)"
_SCORE = text(
    "with b as (select b.affiliation_id id, b.person_id, t.person from belonging b"
    " join public.truth t on t.id = b.affiliation_id),"
    " linked as (select count(*) n from b group by person_id),"
    " right_ as (select count(*) n from b group by person_id, person),"
    " true_ as (select count(*) n from b group by person),"
    " asked as (select distinct e.a, e.b from edge e where e.state = 'candidate' and e.revoked_at is null)"
    " select (select count(*) from b) records, (select count(*) from linked) persons,"
    " (select sum(n * (n - 1) / 2) from linked) linked, (select sum(n * (n - 1) / 2) from right_) rightly,"
    " (select sum(n * (n - 1) / 2) from true_) true, (select count(*) from asked) asked,"
    " (select count(*) from asked join b x on x.id = a join b y on y.id = b"
    "  where x.person = y.person and x.person_id <> y.person_id) found"
)
_TWO_NUMBERS = text(
    "select count(*) from (select 1 from belonging b join affiliation f on f.id = b.affiliation_id"
    " group by b.person_id having count(distinct f.identity) > 1) m"
)


@dataclass
class Course:
    """How it went: the score, seconds of the judging and of writing its results plainly, memory."""

    score: Any
    two_numbers: int
    seconds: float
    plainly: float
    memory: float


def rows(stage: Stage) -> Iterable[Row]:
    """Precision and recall of the links that were made, the speed, and how much is left to review."""
    prepare(stage)
    url = stage.suite.postgres.url(ROLES.database, ROLES.owner, ROLES.owner_password)
    people = int(os.environ.get("QUNTUAN_BENCH_PEOPLE") or PEOPLE[stage.size.name])
    try:
        write(url, people)
        yield from _figures(uvloop.run(resolve(url)), people)
    finally:
        asyncio.run(drop_database(stage.suite.postgres.url(), ROLES.database))


def _figures(course: Course, people: int) -> Iterator[Row]:
    score, name = course.score, "everybody at once"
    true, records = int(score.true), int(score.records)
    yield Row(f"{name}: {records:,} records judged and written", records / course.seconds, "records/s",
              records / course.plainly, "the same results copied by the server")  # fmt: skip
    yield Row(f"{name}: memory of the process, most", course.memory, "MB")
    ideal = f"truth, {true:,} pairs of {people:,} people"
    for what, part, goal in (
        ("precision", int(score.rightly) / max(1, int(score.linked)), PRECISION),
        ("recall", int(score.rightly) / true, RECALL),
        ("recall with review", (int(score.rightly) + int(score.found)) / true, WITH_REVIEW),
    ):
        yield Row(f"{name}: {what}", part, "", 1.0, ideal, (Goal("share", goal),))
    yield Row(f"{name}: persons with two identity numbers", course.two_numbers, "", goals=(Goal("most", 0),))
    yield Row(f"{name}: pairs to review per 1,000 records", 1000 * int(score.asked) / records, "")


# --- the records ---------------------------------------------------------------------------


def write(url: str, people: int) -> None:
    """The shadow's affiliations and the truth behind them, by every core."""
    uvloop.run(_tables(url))
    parts = os.cpu_count() or 1
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_write_part, args=(url, people, n, parts)) for n in range(parts)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    if any(writer.exitcode for writer in writers):
        raise RuntimeError("the city could not be written")


async def _tables(url: str) -> None:
    database = _database(url)
    async with database.transaction() as session:
        await shadow.prepare(session)
        await session.execute(text(_TRUTH))
    await database.close()


def _database(url: str) -> Database:
    return Database(
        Settings(
            service=HUB, database_url=url, secret_key=SecretStr("a secret of nobody's, for figures only")
        )
    )


def _write_part(url: str, people: int, part: int, parts: int) -> None:
    settle_collector()
    uvloop.run(_copy(url, people, part, parts))


async def _copy(url: str, people: int, part: int, parts: int) -> None:
    connection: Any = await asyncpg.connect(url.replace("+asyncpg", ""))
    await connection.execute("set synchronous_commit = off")
    told = _told(people, part, parts)
    while lot := list(islice(told, LOT)):
        rows, truth = [row for row, _ in lot], [(row[0], person) for row, person in lot]
        await connection.copy_records_to_table(
            "affiliation", schema_name=shadow.SHADOW, columns=COLUMNS, records=rows
        )
        await connection.copy_records_to_table("truth", records=truth)
    await connection.close()


def _told(people: int, part: int, parts: int) -> Iterator[tuple[tuple[Any, ...], int]]:
    """Every so-many-th record that the hub may know of, as the hub keeps it, and whose it is."""
    orgs, day, now = organisations(), clock.today(), clock.now()
    for record in islice(write_city(Plan(people, day)), part, None, parts):
        code = record.organisation
        if not may_be_shared(code, record.kind, record.consent):
            continue
        entry = read(orgs[code], record, uuid4(), day)
        if entry is None or entry.birth is None:
            raise ValueError(f"the city wrote a line nobody can read: {record.id}")
        tokens = tokens_of(orgs[code], entry)
        row: tuple[Any, ...] = (
            record.id,
            code,
            record.id,
            1,
            False,
            entry.name,
            [],
            entry.sex,
            entry.birth.year,
        )
        yield (*row, *map(tokens.get, LINKING_TOKENS), now), record.person


# --- the judging ---------------------------------------------------------------------------


async def resolve(url: str) -> Course:
    """Judge them, as the command that rebuilds does, and count."""
    database, memory = _database(url), 0.0

    def said(_: int) -> None:
        nonlocal memory
        memory = max(memory, pss(os.getpid()))

    began = time.perf_counter()
    async with database.transaction() as session:
        await shadow.key_affiliations(session)
    await derive.homes(database)
    async with database.transaction() as session:
        await derive.link(session, said)
    seconds = time.perf_counter() - began
    async with database.transaction() as session:
        score, two_numbers = await scored(session)
        plainly = time.perf_counter()
        for table in shadow.LINKED:
            await session.execute(text(f"create table plain_{table} as select * from {table}"))  # noqa: S608
        plainly = time.perf_counter() - plainly
    await database.close()
    return Course(score, two_numbers, seconds, plainly, memory)


async def scored(session: AsyncSession) -> tuple[Any, int]:
    """Pairs: true, linked, rightly linked, asked about, found by asking; and persons of two numbers."""
    await shadow.look_here(session)
    return (await session.execute(_SCORE)).one(), await session.scalar(_TWO_NUMBERS) or 0
