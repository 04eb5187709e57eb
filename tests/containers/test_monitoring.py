"""The profile monitoring beside a whole server: it asks every process, its rules load, its page tells of each service."""

from collections.abc import Iterator

import httpx
import pytest

from deploy.local.packages import ROOT, discover
from shared.kit.testing.process import free_port
from tests.containers.server import Server, eventually

pytestmark = [pytest.mark.docker, pytest.mark.timeout(1200)]
FOLDER = ROOT / "deploy/images/prometheus"


@pytest.fixture
def prometheus(server: Server) -> Iterator[httpx.Client]:
    """Taken away again: its port is no part of a server without the profile."""
    port = free_port()
    server.environment["QUNTUAN_MONITORING_PORT"] = str(port)
    server.compose("up", "--detach", "--wait", "--no-deps", "prometheus")
    with httpx.Client(base_url=f"http://127.0.0.1:{port}") as client:
        yield client
    server.compose("rm", "--stop", "--force", "--volumes", "prometheus")


def test_every_process_is_asked_and_every_alarm_can_ring(prometheus: httpx.Client) -> None:
    processes = {f"{package.code}-{role}:8000" for package in discover() for role in ("web", "worker")}
    assert eventually(lambda: up(prometheus) == processes), prometheus.get("/api/v1/targets").text

    assert eventually(lambda: {health for _, health in alarms(prometheus)} == {"ok"}), alarms(prometheus)
    assert len(alarms(prometheus)) == (FOLDER / "alarms.yml").read_text().count("alert: ")
    page = prometheus.get("/consoles/index.html")
    assert page.status_code == 200
    assert [package.code for package in discover() if f"<th>{package.code}</th>" not in page.text] == []


def up(prometheus: httpx.Client) -> set[str]:
    targets = prometheus.get("/api/v1/targets").json()["data"]["activeTargets"]
    return {target["labels"]["instance"] for target in targets if target["health"] == "up"}


def alarms(prometheus: httpx.Client) -> list[tuple[str, str]]:
    groups = prometheus.get("/api/v1/rules").json()["data"]["groups"]
    return [(rule["name"], rule["health"]) for group in groups for rule in group["rules"]]
