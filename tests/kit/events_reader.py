"""A projector on the bench, how far it came, and what the bus loses on the way to it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy import text

from shared.contracts.rpc import FETCH, FetchAnswer, FetchRequest
from shared.kit.bus import Bus, BusAway
from shared.kit.events.envelope import encode
from shared.kit.events.fetch import fetch_responder
from shared.kit.events.projector import Projector
from shared.kit.events.responders import Responders
from shared.kit.events.sequencer import number
from shared.kit.events.steps import Step, nothing
from tests.kit.events_bench import Bench, until
from tests.kit.events_things import PROJECTIONS

SUBJECT = "quntuan.union.unit.changed.v1"


def projector(b: Bench, at: Step = nothing, batch: int = 500) -> Projector:
    return Projector(
        b.hub.database, b.hub.bus, PROJECTIONS, stream="EVT_ALL", durable="hub", at=at, batch=batch
    )


async def position(b: Bench, at_least: int, timeout: float = 10) -> None:
    """Wait until the projection has read so far."""

    async def there() -> bool:
        reached = await b.hub.value("SELECT coalesce(max(seq), 0) FROM projection_position")
        return int(str(reached)) >= at_least

    await until(there, timeout)


async def applied(b: Bench) -> list[int]:
    return [int(str(n)) for (n,) in await b.hub.rows("SELECT sequence FROM applied ORDER BY sequence")]


async def reachable(asker: Bus, owner: str, question: FetchRequest) -> None:
    """Wait until `owner` answers."""

    async def there() -> bool:
        try:
            await asker.request(owner, FETCH, question, FetchAnswer, timeout=1)
        except BusAway:
            return False
        return True

    await until(there)


@asynccontextmanager
async def answering(b: Bench) -> AsyncIterator[None]:
    """The owner answers requests for missing events."""
    responders = Responders(b.union.bus, [fetch_responder(b.union.database, "union")])
    await responders.start()
    try:
        await reachable(b.hub.bus, "union", FetchRequest(first=1, last=1))
        yield
    finally:
        await responders.stop()


async def publish_with_hole(b: Bench, missing: set[int], count: int) -> None:
    """The owner has numbered 1..count; the bus lost some."""
    for n in range(count):
        await b.union.change(n)
    async with b.union.database.engine.connect() as connection:
        assert await number(connection) == count
        rows = (await connection.execute(text("SELECT * FROM event_log ORDER BY seq"))).mappings().all()
    for row in rows:
        if row["seq"] not in missing:
            await b.put(SUBJECT, encode("union", row))


async def a_gap_is_filled(b: Bench) -> None:
    """What every reader must stand: the bus lost some events."""
    async with answering(b):
        await publish_with_hole(b, {1, 4, 5, 6}, 10)
        b.run(projector(b).run)
        await b.equal()
        assert await b.hub.rows("SELECT count(*) FROM projection_gap") == [(0,)]
        assert await b.hub.rows("SELECT source, channel, seq FROM projection_source") == [("union", "", 10)]
        assert [n for (n,) in await b.hub.rows("SELECT sequence FROM applied ORDER BY ctid")] == list(
            range(1, 11)
        )
