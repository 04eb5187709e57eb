"""A hub database and a bus of their own beside the suite's: it shows at no running hub."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from pydantic import SecretStr

from deploy.bench.stage import Stage
from deploy.local.bus import Bus as Nats
from deploy.local.packages import SERVICES, ServicePackage
from deploy.topology.names import HUB
from shared.kit.bus import Bus
from shared.kit.context import Kit, make_kit
from shared.kit.settings import Settings
from shared.kit.testing.databases import DatabaseRoles, copy_database, drop_database, ensure_database
from shared.kit.testing.process import free_port

ROLES = DatabaseRoles("hub_bench", "owner of figures", "app of figures")
COPY = "quntuan_hub_bench_copy"


@dataclass
class Scratch:
    """The hub's kit over the database of its own, and the bus it hears."""

    stage: Stage
    nats: Nats
    kit: Kit

    def database_url(self, name: str = ROLES.database) -> str:
        """The database, or its copy, as the service opens it."""
        return self.stage.suite.postgres.url(name, ROLES.app, ROLES.app_password)

    @asynccontextmanager
    async def publisher(self, code: str) -> AsyncIterator[Bus]:
        """An organisation's connection to the bus."""
        bus = Bus(self.nats.url, code, self.seed(code))
        await bus.start()
        await bus.wait_connected()
        yield bus
        await bus.stop()

    def seed(self, code: str) -> str:
        """What proves to the bus that it is this organisation."""
        return self.nats.seed(code).read_text(encoding="ascii").strip()

    async def copied(self) -> str:
        """A copy of the database as it stands; the hub's connections are closed for it."""
        server = self.stage.suite.postgres.url()
        await self.kit.database.engine.dispose()
        await drop_database(server, COPY)
        await copy_database(server, ROLES, COPY)
        return self.database_url(COPY)


@asynccontextmanager
async def scratch(stage: Stage) -> AsyncIterator[Scratch]:
    """Both, after `prepare`; gone afterwards."""
    server = stage.suite.postgres.url()
    with TemporaryDirectory(prefix="quntuan-bench-") as name:
        nats = started(Path(name), stage.organisations)
        try:
            await nats.provision()
            settings = Settings(
                service=HUB, nats_url=nats.url, nats_seed_file=nats.seed(HUB),
                database_url=stage.suite.postgres.url(ROLES.database, ROLES.app, ROLES.app_password),
                secret_key=SecretStr("a secret of nobody's, for figures only"),
            )  # fmt: skip
            kit = make_kit(settings)
            await kit.bus.start()
            await kit.bus.wait_connected()
            yield Scratch(stage, nats, kit)
            await kit.bus.stop()
            await kit.database.close()
        finally:
            nats.stop()
            for database in (ROLES.database, COPY):
                await drop_database(server, database)


def prepare(stage: Stage) -> None:
    """The database, empty, with the hub's tables; outside any loop, because migrations start their own."""
    asyncio.run(_anew(stage.suite.postgres.url()))
    url = stage.suite.postgres.url(ROLES.database, ROLES.owner, ROLES.owner_password)
    ServicePackage(HUB, SERVICES / HUB).migrate(url)


async def _anew(server: str) -> None:
    await drop_database(server, ROLES.database)
    await ensure_database(server, ROLES)


def started(folder: Path, codes: list[str]) -> Nats:
    """The bus as the suite runs it: every message on disk before it is acknowledged."""
    nats = Nats(
        folder=folder / "nats", seeds=folder / "seeds", port=free_port(), monitor_port=free_port(),
        log=folder / "nats.log", codes=list(codes),
    )  # fmt: skip
    nats.start()
    return nats
