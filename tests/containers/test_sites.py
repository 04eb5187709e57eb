"""Two servers, the hub's and an organisation's, set up from the bundle alone; the line between them is cut for a while."""

import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from shared.kit.testing.process import free_port
from tests.containers.server import NEWCOMERS, Bundled, Server, admit_newcomers, eventually
from tests.journeys.visitor import LEAGUE

pytestmark = [pytest.mark.docker, pytest.mark.timeout(1200)]
LEAF = "bus.quntuan.localhost"
"""The hub's bus as the organisation's server calls it; its certificate is for *.quntuan.localhost."""
MATCH_KEY = "5a" * 32 + "\n"


@pytest.fixture
def sites(tmp_path: Path, bundle: Path) -> Iterator[tuple[Server, Server]]:
    """The hub's and the league's, set up as the runbook says; files go from one to the other by hand."""
    hub, league = Bundled(bundle, tmp_path / "hub"), Bundled(bundle, tmp_path / "league")
    hub.environment["QUNTUAN_LEAF_PORT"] = str(free_port())
    hub.quntuan("setup", "--site", "hub", "--synthetic", "--port", str(hub.port))
    shutil.copy(hub.state.root / "authority" / "ca.crt", league.home / "hub-ca.crt")
    (league.home / "match-key").write_text(MATCH_KEY)
    told = ("--hub", f"{LEAF}:7422", "--hub-ca", "hub-ca.crt", "--match-key", "match-key")
    league.quntuan("setup", "--site", "league", *told, "--synthetic", "--port", str(league.port))
    assert (league.state.of("league") / "match-key").read_text() == MATCH_KEY
    hub.quntuan("keys", "admit", *league.quntuan("keys", "show").stdout.split())
    try:
        for server in (hub, league):
            server.up()
            server.compose("run", "--rm", "--no-deps", "demo")
        yield hub, league
    finally:
        lay(league, hub, check=False, connect=False)
        league.down()
        hub.down()


def lay(league: Server, hub: Server, *, connect: bool = True, check: bool = True) -> None:
    """The line: the hub's bus in the league's outer network under its name, or out of it."""
    (bus,) = [row["ID"] for row in hub.rows() if row["Service"] == "nats"] or [""]
    change = ["connect", "--alias", LEAF] if connect else ["disconnect"]
    subprocess.run(["docker", "network", *change, f"{league.project}_edge", bus], check=check)


def test_a_site_works_on_alone_and_then_all_of_it_arrives(sites: tuple[Server, Server]) -> None:
    hub, league = sites
    clerk = league.visitor("league", "clerk")
    assert clerk.import_roster(LEAGUE, timeout=300)["sums"]["written"] > 1000
    assert known(hub) == 0  # there was no line yet
    lay(league, hub)
    arrives(hub, lambda: told(league))

    lay(league, hub, connect=False)
    before = known(hub)
    admit_newcomers(clerk)
    assert (told(league), known(hub)) == (before + len(NEWCOMERS), before)
    for server, service in ((league, "worker"), (league, "nats"), (hub, "nats"), (hub, "hub-worker")):
        server.kill_process(service)
    lay(league, hub)
    arrives(hub, lambda: told(league))
    hub.rebuild()  # it asks organisations that are not on this server
    assert hub.recount() == "equal"
    assert known(hub) == told(league)


def told(league: Server) -> int:
    return int(league.sql("league", "select count(*) from member_told"))


def known(hub: Server) -> int:
    return int(hub.sql("hub", "select count(*) from affiliation where org = 'league'"))


def arrives(hub: Server, wanted: Callable[[], int]) -> None:
    assert eventually(lambda: known(hub) == wanted(), 240), f"{known(hub)}, not {wanted()}\n{hub.readiness()}"
