"""One arriving record resolved in a hub full of people, beside the same in a hub that holds few.

New people: events of the demo city, none of whom the city at the hub knows. Known ones: records there, judged
and described again with all they are connected with. Each is a transaction of its own that is given up
before its commit: the city stays as it is.
"""

import time
from collections.abc import Iterable, Sequence
from uuid import UUID

import uvloop
from sqlalchemy import text

from deploy.bench import city
from deploy.bench.latency import at
from deploy.bench.member_events import TOLD, member_events
from deploy.bench.scratch import ROLES, prepare
from deploy.bench.stage import Stage
from deploy.bench.table import Row
from deploy.topology.names import HUB
from services.hub.persons import linking
from shared.contracts.event import Received, bus_subject
from shared.kit.clock import now
from shared.kit.db import Database
from shared.kit.events.envelope import Arrived, check
from shared.kit.settings import Settings

FEW, NEW, KNOWN = 2_000, 600, 600
"""Records of the small hub; how many arrive there and here."""
WARM = 100
_SOME = text("select id from affiliation where not withdrawn and id >= :after order by id limit 1")


def rows(stage: Stage) -> Iterable[Row]:
    """Milliseconds of each, the limit in a hub of few."""
    city.ensure(stage)
    prepare(stage)
    few = stage.suite.postgres.url(ROLES.database, ROLES.app, ROLES.app_password)
    told = [_received(code, raw) for code, raw in member_events(stage, FEW + NEW)]
    there, here = uvloop.run(_both(few, stage.database_url(HUB), told[:FEW], told[FEW:]))
    for what in there:
        for percent in (50, 99):
            yield Row(f"{what}, p{percent}", at(here[what], percent), "ms", at(there[what], percent),
                      f"in a hub of {FEW:,} records")  # fmt: skip


def _received(code: str, raw: bytes) -> Received:
    checked = check(Arrived(bus_subject(code, TOLD), raw, code), HUB)
    return checked.received(now())


Figures = dict[str, list[float]]


async def _both(
    few: str, many: str, known: Sequence[Received], new: Sequence[Received]
) -> tuple[Figures, Figures]:
    found = list[Figures]()
    for url in (few, many):
        database = Database(Settings(service=HUB, database_url=url))
        if url == few:
            async with database.transaction() as session:
                await linking.apply(session, known)
        found.append(await _figures(database, new))
        await database.close()
    return found[0], found[1]


async def _figures(database: Database, new: Sequence[Received]) -> Figures:
    async with database.transaction() as session:
        ids = [
            await session.scalar(_SOME, {"after": UUID(int=number * (2**128 // KNOWN))})
            for number in range(KNOWN)
        ]
    out: Figures = {"one new record resolved": [], "one known record judged anew": []}
    for number in range(max(NEW, KNOWN)):
        out["one new record resolved"].append(await _one(database, new[number % NEW], None))
        out["one known record judged anew"].append(await _one(database, None, ids[number % KNOWN]))
    return {what: sorted(took[WARM:]) for what, took in out.items()}


async def _one(database: Database, arrived: Received | None, known: UUID | None) -> float:
    async with database.transaction() as session:
        began = time.perf_counter()
        if arrived:
            await linking.apply(session, [arrived])
        if known:
            await linking.relink(session, [known], [known])
        took = time.perf_counter() - began
        await session.rollback()
    return took * 1000
