"""Images built from Debian and Python packages, one server brought up from nothing."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.containers.server import Server


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Nothing is pulled: what is needed is built here."""
    folder: Path = tmp_path_factory.mktemp("server")
    server = Server(folder / "state")
    server.quntuan("images")
    server.quntuan("setup", "--synthetic", "--port", str(server.port))
    try:
        server.up()
        server.compose("run", "--rm", "--no-deps", "demo")
        yield server
    finally:
        server.down()
