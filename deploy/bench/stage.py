"""Where figures are taken: a suite of its own, its state kept between runs so that a city is made once."""

import asyncio
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg
from rich.progress import Progress

from deploy.demo.load import ensure_demo
from deploy.local.environment import LIMITS, owner_url
from deploy.local.home import Home
from deploy.local.leftovers import only_one
from deploy.local.packages import ROOT, discover
from deploy.local.packages import organisations as organisations_of
from deploy.local.ports import SERVERS, Ports
from deploy.local.postgres import LAPTOP
from deploy.local.suite import Suite
from shared.kit.testing.process import Child, free_port

SERVER = {
    **LAPTOP,
    "shared_buffers": "4GB",
    "effective_cache_size": "12GB",
    "work_mem": "32MB",
    "maintenance_work_mem": "1GB",
    "max_wal_size": "8GB",
    "checkpoint_timeout": "15min",
}
"""PostgreSQL of one ordinary server with 16 GB."""


@dataclass(frozen=True)
class Size:
    """How much is made and how long is measured."""

    name: str
    people: int
    seconds: float
    """for each figure taken under load"""
    postgres: dict[str, str] = field(default_factory=lambda: LAPTOP)
    rounds: int = 1
    """how often a figure and its limit are taken in turn: what else the machine does meets both alike"""


SIZES = {
    size.name: size for size in (Size("small", 50_000, 1.0), Size("city", 5_000_000, 5.0, SERVER, rounds=4))
}


@dataclass
class Stage:
    """A running suite with staff and no people but those a measure adds."""

    size: Size
    suite: Suite

    @property
    def hub(self) -> str:
        """The hub's address."""
        return self.suite.url("hub")

    @property
    def organisations(self) -> list[str]:
        """Codes of the organisations."""
        return organisations_of(self.suite.packages)

    def address(self, code: str) -> str:
        """Where a service answers."""
        return self.suite.url(code)

    def owner_url(self, code: str) -> str:
        """The service's database, as the owner of its tables."""
        return owner_url(code, self.suite.home, self.suite.postgres)

    def database_url(self, code: str) -> str:
        """The service's database, as the service itself opens it."""
        return self.suite.environment(code)["QUNTUAN_DATABASE_URL"]

    def apart(self, code: str) -> Child:
        """A service as compose runs it: pages in one process, background work (returned) in another."""
        worker = self.suite.services.get(f"{code}-worker")
        if worker is None:
            self.suite.services[code].stop()
            self.suite.extra = {
                **self.suite.extra,
                code: {**self.suite.extra.get(code, {}), "QUNTUAN_ROLE": "web"},
            }
            self.suite.start_service(code)
            worker = self.suite.start_worker(code)
            self.suite.wait_ready(code)
        return worker

    @property
    def notes(self) -> Path:
        """A folder for what a measure wants to know in the next run."""
        return self.suite.home.root


def folder(size: Size) -> Path:
    """Where the suite of this size is kept; never the one of `make up`."""
    chosen = os.environ.get("QUNTUAN_BENCH_HOME") or ROOT / ".quntuan-bench"
    return Path(chosen).expanduser().absolute() / size.name


async def _counted(url: str) -> None:
    """No nightly recount today: no owner knows the people of a made city, it would rightly drop them."""
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    await connection.execute(
        "update recount_run set state = 'failed', finished_at = now() where finished_at is null"
    )
    await connection.execute(
        "insert into recount_run (asked_at, asked_by, state, finished_at)"
        " values (now() + interval '1 day', 'bench', 'equal', now())"
    )
    await connection.close()


@contextmanager
def staged(size: Size) -> Iterator[Stage]:
    """The stage, its servers started and prepared, its services not yet: how long they take is a figure."""
    home = Home(folder(size))
    os.environ |= dict.fromkeys(LIMITS, str(10**9))  # a bench types more numbers than anybody may
    packages = discover()
    ports = Ports({name: free_port() for name in (*SERVERS, *(package.code for package in packages))})
    with only_one(home):
        suite = Suite(home, packages, ports, say=lambda _: None, postgres_options=size.postgres)
        try:
            suite.start_servers()
            suite.prepare()
            environments = {package.code: suite.environment(package.code) for package in packages}
            asyncio.run(ensure_demo(environments, 0, Progress(disable=True)))
            asyncio.run(_counted(owner_url("hub", home, suite.postgres)))
            yield Stage(size, suite)
        finally:
            suite.stop()
