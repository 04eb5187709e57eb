"""Images built from Debian and Python packages, one server brought up from nothing."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local.packages import ROOT
from tests.containers.server import Server


@pytest.fixture(scope="session")
def images() -> list[str]:
    """All tags. Nothing is pulled: what is needed is built here."""
    built = [sys.executable, "-m", "deploy.cli", "images"]
    return subprocess.run(built, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout.split()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory, images: list[str]) -> Iterator[Server]:
    """With demo staff and nobody else."""
    folder: Path = tmp_path_factory.mktemp("server")
    server = Server(folder / "state")
    server.quntuan("setup", "--synthetic", "--port", str(server.port))
    try:
        server.up()
        server.compose("run", "--rm", "--no-deps", "demo")
        yield server
    finally:
        server.down()


@pytest.fixture(scope="session")
def bundle(tmp_path_factory: pytest.TempPathFactory, images: list[str]) -> Iterator[Path]:
    """What goes to a server without a network."""
    assert images
    folder: Path = tmp_path_factory.mktemp("made") / "bundle"
    subprocess.run(
        [sys.executable, "-m", "deploy.cli", "bundle", "--to", str(folder)],
        cwd=ROOT,
        check=True,
        stdout=subprocess.DEVNULL,
    )
    yield folder
    shutil.rmtree(folder)
