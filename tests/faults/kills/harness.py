"""A run: a fresh suite, clients at every service, kills among them, quiet, the verdict."""

import asyncio
import random
import threading
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from rich.progress import Progress

from deploy.bench.client import Clerk
from deploy.demo.load import ensure_demo
from deploy.local.home import Home
from deploy.local.packages import discover
from deploy.local.ports import SERVERS, Ports
from deploy.local.suite import Suite
from shared.kit.testing.process import free_port
from tests.faults.kills import planted
from tests.faults.kills.clients import HubClient, OrganisationClient, Rooms
from tests.faults.kills.killer import Killer
from tests.faults.kills.ledger import Ledger, joined
from tests.faults.kills.line import NoAnswerError
from tests.faults.kills.place import Embedded, Place
from tests.faults.kills.verdict import Court, Verdict

KEPT = {"fsync": "off", "full_page_writes": "on", "max_connections": "200"}
"""A process may die at any time, the machine does not: what is committed must be written, not synced."""
CLIENTS = 3
"""of each organisation"""
VENUES = 1
NUMBERS = 9_000
"""identity numbers for each client"""


@dataclass(frozen=True)
class Plan:
    """How hard: `kills` spread over at least `operations`, chosen by `seed`."""

    seed: int
    kills: int
    operations: int
    defect: str = ""
    """What is planted into every organisation, see `planted`."""


@dataclass
class Run:
    """What happened."""

    verdict: Verdict
    killer: "Strikes"
    ledgers: dict[str, Ledger]
    seconds: float

    @property
    def operations(self) -> int:
        """Operations that came to an end."""
        return sum(ledger.operations for ledger in self.ledgers.values())

    def __str__(self) -> str:
        kills = ", ".join(f"{name} {n}" for name, n in sorted(self.killer.kills.items()))
        repeated = sum(ledger.repeated for ledger in self.ledgers.values())
        head = (
            f"{self.killer.kills.total()} kills ({kills}), {self.operations} operations, {repeated} of them"
            f" sent again, {self.seconds:.0f} s; all ready {self.killer.slowest:.1f} s after the last kill,"
            f" quiet {self.verdict.quiet_after:.1f} s later"
        )
        return "\n".join([head, *self.verdict.complaints])


def run(folder: Path, plan: Plan) -> Run:
    """Start, load, kill, judge, stop. Call it on the main thread."""
    suite = fresh_suite(folder, plan.defect)
    try:
        if plan.defect == "read, then insert":
            planted.drop_constraint(suite)
        return loaded(Embedded(suite), Killer(suite, random.Random(plan.seed)), plan)
    finally:
        suite.stop()


def fresh_suite(folder: Path, defect: str) -> Suite:
    """A suite with staff and nobody else; its PostgreSQL loses nothing when it is killed."""
    packages = discover()
    extra = {p.code: {planted.SETTING: defect} for p in packages if p.organisation and defect}
    folder.mkdir(mode=0o711)
    ports = Ports({name: free_port() for name in (*SERVERS, *(package.code for package in packages))})
    suite = Suite(
        Home(folder), packages, ports, extra=extra, postgres_options=KEPT, say=_say,
        application=planted.APPLICATION,
    )  # fmt: skip
    suite.start_servers()
    suite.prepare()
    environments = {package.code: suite.environment(package.code) for package in packages}
    asyncio.run(ensure_demo(environments, 0, Progress(disable=True)))
    suite.start_services()
    return suite


def _say(_text: str) -> None:
    """Nobody listens."""


class Strikes(Protocol):
    """Who kills: `Killer`, or the one of the containers."""

    kills: Counter[str]
    slowest: float

    def strike(self) -> None:
        """One kill."""

    def all_back(self) -> list[str]:
        """Wait until everything is well again; who is not in time."""


def loaded(place: Place, killer: Strikes, plan: Plan) -> Run:
    """Clients work while the killer strikes; then quiet, and the verdict."""
    began = time.monotonic()
    load = Load(make_clients(place, plan.seed))
    load.start()
    each = plan.operations / (plan.kills + 1)
    while killer.kills.total() < plan.kills and load.working:
        if load.operations >= each * killer.kills.total():
            killer.strike()
        else:
            time.sleep(0.02)
    while load.operations < plan.operations and load.working:
        time.sleep(0.05)
    load.stop()
    late = killer.all_back()
    codes = [package.code for package in discover()]
    ledgers = {code: joined(code, [client.ledger for client in load.clients]) for code in codes}
    verdict = asyncio.run(Court(place).judge(ledgers))
    verdict.complaints += late + load.failed
    return Run(verdict, killer, ledgers, time.monotonic() - began)


Client = OrganisationClient | HubClient


class Load:
    """One thread for each client, until told to stop; every operation begun is brought to its end."""

    def __init__(self, clients: list[Client]) -> None:
        self.clients, self.failed = clients, list[str]()
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._work, args=(client,)) for client in clients]

    @property
    def operations(self) -> int:
        """So far, of all clients."""
        return sum(client.ledger.operations for client in self.clients)

    @property
    def working(self) -> bool:
        """Whether every client still works."""
        return not self.failed

    def start(self) -> None:
        """All at once."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Wait until each has finished what it does."""
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _work(self, client: Client) -> None:
        while not self._over.is_set():
            try:
                client.step()
            except NoAnswerError as error:
                self.failed.append(f"{client.ledger.service}: {error}")
                return


def make_clients(place: Place, seed: int) -> list[Client]:
    """`CLIENTS` for each organisation with the same people in all of them, one at the hub."""
    clients: list[Client] = []
    for package in discover():
        if not package.organisation:
            continue
        clerk = place.line(package.code).clerk
        unit = clerk.top_unit()
        rooms = Rooms([venue(clerk, unit, number) for number in range(VENUES)])
        clients += [
            OrganisationClient(
                place.line(package.code), package.code, unit, rooms, number * NUMBERS,
                f"{seed}-{package.code}-{number}",
            )
            for number in range(CLIENTS)
        ]  # fmt: skip
    return [*clients, HubClient(place.line("hub"), 500, f"{seed}-hub")]


def venue(clerk: Clerk, unit: str, number: int) -> str:
    """A room that is open day and night and takes whoever comes first."""
    weekly = [{"weekday": day, "opens": 0, "closes": 1440} for day in range(7)]
    made = clerk.json(
        "POST", "/api/v1/venues", name=f"练习室{number}", kind="room", capacity=50, address="练习路1号",
        unit_id=unit, opening={"weekly": weekly, "holidays": "as_usual"},
        sharing={"approval": "nobody", "notice_hours": 0, "horizon_days": 730},
    )  # fmt: skip
    return str(made["id"])
