"""A publisher (union) and a reader (hub) on real PostgreSQL and NATS, with a small projection to look at."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import orjson
from pydantic import SecretStr
from sqlalchemy import text

from deploy.local.bus import Bus as Nats
from deploy.topology.names import Organisation
from shared.kit.bus import Bus
from shared.kit.db import Database
from shared.kit.events import emit
from shared.kit.events.effects import transient
from shared.kit.events.steps import Step
from shared.kit.settings import Settings
from tests.fixtures.databases import Urls, as_owner
from tests.kit.events_things import TABLES, changed, thing_id


@dataclass
class Side:
    """One service: its database and its connection to the bus."""

    settings: Settings
    urls: Urls
    database: Database
    bus: Bus

    @classmethod
    def without_bus(cls, code: str, urls: Urls) -> "Side":
        """For tests that need the database alone."""
        made = Settings(service=code, database_url=urls.app)
        return cls(made, urls, Database(made), Bus(made.nats_url, code))

    async def rows(self, query: str, **values: object) -> list[tuple[object, ...]]:
        async with self.database.transaction() as session:
            return [tuple(row) for row in (await session.execute(text(query), values)).all()]

    async def value(self, query: str, **values: object) -> object:
        return (await self.rows(query, **values))[0][0]

    async def as_owner(self, *statements: str) -> None:
        await as_owner(self.urls, *statements)

    async def change(self, number: int, name: str = "工会", delay: float = 0.0) -> int:
        """Raise the version of a thing and emit it: one transaction, the row locked first."""
        async with self.database.transaction() as session:
            version = await session.scalar(
                text(
                    "INSERT INTO thing VALUES (:id, 1) ON CONFLICT (id)"
                    " DO UPDATE SET version = thing.version + 1 RETURNING version"
                ),
                {"id": thing_id(number)},
            )
            emit(session, changed(number, int(version or 0), name), key=thing_id(number))
            await session.flush()
            await asyncio.sleep(delay)
        return int(version or 0)


@dataclass
class Bench:
    """Both sides and the server between them."""

    nats: Nats
    union: Side
    hub: Side
    tasks: list[tuple[asyncio.Event, asyncio.Task[None]]] = field(default_factory=list)

    def run(
        self, work: Callable[[asyncio.Event], Awaitable[None]]
    ) -> tuple[asyncio.Event, asyncio.Task[None]]:
        """Run a loop until the end of the test; started again when it crashes, as the engine does."""
        stop = asyncio.Event()

        async def supervised() -> None:
            while not stop.is_set():
                try:
                    await work(stop)
                except Crash:
                    await asyncio.sleep(0.02)

        task = asyncio.create_task(supervised())
        self.tasks.append((stop, task))
        return stop, task

    async def equal(self, timeout: float = 15.0) -> None:
        """Wait until the reader shows exactly what the owner has; fails with the difference."""
        deadline = time.monotonic() + timeout
        while True:
            owner, reader = await self.both()
            if owner == reader and owner:
                return
            if time.monotonic() > deadline:
                wrong = [k for k in owner | reader if owner.get(k) != reader.get(k)]
                aside = await self.hub.rows("SELECT reason FROM quarantine LIMIT 3")
                raise AssertionError(f"{len(wrong)} of {len(owner)} differ; quarantine {aside}")
            await asyncio.sleep(0.05)

    async def both(self) -> tuple[dict[object, object], dict[object, object]]:
        """What the owner has and what the reader shows; asked again when a connection was cut in a test's course."""
        while True:
            try:
                owner = await self.union.rows("SELECT id, version FROM thing")
                return pairs(owner), pairs(
                    await self.hub.rows("SELECT id, version FROM shown WHERE source = 'union'")
                )
            except Exception as error:
                if not transient(error):
                    raise

    async def stream(
        self, name: str = "EVT_UNION", code: str = "union"
    ) -> list[tuple[str, dict[str, object]]]:
        """Everything in a stream, subject and body."""
        client = await self.nats.connect(code, "ops")
        try:
            js = client.jetstream()
            state = (await js.stream_info(name)).state
            messages = [await js.get_msg(name, n) for n in range(state.first_seq, state.last_seq + 1)]
            return [(m.subject or "", orjson.loads(m.data or b"{}")) for m in messages]
        finally:
            await client.close()

    async def put(self, subject: str, body: bytes, code: str = "union") -> None:
        """Publish by hand with the rights of that service."""
        client = await self.nats.connect(code)
        try:
            await client.jetstream().publish(subject, body)
        finally:
            await client.close()

    async def forge(self, subject: str, body: bytes, code: str = "union") -> None:
        """What an organisation can do against another with every right of its account.

        What it sends down its line to the hub by hand the server drops (tests/deploy/test_bus_rights.py);
        but it may let its own stream take another's subjects, and that stream does go down the line.
        """
        own = Organisation(code)
        client = await self.nats.connect(code, "ops")
        try:
            for line in (own.events_delivery, subject):
                await client.publish(line, body)
            jetstream = client.jetstream()
            stream = (await jetstream.stream_info(own.events)).config
            stream.subjects = [*(stream.subjects or []), subject]
            await jetstream.update_stream(stream)
            feeding = (await jetstream.consumer_info(own.events, own.events_source)).config
            feeding.filter_subject = "quntuan.>"
            await jetstream.add_consumer(own.events, feeding)
            await jetstream.publish(subject, body, stream=own.events)
        finally:
            await client.close()

    async def stop(self) -> None:
        for stop, _ in self.tasks:
            stop.set()
        done, late = (
            await asyncio.wait([task for _, task in self.tasks], timeout=5) if self.tasks else ((), ())
        )
        for task in late:
            task.cancel()
        await asyncio.gather(*done, *late, return_exceptions=False)


def pairs(rows: list[tuple[object, ...]]) -> dict[object, object]:
    return {row[0]: row[1] for row in rows}


async def until(reached: Callable[[], Awaitable[bool]], timeout: float = 10.0) -> None:
    """Wait for it; fails when it takes too long."""
    end = time.monotonic() + timeout
    for _ in range(int(timeout / 0.02) + 1):
        if await reached():
            return
        if time.monotonic() > end:
            break
        await asyncio.sleep(0.02)
    raise AssertionError(f"not reached within {timeout} s")


class Crash(Exception):
    """The process died here."""


def crashing_at(*steps: str, chance: float = 1.0, most: int = 1, seed: int = 1) -> tuple[Step, list[str]]:
    """A step hook that raises at the named steps; the second value lists where it did."""
    rnd = random.Random(seed)
    crashed: list[str] = []

    def at(step: str) -> None:
        if step in steps and len(crashed) < most and rnd.random() < chance:
            crashed.append(step)
            raise Crash(step)

    return at, crashed


async def side(code: str, urls: Urls, nats: Nats) -> Side:
    settings = Settings(
        service=code,
        database_url=urls.app,
        nats_url=nats.url,
        nats_seed_file=nats.seed(code),
        secret_key=SecretStr("a secret key for tests, long enough"),
        pool_size=20,
    )
    made = Side(settings, urls, Database(settings), Bus.of(settings))
    await made.as_owner(*TABLES)
    await made.bus.start()
    await asyncio.wait_for(made.bus.wait_connected(), 10)
    return made


@asynccontextmanager
async def bench(urls: Mapping[str, Urls], nats: Nats) -> AsyncIterator[Bench]:
    """Both sides on these databases, emptied first, and this bus."""
    made = Bench(nats, await side("union", urls["union"], nats), await side("hub", urls["hub"], nats))
    try:
        yield made
    finally:
        try:
            await made.stop()
        finally:
            for one in (made.union, made.hub):
                await one.bus.stop()
                await one.database.close()
