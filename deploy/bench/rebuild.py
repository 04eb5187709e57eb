"""A rebuild of the hub from owners that answer on the bus, by phase, beside the same rows written plainly."""

import asyncio
import os
import time
from collections.abc import Iterable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

import uvloop
from sqlalchemy import text

from deploy.bench.member_events import CITY, one_city
from deploy.bench.owners import Owner, Place, answering
from deploy.bench.scratch import ROLES, Scratch, prepare, scratch
from deploy.bench.stage import Stage
from deploy.bench.startup import pss
from deploy.bench.table import Row
from deploy.demo.places import ORGANISATIONS
from services.hub.rebuild import Rebuild, begin, shadow
from services.hub.recount import asking
from shared.kit.bus import BusAway
from shared.kit.context import Kit, make_kit

MEMBERS = {"small": 20_000, "city": 8_000_000}
PLAINLY = 1_000_000
"""Rows of each table at most that are written plainly: the room of three projections is not everywhere."""


def rows(stage: Stage) -> Iterable[Row]:
    """Seconds of each phase, the whole as a rate, and the limit: ready rows copied and indexed."""
    prepare(stage)
    members = int(os.environ.get("QUNTUAN_BENCH_PEOPLE") or MEMBERS[stage.size.name])
    course = uvloop.run(_measure(stage, members))
    whole = sum(course.took.values())
    yield Row(f"rebuild: {course.members:,} members, {course.persons:,} persons", course.members / whole,
              "members/s", course.limit, "ready rows copied into the same tables and indexed")  # fmt: skip
    for phase, seconds in course.took.items():
        yield Row(f"rebuild: {phase}", seconds, "s")
    yield Row("rebuild: memory of the process, most at the end of a phase", course.memory, "MB")


@dataclass
class Course:
    """How a rebuild went."""

    took: dict[str, float] = field(default_factory=dict)
    memory: float = 0.0
    members: int = 0
    persons: int = 0
    limit: float = 0.0
    """members a second of the plain copy"""


async def _measure(stage: Stage, members: int) -> Course:
    course = Course()
    city = one_city(stage, members)
    async with scratch(stage) as place, AsyncExitStack() as stack:
        owners = {
            Place(code, place.nats.url, place.seed(code)): Owner(
                code, [told for of, told in city if of == code], max(1, members // CITY)
            )
            for code in ORGANISATIONS
        }
        stack.enter_context(answering(owners))
        kit = as_owner(place)
        stack.push_async_callback(kit.database.close)
        await kit.bus.start()
        await kit.bus.wait_connected()
        stack.push_async_callback(kit.bus.stop)
        await _answered(kit, ORGANISATIONS)
        await _phases(kit, ORGANISATIONS, course)
        await _plainly(kit, course)
    return course


async def _answered(kit: Kit, codes: Sequence[str]) -> None:
    """Wait until every owner has come."""
    for code in codes:
        while True:
            try:
                await asking.head(kit.bus, code)
                break
            except BusAway:
                await asyncio.sleep(0.1)


def as_owner(place: Scratch) -> Kit:
    """The hub's kit with the rights of the owner of its tables, as the command has them."""
    url = place.stage.suite.postgres.url(ROLES.database, ROLES.owner, ROLES.owner_password)
    return make_kit(place.kit.settings.model_copy(update={"database_url": url}))


async def _phases(kit: Kit, codes: Sequence[str], course: Course) -> None:
    since = time.perf_counter()

    def at(step: str) -> None:
        nonlocal since
        phase = step.removeprefix("rebuild.")
        if phase in ("fetch", "link", "describe", "index", "swap"):
            course.took[phase] = time.perf_counter() - since
            course.memory = max(course.memory, pss(os.getpid()))
            since = time.perf_counter()

    await Rebuild(kit, await begin(kit, codes), at=at).run()
    async with kit.database.transaction() as session:
        for name, table in (("members", "affiliation"), ("persons", "person")):
            setattr(course, name, await session.scalar(text(f"select count(*) from {table}")))  # noqa: S608


async def _plainly(kit: Kit, course: Course) -> None:
    """The finished tables again: rows copied by the server itself, then the same indexes."""
    part = min(1.0, PLAINLY / course.members)
    began = time.perf_counter()
    async with kit.database.transaction() as session:
        await shadow.prepare(session)
        await shadow.make(session, shadow.LINKED)
        for table in shadow.TABLES:
            size = await session.scalar(text(f"select count(*) from public.{table}"))  # noqa: S608
            copied = f"insert into {shadow.SHADOW}.{table} select * from public.{table} limit :rows"  # noqa: S608
            await session.execute(text(copied), {"rows": int((size or 0) * part)})
    await shadow.index(kit.database.engine)
    course.limit = course.members * part / (time.perf_counter() - began)
