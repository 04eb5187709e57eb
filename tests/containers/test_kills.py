"""Processes in containers killed at random under a mixed load: nothing acknowledged is lost or done twice."""

import http.client
import random
import socket
import ssl
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from deploy.bench.client import Clerk
from deploy.local.packages import discover
from tests.containers.server import ByName, Server, eventually
from tests.faults.kills.harness import Plan, loaded
from tests.faults.kills.line import TIMEOUT, Line

pytestmark = [pytest.mark.docker, pytest.mark.timeout(1200)]
PLAN = Plan(seed=20261126, kills=24, operations=1_500)
PAUSE = (1.5, 4.0)
"""Seconds between two kills; Docker starts again what ended, later and later what ends all the time."""
PROCESSES = [
    "postgres",
    "nats",
    "proxy",
    *(f"{p.code}-{role}" for p in discover() for role in ("web", "worker")),
]


class Composed:
    """One server's services through its proxy, its databases by their container's address."""

    def __init__(self, server: Server) -> None:
        self.server = server
        word = (server.state.secrets / "jobs" / "superuser").read_text().strip()
        self._databases = f"postgresql://postgres:{word}@{self._address('postgres', 'db')}:5432/quntuan_"

    def line(self, service: str) -> Line:
        name, trusted = f"{service}.quntuan.localhost", self.server.authority()
        clerk = Clerk(f"https://{name}:{self.server.port}", transport=ByName(verify=trusted))
        return Line(clerk, partial(self._connect, name, trusted))

    def database(self, service: str) -> str:
        return self._databases + service

    def _connect(self, name: str, trusted: ssl.SSLContext) -> http.client.HTTPConnection:
        """Every name is this machine."""
        made = http.client.HTTPSConnection(name, self.server.port, timeout=TIMEOUT, context=trusted)
        plain = socket.create_connection(("127.0.0.1", self.server.port), timeout=TIMEOUT)
        made.sock = trusted.wrap_socket(plain, server_hostname=name)
        return made

    def _address(self, service: str, network: str) -> str:
        (row,) = [row for row in self.server.rows() if row["Service"] == service]
        wanted = f'{{{{(index .NetworkSettings.Networks "{self.server.project}_{network}").IPAddress}}}}'
        asked = ["docker", "inspect", "--format", wanted, row["ID"]]
        return subprocess.run(asked, check=True, capture_output=True, text=True).stdout.strip()


class Crashes:
    """SIGKILL of one container's main process after the other; Docker brings them back."""

    def __init__(self, server: Server, seed: int) -> None:
        self.server, self.chance = server, random.Random(seed)
        self.kills, self.slowest = Counter[str](), 0.0

    def strike(self) -> None:
        """One that runs now: what is still down cannot die."""
        service = self.chance.choice(PROCESSES)
        if any(row["Service"] == service and row["State"] == "running" for row in self.server.rows()):
            self.server.kill_process(service)
            self.kills[service] += 1
        time.sleep(self.chance.uniform(*PAUSE))

    def all_back(self) -> list[str]:
        """Wait until each says by itself that it is well."""
        began = time.monotonic()
        well = eventually(lambda: self.server.healthy(*PROCESSES))
        self.slowest = time.monotonic() - began
        return [] if well else [self.server.reasons()]


@pytest.fixture
def fresh(tmp_path: Path, images: list[str]) -> Iterator[Server]:
    """A server of its own: who is on its rolls must be whom the clients entered."""
    assert images
    server = Server(tmp_path / "state")
    server.quntuan("setup", "--synthetic", "--port", str(server.port))
    try:
        server.up()
        server.compose("run", "--rm", "--no-deps", "demo")
        yield server
    finally:
        server.down()


def test_nothing_is_lost_or_done_twice_in_containers(fresh: Server) -> None:
    result = loaded(Composed(fresh), Crashes(fresh, PLAN.seed), PLAN)
    print(result)
    assert result.verdict.complaints == []
    assert result.killer.kills.total() == PLAN.kills
    assert all(ledger.operations for ledger in result.ledgers.values())
