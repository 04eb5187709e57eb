"""Which servers the tests run on: the choice, its reason, and no silent second choice."""

import asyncio
from pathlib import Path

import pytest

from shared.kit.testing.postgres import PostgresServer
from shared.kit.testing.process import ServerError, free_port
from tests.deploy.sql import run
from tests.fixtures.backend import chosen
from tests.fixtures.databases import FreshDatabases
from tests.fixtures.external import ExternalPostgres

NOBODY = "unix:///nowhere/docker.sock"


@pytest.mark.parametrize(("wish", "reason"), [("embedded", "asked for"), ("", "no Docker daemon answers")])
def test_embedded_where_it_is_wished_or_no_daemon_answers(
    monkeypatch: pytest.MonkeyPatch, wish: str, reason: str
) -> None:
    monkeypatch.setenv("QUNTUAN_TEST_BACKEND", wish)
    monkeypatch.setenv("DOCKER_HOST", NOBODY)
    backend = chosen.__wrapped__()
    assert (backend.name, backend.reason) == ("embedded", reason)


@pytest.mark.parametrize(
    ("wish", "refused"),
    [
        ("docker", "no Docker daemon answers"),
        ("external", "URL is missing"),
        ("podman", "one of auto, docker"),
    ],
)
def test_a_wish_by_name_is_granted_or_refused(
    monkeypatch: pytest.MonkeyPatch, wish: str, refused: str
) -> None:
    monkeypatch.setenv("QUNTUAN_TEST_BACKEND", wish)
    monkeypatch.setenv("DOCKER_HOST", NOBODY)
    monkeypatch.delenv("QUNTUAN_TEST_POSTGRES_URL", raising=False)
    with pytest.raises(pytest.UsageError, match=refused):
        chosen.__wrapped__()


async def test_somebody_elses_server_is_left_as_it_was(server_folder: Path) -> None:
    folder = server_folder / f"external-{free_port()}"
    theirs = PostgresServer(folder / "data", free_port(), "superuser", folder / "log", {"fsync": "off"})
    theirs.start()
    try:
        external = ExternalPostgres.at(theirs.url())
        await asyncio.to_thread(external.start)
        urls = await FreshDatabases(external).fresh("kit")
        assert await run(urls.app, "select 1") == 1
        with pytest.raises(ServerError, match="is not empty"):
            await asyncio.to_thread(external.start)
        await asyncio.to_thread(external.stop)
        await asyncio.to_thread(external.start)
    finally:
        theirs.stop()
