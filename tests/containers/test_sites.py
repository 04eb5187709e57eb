"""The hub's site and an organisation's, set up from the bundle alone; the line between them is cut for a while.

The hub's bus is on one server, or on three of which one is lost for good.
"""

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from shared.kit.testing.process import free_port
from tests.containers.server import NEWCOMERS, Bundled, Server, admit_newcomers, eventually
from tests.journeys.visitor import LEAGUE

pytestmark = [pytest.mark.docker, pytest.mark.timeout(1200)]
LEAF = "bus.quntuan.localhost"
"""The hub's bus as the organisation's server calls it; its certificate is for *.quntuan.localhost."""
NODES = ("hub-1", "hub-2", "hub-3")
MATCH_KEY = "5a" * 32 + "\n"


@dataclass
class Hub:
    """Its first server, and the others of its bus."""

    server: Server
    nodes: list[Server]

    @property
    def buses(self) -> list[Server]:
        return [self.server, *self.nodes]


@pytest.fixture(params=[(), NODES], ids=["one", "three"])
def sites(tmp_path: Path, bundle: Path, request: pytest.FixtureRequest) -> Iterator[tuple[Hub, Server]]:
    """The hub's and the league's, set up as the runbook says; files go from one to the other by hand."""
    server, league = Bundled(bundle, tmp_path / "hub"), Bundled(bundle, tmp_path / "league")
    named = [word for node in request.param for word in ("--node", node)]
    server.quntuan("setup", "--site", "hub", *named, "--synthetic", "--port", str(server.port))
    shutil.copy(server.state.root / "authority" / "ca.crt", league.home / "hub-ca.crt")
    (league.home / "match-key").write_text(MATCH_KEY)
    told = ("--hub", f"{LEAF}:7422", "--hub-ca", "hub-ca.crt", "--match-key", "match-key")
    league.quntuan("setup", "--site", "league", *told, "--synthetic", "--port", str(league.port))
    assert (league.state.of("league") / "match-key").read_text() == MATCH_KEY
    server.quntuan("keys", "admit", *league.quntuan("keys", "show").stdout.split())
    hub = Hub(server, [carried(server, bundle, tmp_path / node, node) for node in request.param[1:]])
    for bus in hub.buses:
        bus.environment |= {f"QUNTUAN_{name}_PORT": str(free_port()) for name in ("LEAF", "CLUSTER")}
    try:
        with together(hub.buses):
            for each in (server, league):
                each.up()
                each.compose("run", "--rm", "--no-deps", "demo")
            yield hub, league
    finally:
        for site in (league, *hub.buses):
            site.down()


def carried(hub: Server, bundle: Path, folder: Path, node: str) -> Server:
    """Another server of the hub's bus, with the state folder that was made for it."""
    server = Bundled(bundle, folder)
    shutil.copytree(hub.state.node(f"{node}.quntuan.localhost").root, server.state.root)
    server.quntuan("setup")
    return server


@contextmanager
def together(buses: list[Server]) -> Iterator[None]:
    """A network on which they find each other by name."""
    network = f"{buses[0].project}-between"
    subprocess.run(["docker", "network", "create", "--internal", network], check=True, capture_output=True)
    try:
        for server, node in zip(buses, NODES, strict=False):
            server.compose("up", "--detach", "nats")
            connect(network, server, f"{node}.quntuan.localhost")
        yield
    finally:
        for server in buses:
            server.compose("down", "--timeout", "20", check=False)
        subprocess.run(["docker", "network", "rm", network], check=True, capture_output=True)


def connect(network: str, server: Server, alias: str) -> None:
    command = ["docker", "network", "connect", "--alias", alias, network, container(server)]
    subprocess.run(command, check=True)


def container(server: Server) -> str:
    (bus,) = [str(row["ID"]) for row in server.rows() if row["Service"] == "nats"]
    return bus


def lay(league: Server, hub: Hub) -> None:
    """The line: the hub's bus in the league's outer network, all its servers under one name."""
    for server in hub.buses:
        connect(f"{league.project}_edge", server, LEAF)


def cut(league: Server, hub: Hub) -> None:
    for server in hub.buses:
        command = ["docker", "network", "disconnect", f"{league.project}_edge", container(server)]
        subprocess.run(command, check=True)


def test_a_site_works_on_alone_and_then_all_of_it_arrives(sites: tuple[Hub, Server]) -> None:
    (hub, league), server = sites, sites[0].server
    assert [copies(bus) for bus in hub.buses] == [{len(hub.buses)}] * len(hub.buses)
    clerk = league.visitor("league", "clerk")
    assert clerk.import_roster(LEAGUE, timeout=300)["sums"]["written"] > 1000
    assert known(server) == 0  # there was no line yet
    assert [len(cut_lines(each)) for each in (league, *hub.nodes)] == [1] + [0] * len(hub.nodes)
    lay(league, hub)
    arrives(server, lambda: told(league))
    assert [cut_lines(each) for each in (league, *hub.buses)] == [[]] * (1 + len(hub.buses))

    cut(league, hub)
    before = known(server)
    admit_newcomers(clerk)
    assert (told(league), known(server)) == (before + len(NEWCOMERS), before)
    for each, service in ((league, "worker"), (league, "nats"), (server, "nats"), (server, "hub-worker")):
        each.kill_process(service)
    if hub.nodes:
        hub.nodes.pop().down()  # with all it held
    lay(league, hub)
    arrives(server, lambda: told(league))
    server.rebuild()  # it asks organisations that are not on this server
    assert server.recount() == "equal"
    assert known(server) == told(league)


def cut_lines(server: Server) -> list[str]:
    """What the doctor misses there of lines to other servers; also on a server that has the bus alone."""
    said = server.quntuan("doctor", check=False).stdout
    assert "NATS" in said
    return [line for line in said.splitlines() if line.startswith("✗") and ("线路" in line or "总线" in line)]


def copies(bus: Server) -> set[int]:
    """In how many places each stream is that this server of the bus holds."""
    asked = "http://127.0.0.1:8222/jsz?streams=true&accounts=true&config=true"
    accounts = json.loads(bus.compose("exec", "-T", "nats", "wget", "-q", "-O", "-", asked))[
        "account_details"
    ]
    return {stream["config"]["num_replicas"] for a in accounts for stream in a.get("stream_detail", [])}


def told(league: Server) -> int:
    return int(league.sql("league", "select count(*) from member_told"))


def known(hub: Server) -> int:
    return int(hub.sql("hub", "select count(*) from affiliation where org = 'league'"))


def arrives(hub: Server, wanted: Callable[[], int]) -> None:
    assert eventually(lambda: known(hub) == wanted(), 240), f"{known(hub)}, not {wanted()}\n{hub.readiness()}"
