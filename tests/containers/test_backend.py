"""The fixtures of all other tests on containers of our images: QUNTUAN_TEST_BACKEND=docker."""

import os
import subprocess
import sys

import docker
import pytest

from deploy.local.packages import ROOT
from tests.fixtures.containers import LABEL

pytestmark = [pytest.mark.docker, pytest.mark.timeout(900)]
SELECTION = ("tests/deploy/test_fixtures.py", "tests/deploy/test_bus.py", "tests/kit/test_events_relay.py")


@pytest.mark.parametrize(
    ("wish", "selection", "said"),
    [
        ("docker", SELECTION, "servers: docker (asked for)"),
        ("auto", SELECTION[:1], "servers: docker (a daemon answers and has our images)"),
    ],
)
def test_databases_and_bus_in_containers(
    images: list[str], wish: str, selection: tuple[str, ...], said: str
) -> None:
    """Databases, rights, streams; a bus that is killed, stopped and started. Nothing is left."""
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *selection]
    environment = {**os.environ, "QUNTUAN_TEST_BACKEND": wish}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-4000:]
    assert said in done.stdout
    client = docker.from_env()
    assert client.containers.list(all=True, filters={"label": LABEL}) == []
    client.close()
