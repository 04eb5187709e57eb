"""Servers that the tests of one module share; streams and tables are new for every test. A small service."""

from collections.abc import AsyncIterator, Iterator

import pytest

from deploy.local.bus import Bus as Nats
from shared.kit import clock
from shared.kit.db import Database
from tests.fixtures.bus import renew, started_bus
from tests.fixtures.databases import FreshDatabases, Urls
from tests.kit.events_bench import Bench, bench
from tests.kit.staff_app import Clock, World, settings, world

ORGANISATIONS = ("union", "league", "womens")


@pytest.fixture(scope="module")
def nats_of_module(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nats]:
    bus = started_bus(tmp_path_factory.mktemp("bus"), ORGANISATIONS)
    yield bus
    bus.stop()


@pytest.fixture
async def bus(nats_of_module: Nats) -> Nats:
    await renew(nats_of_module)
    return nats_of_module


@pytest.fixture(scope="module")
async def two_databases(databases: FreshDatabases) -> dict[str, Urls]:
    return {code: await databases.fresh("kit") for code in ("union", "hub")}


@pytest.fixture
async def b(two_databases: dict[str, Urls], bus: Nats) -> AsyncIterator[Bench]:
    """A publisher and a reader, both empty."""
    async with bench(two_databases, bus) as made:
        yield made


@pytest.fixture
async def here(databases: FreshDatabases) -> AsyncIterator[World]:
    """A small service with sign-in and audit pages."""
    async with world(databases) as made:
        yield made


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Time that stands until it is moved."""
    made = Clock()
    monkeypatch.setattr(clock, "now", made.now)
    return made


@pytest.fixture
async def urls(databases: FreshDatabases) -> AsyncIterator[Urls]:
    """An empty database; `database` is what a service has of it."""
    async with databases.lent("kit") as urls:
        yield urls


@pytest.fixture
async def database(urls: Urls) -> AsyncIterator[Database]:
    made = Database(settings(urls.app))
    yield made
    await made.close()
