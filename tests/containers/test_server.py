"""A day of one server in containers: doctor, a large upload, journeys, crashes, a line cut off, a restore drill."""

import subprocess
import time
from pathlib import Path

import pytest

from deploy.local.packages import discover
from tests.containers.server import NEWCOMERS, Server, admit_newcomers, eventually
from tests.journeys.visitor import LEAGUE, ROSTERS

pytestmark = [pytest.mark.docker, pytest.mark.timeout(1200)]
WOMENS = ROSTERS / "womens-执委和联系人名册.xlsx"
UNION = ROSTERS / "union-会员花名册.xlsx"
OWNERS = ("league", "womens", "union")
LATER, MISTAKE = range(20, 23), "写错了"
MB, MIB = 1_000_000, 1 << 20


def test_the_doctor_finds_a_server_well_and_names_what_is_not(server: Server) -> None:
    assert server.recount() == "equal"
    # how full the disc of this machine is, is not the suite's doing
    assert [line for line in server.doctor()[1] if "磁盘" not in line] == []
    for process in ("union-web", "league-worker"):
        server.compose("stop", process)
        status, told = server.doctor()
        assert status == 1
        assert [line for line in told if process in line]
    server.up()


def test_a_large_roster_passes_the_proxy(server: Server, tmp_path: Path) -> None:
    """Longer than what any other page takes, and than the proxy's memory; what is too long is refused at its head."""
    large = tmp_path / LEAGUE.name
    large.write_bytes(b"\r\n".join(line + b"," + b" " * 30_000 for line in LEAGUE.read_bytes().splitlines()))
    assert large.stat().st_size > 40 * MB
    clerk = server.visitor("league", "clerk")
    batch = clerk.plan_import(large, timeout=300)
    assert sum(batch["sums"].values()) > 1000
    clerk.json("POST", f"/api/v1/imports/{batch['id']}/cancel", json={"version": batch["version"]})
    for path, length in (
        ("/api/v1/members", 65 * MIB),
        ("/api/v1/imports", 311 * MIB),
        ("/imports", 311 * MIB),
    ):
        assert server.announced(clerk, path, length).startswith("HTTP/1.1 413 "), path
    answer = server.announced(clerk, "/api/v1/imports", 305 * MB)
    assert answer.startswith("HTTP/1.1 413 ")
    assert "application/problem+json" in answer  # the service's own words


def test_journey_crashes_and_restore(server: Server) -> None:
    """One story, in its order: what is restored at its end is what was imported at its beginning."""
    imported = {}
    for code, roster in (("league", LEAGUE), ("womens", WOMENS)):
        batch = server.visitor(code, "clerk").import_roster(roster, timeout=300)
        imported[code] = batch["sums"]["written"]
    assert imported["league"] > 1000
    assert server.protocol() == "h2"
    hub = server.visitor("hub", "clerk")
    assert eventually(lambda: hub_equals_owners(server)), f"{figures(server)}\n{server.readiness()}"
    assert [p for p in hub.look_up("王艳秀")["rows"] if p["name"] == "王艳秀"]

    clerk = server.visitor("union", "clerk")
    batch = clerk.plan_import(UNION, timeout=300)
    clerk.confirm_import(batch)
    crash_everything(server)
    assert clerk.wait_import(batch["id"], {"applied"}, timeout=300)["sums"]["written"] > 4000
    assert eventually(lambda: hub_equals_owners(server)), f"{figures(server)}\n{server.readiness()}"
    cut_off(server)
    server.rebuild()
    assert server.recount() == "equal"
    assert hub_equals_owners(server), figures(server)

    before = figures(server)
    restore_drill(server)
    assert figures(server) == before
    hub = server.visitor("hub", "clerk")
    assert [p for p in hub.look_up("王艳秀")["rows"] if p["name"] == "王艳秀"]
    undo_drill(server)


def crash_everything(server: Server) -> None:
    """Every process dies once while a roster is written; all come back by themselves."""
    services = [f"{p.code}-{role}" for p in discover() for role in ("worker", "web")]
    everything = ["union-worker", "nats", "postgres", *services, "backup", "proxy"]
    for service in everything:
        server.kill_process(service)
        assert eventually(lambda s=service: running(server, s)), service  # type: ignore[misc]
    assert eventually(lambda: server.healthy(*everything)), server.reasons()


def cut_off(server: Server) -> None:
    """The league has no line to the bus: it admits people, the others look up; then all of it arrives."""
    processes, known = ("league-web", "league-worker"), figures(server)["league"][1]
    for process in processes:
        server.cut(process, "bus")
    admit_newcomers(server.visitor("league", "clerk"))
    hub = server.visitor("hub", "clerk")
    assert [p for p in hub.look_up("王艳秀")["rows"] if p["name"] == "王艳秀"]
    assert not hub.look_up(NEWCOMERS[0])["rows"]
    assert figures(server)["league"] == (known + len(NEWCOMERS), known)
    for process in processes:
        server.join(process, "bus")
    assert eventually(lambda: hub_equals_owners(server)), f"{figures(server)}\n{server.readiness()}"
    assert eventually(lambda: server.healthy(*processes)), server.reasons()
    assert [p["name"] for p in hub.look_up(NEWCOMERS[0])["rows"]] == [NEWCOMERS[0]]


def running(server: Server, service: str) -> bool:
    return any(row["Service"] == service and row["State"] == "running" for row in server.rows())


def restore_drill(server: Server) -> None:
    """The database's volume is lost; the newest base backup is older than everything that was imported."""
    all_archived(server)
    assert "base backup" in server.compose("logs", "backup")
    assert server.quntuan("restore", "--key", str(server.state.recovery_key), check=False).returncode == 1
    restored(server, "pg")


def undo_drill(server: Server) -> None:
    """A mistake is undone by going back to the moment before it, the bus with it; then all goes on."""
    before, said = (
        figures(server),
        "to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')",
    )
    moment = server.sql("hub", f"select {said}")
    time.sleep(2)
    server.sql("league", f"update member set post = '{MISTAKE}'")
    all_archived(server)
    restored(server, "pg", "nats", until=moment)
    assert server.sql("league", f"select count(*) from member where post = '{MISTAKE}'") == "0"
    assert figures(server) == before
    admit_newcomers(server.visitor("league", "clerk"), LATER)
    assert eventually(lambda: hub_equals_owners(server)), f"{figures(server)}\n{server.readiness()}"
    assert figures(server)["league"][0] == before["league"][0] + len(LATER)


def all_archived(server: Server) -> None:
    """Everything that was committed until now is in the archive."""
    last = server.sql("hub", "select pg_walfile_name(pg_switch_wal() - 1)")
    archived = f"select coalesce(last_archived_wal, '') >= '{last}' from pg_stat_archiver"
    assert eventually(lambda: server.sql("hub", archived) == "t"), last


def restored(server: Server, *lost: str, until: str = "") -> None:
    """These volumes are lost; the runbook's steps."""
    server.compose("down", "--timeout", "30")
    for volume in lost:
        subprocess.run(
            ["docker", "volume", "rm", f"{server.project}_{volume}"], check=True, capture_output=True
        )
    began, to = time.monotonic(), ["--until", until] if until else []
    told = server.quntuan("restore", "--key", str(server.state.recovery_key), *to)
    assert "restored from" in told.stdout
    server.up()
    print(f"restored and ready in {time.monotonic() - began:.0f} s")


def figures(server: Server) -> dict[str, tuple[int, int]]:
    """For each owner: members it ever told of, members of it the hub knows."""
    found = {}
    for code in OWNERS:
        own = int(server.sql(code, "select count(*) from member_told"))
        at_hub = int(server.sql("hub", f"select count(*) from affiliation where org = '{code}'"))
        found[code] = (own, at_hub)
    return found


def hub_equals_owners(server: Server) -> bool:
    return all(own == known for own, known in figures(server).values())
