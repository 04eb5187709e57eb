"""The hub's database, fresh for each test, and a way to tell it events."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace

import pytest
from pydantic import SecretStr

from deploy.local.bus import Bus as Nats
from services.hub.directory import directory
from services.hub.persons import follow, lock, persons
from services.hub.service import build
from shared.contracts.event import Event, Received
from shared.kit.context import Kit, make_kit
from shared.kit.events.effects import apply_all
from shared.kit.service import Service
from shared.kit.settings import Settings
from tests.fixtures.databases import FreshDatabases
from tests.fixtures.settings import settings_for
from tests.hub.telling import received
from tests.hub.town import town  # noqa: F401 - a fixture


class Hub:
    """The hub's projections over a database of their own, without a bus."""

    def __init__(self, kit: Kit) -> None:
        self.kit, self.database = kit, kit.database
        self.projections = [p for m in (directory(kit, lock, follow), persons(kit)) for p in m.projections]
        self.told = 0

    async def tell(self, source: str, *events: Event) -> None:
        """Apply these events of one organisation as one batch."""
        batch = []
        for event in events:
            self.told += 1
            batch.append(self._prepared(received(source, event, self.told)))
        async with self.database.transaction() as session:
            await apply_all(session, self.projections, batch)

    def _prepared(self, came: Received) -> Received:
        """As the projector hands it on: with what is made of the event alone, if it can be."""
        for projection in self.projections:
            if projection.prepare and isinstance(came.event, projection.events):
                with suppress(Exception):
                    return replace(came, prepared=projection.prepare(came.envelope, came.event))
        return came


@asynccontextmanager
async def open_hub(databases: FreshDatabases, *, new: bool = False) -> AsyncIterator[Hub]:
    """A hub with a database of its own; `new`: one never used before."""
    secret = SecretStr("a test secret key of the hub, long")
    async with databases.once("hub") if new else databases.lent("hub") as urls:
        kit = make_kit(
            Settings(service="hub", database_url=urls.app, secret_key=secret, nats_url="nats://127.0.0.1:1")
        )
        yield Hub(kit)
        await kit.database.close()


@pytest.fixture
async def hub(databases: FreshDatabases) -> AsyncIterator[Hub]:
    async with open_hub(databases) as opened:
        yield opened


@pytest.fixture
async def running(databases: FreshDatabases, bus: Nats) -> AsyncIterator[Service]:
    """The whole hub, on a bus."""
    async with databases.lent("hub") as urls:
        hub = build(settings_for("hub", urls, bus))
        async with hub.running():
            yield hub
