"""The suite on one machine: servers, databases, bus and one child process per service."""

import asyncio
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from deploy.local import leftovers, postgres
from deploy.local.bus import Bus
from deploy.local.environment import address, owner_url, service_environment
from deploy.local.home import Home
from deploy.local.packages import ROOT, ServicePackage, organisations
from deploy.local.ports import Ports
from shared.kit.testing.postgres import PostgresServer
from shared.kit.testing.process import Child, ServerError, free_port, spawn, wait_until

Say = Callable[[str], None]
GIVES_WAY = "6"
"""Nice value of a worker's session: weight 272 to a service's 1024, as `cpu_shares` of compose.yaml."""


@dataclass
class Suite:
    """Everything `quntuan up` runs. Call it from the main thread (see `spawn`)."""

    home: Home
    packages: Sequence[ServicePackage]
    ports: Ports
    say: Say = print
    extra: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """More environment for single services, by code (tests)."""
    postgres_options: Mapping[str, str] = field(default_factory=lambda: postgres.LAPTOP)
    application: str = "shared.kit.serve:create_app"
    """What each service's process serves (tests plant defects in it)."""

    def __post_init__(self) -> None:
        self.home.prepare()
        self.postgres: PostgresServer = postgres.server(
            self.home, self.ports["postgres"], self.postgres_options
        )
        self.bus = Bus(
            folder=self.home.nats,
            seeds=self.home.seeds,
            port=self.ports["nats"],
            monitor_port=self.ports["nats_monitor"],
            log=self.home.logs / "nats.log",
            codes=organisations(self.packages),
        )
        self.services: dict[str, Child] = {}

    def start_servers(self) -> None:
        """PostgreSQL and NATS, after ending what a killed run left and checking that the ports are free."""
        for name in leftovers.end_leftovers(self.home):
            self.say(f"上次运行被强行结束,已清理遗留进程 / ended what a killed run left: {name}")
        self.ports.check_free()
        self.postgres.start()
        self.record()
        self.bus.start()
        self.record()

    def prepare(self) -> None:
        """Databases, roles, tables, streams and consumers: everything safe to repeat."""
        asyncio.run(postgres.ensure_databases(self.postgres, self.home, [p.code for p in self.packages]))
        self.migrate()
        asyncio.run(self.bus.provision())

    def migrate(self) -> None:
        for package in self.packages:
            package.migrate(owner_url(package.code, self.home, self.postgres))

    def environment(self, code: str) -> dict[str, str]:
        """What the service process of `code` is told."""
        told = service_environment(code, self.home, self.postgres, self.bus, self.ports)
        return {**told, **self.extra.get(code, {})}

    def start_service(self, code: str) -> Child:
        """Start one service; it may not be ready yet."""
        return self._serve(code, self.ports[code], self.environment(code))

    def start_worker(self, code: str) -> Child:
        """The background work in a process of its own, as compose has it; the service itself is `web`."""
        told = {**self.environment(code), "QUNTUAN_ROLE": "worker"}
        worker = self._serve(f"{code}-worker", free_port(), told)
        _give_way(worker.pid)
        return worker

    def _serve(self, name: str, port: int, environment: Mapping[str, str]) -> Child:
        arguments = [sys.executable, "-m", "uvicorn", "--factory", self.application]
        arguments += ["--host", "127.0.0.1", "--port", str(port)]
        arguments += ["--timeout-graceful-shutdown", "3", "--no-access-log"]
        log = self.home.logs / f"{name}.log"
        child = spawn(arguments, name=name, log=log, environment=environment, directory=ROOT)
        self.services[name] = child
        self.record()
        return child

    def start_services(self, timeout: float = 60) -> None:
        """All services at once, then wait until each says it is ready."""
        for package in self.packages:
            self.start_service(package.code)
        for package in self.packages:
            self.wait_ready(package.code, timeout)

    def wait_ready(self, code: str, timeout: float = 60) -> None:
        """Wait for /readyz; ServerError with its reasons or the log's tail."""
        try:
            wait_until(lambda: self.readiness(code) == "", self.services[code], timeout, pause=0.1)
        except ServerError as error:
            raise ServerError(f"{error}\n{self.readiness(code)}".strip()) from None

    def readiness(self, code: str) -> str:
        """Empty when ready, else the service's own answer (or that there is none)."""
        try:
            answer = httpx.get(f"{self.url(code)}/readyz", timeout=2)
        except httpx.TransportError as error:
            return type(error).__name__
        return "" if answer.is_success else answer.text

    def url(self, code: str) -> str:
        return address(self.ports, code)

    def stop(self) -> None:
        """Services first (they drain), then the bus, then the databases."""
        begun = time.monotonic()
        for child in self.services.values():
            if child.alive():
                child.process.terminate()
        for child in self.services.values():
            child.stop(timeout=max(0.5, 6 - (time.monotonic() - begun)))
        self.bus.stop()
        self.postgres.stop()
        self.home.children.unlink(missing_ok=True)

    def children(self) -> list[Child]:
        """Every child process, the servers first."""
        servers = [child for child in (self.postgres.child, self.bus.server.child) if child]
        return [*servers, *self.services.values()]

    def record(self) -> None:
        """Write down who runs, for the start after a kill."""
        leftovers.record(self.home, self.children())


def _give_way(pid: int) -> None:
    group = Path(f"/proc/{pid}/autogroup")
    while group.exists():  # not every kernel has groups of sessions
        try:
            group.write_text(GIVES_WAY, encoding="ascii")
        except BlockingIOError:  # an ordinary user may change one in a tenth of a second
            time.sleep(0.05)
        else:
            return
