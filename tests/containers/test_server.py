"""A day of one server in containers: hardened, journeys, crashes, a restore drill."""

import json
import subprocess
import time

import pytest

from deploy.containers.images import every_image
from deploy.local.packages import discover
from tests.containers.server import Server, eventually
from tests.journeys.visitor import ROSTERS

pytestmark = [pytest.mark.docker, pytest.mark.timeout(1800)]
LEAGUE = ROSTERS / "league-团员名册.csv"
WOMENS = ROSTERS / "womens-执委和联系人名册.xlsx"
OWNERS = ("league", "womens")


def test_every_container_is_contained(server: Server) -> None:
    """The automated checks of docker-bench, sections 4 and 5, on what really runs."""
    for container in server.inspected():
        name, host, config = container["Name"], container["HostConfig"], container["Config"]
        assert config["User"] not in {"", "root", "0", "0:0"}, name
        assert host["ReadonlyRootfs"], name
        assert host["CapDrop"] == ["ALL"], name
        assert not host["CapAdd"], name
        assert "no-new-privileges:true" in host["SecurityOpt"], name
        assert not host["Privileged"], name
        assert (host["PidMode"], host["IpcMode"], host["UsernsMode"]) == ("", "private", ""), name
        assert host["NetworkMode"] != "host", name
        assert host["Memory"] > 0, name
        assert 0 < host["PidsLimit"] <= 500, name
        assert host["RestartPolicy"]["Name"] in {"unless-stopped", "no"}, name
        assert host["LogConfig"]["Config"]["max-size"] == "10m", name
        published = [b for bindings in (host["PortBindings"] or {}).values() for b in bindings]
        assert all(b["HostIp"] == "127.0.0.1" for b in published), name
        assert bool(published) == ("proxy" in name), name
        assert not [m for m in container["Mounts"] if "docker.sock" in m["Source"]], name
        jobs = "migrate" in name or "provision" in name
        assert jobs or config["Healthcheck"]["Test"][0] == "CMD", name


def test_no_secret_shows_in_an_environment_a_command_or_an_image(server: Server) -> None:
    files = [p for p in server.state.secrets.rglob("*") if p.is_file() and p.suffix not in {".crt", ".conf"}]
    secrets = {p.read_text().strip().splitlines()[0] for p in files if p.name != "recipient"}
    secrets = {line for line in secrets if not line.startswith("-----")}
    assert len(secrets) > 12
    shown = json.dumps([[c["Config"], c["Args"]] for c in server.inspected()])
    for image in every_image():
        history = ["docker", "history", "--no-trunc", "--format", "{{.CreatedBy}}", image.tag]
        shown += subprocess.run(history, check=True, capture_output=True, text=True).stdout
    assert [secret for secret in secrets if secret in shown] == []
    assert server.state.root.stat().st_mode & 0o777 == 0o700
    # the hub never holds what matches persons across organisations
    assert not (server.state.of("hub") / "match-key").exists()


def test_journey_crashes_and_restore(server: Server) -> None:
    """One story, in its order: what is restored at its end is what was imported at its beginning."""
    imported = {}
    for code, roster in zip(OWNERS, (LEAGUE, WOMENS), strict=True):
        batch = server.visitor(code, "clerk").import_roster(roster, timeout=300)
        imported[code] = batch["sums"]["written"]
    assert imported["league"] > 1000
    assert server.protocol() == "h2"
    hub = server.visitor("hub", "clerk")
    assert eventually(lambda: hub_equals_owners(server)), f"{figures(server)}\n{server.readiness()}"
    assert [p for p in hub.look_up("王艳秀")["rows"] if p["name"] == "王艳秀"]

    crash_everything(server)
    assert eventually(lambda: hub_equals_owners(server)), f"{figures(server)}\n{server.readiness()}"

    before = figures(server)
    restore_drill(server)
    assert figures(server) == before
    hub = server.visitor("hub", "clerk")
    assert [p for p in hub.look_up("王艳秀")["rows"] if p["name"] == "王艳秀"]


def crash_everything(server: Server) -> None:
    """Every process dies once while a change is on its way; all come back by themselves."""
    services = [f"{p.code}-{role}" for p in discover() for role in ("web", "worker")]
    for service in ("league-worker", "nats", "postgres", "hub-worker", "league-web", "proxy"):
        server.kill_process(service)
        assert eventually(lambda s=service: running(server, s)), service  # type: ignore[misc]
    assert eventually(lambda: server.healthy(*services, "nats", "postgres", "proxy")), server.reasons()


def running(server: Server, service: str) -> bool:
    return any(row["Service"] == service and row["State"] == "running" for row in server.rows())


def restore_drill(server: Server) -> None:
    """The database's volume is lost; the newest base backup is older than everything that was imported."""
    server.sql("hub", "select pg_switch_wal()")
    archived = "select coalesce(last_archived_wal, '') >= pg_walfile_name(pg_current_wal_lsn() - 1) from pg_stat_archiver"
    assert eventually(lambda: server.sql("hub", archived) == "t")
    assert "base backup" in server.compose("logs", "backup")
    assert server.quntuan("restore", "--key", str(server.state.recovery_key), check=False).returncode == 1
    server.compose("down", "--timeout", "30")
    subprocess.run(["docker", "volume", "rm", f"{server.project}_pg"], check=True, capture_output=True)
    began = time.monotonic()
    restored = server.quntuan("restore", "--key", str(server.state.recovery_key))
    assert "restored from" in restored.stdout
    server.up()
    print(f"restored and ready in {time.monotonic() - began:.0f} s")


def figures(server: Server) -> dict[str, tuple[int, int]]:
    """For each owner: members it has, members of it the hub knows."""
    found = {}
    for code in OWNERS:
        own = int(server.sql(code, "select count(*) from member"))
        at_hub = int(server.sql("hub", f"select count(*) from affiliation where org = '{code}'"))
        found[code] = (own, at_hub)
    return found


def hub_equals_owners(server: Server) -> bool:
    return all(own == known > 0 for own, known in figures(server).values())
