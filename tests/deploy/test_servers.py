"""The launchers: a killed postmaster, a killed parent, an ordinary user, programs that are missing."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import NullPool, text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.ext.asyncio import create_async_engine

from deploy.local import postgres
from deploy.local.home import Home
from deploy.local.leftovers import command_of
from deploy.local.packages import ROOT
from shared.kit.testing.postgres import PostgresServer
from shared.kit.testing.process import ServerError, free_port
from tests.deploy.sql import run

PROGRAM = [sys.executable, "-m", "tests.deploy.programs"]


@pytest.fixture
def server(server_folder: Path) -> Iterator[PostgresServer]:
    folder = server_folder / f"own-{free_port()}"
    server = PostgresServer(folder / "data", free_port(), "secret'word", folder / "log", {"fsync": "off"})
    server.start()
    yield server
    server.stop()


async def test_starts_again_at_once_after_a_killed_postmaster(server: PostgresServer) -> None:
    await run(server.url(), "CREATE TABLE kept (n int)", "INSERT INTO kept VALUES (7)")
    server.kill()
    server.start()
    assert await run(server.url(), "SELECT n FROM kept") == 7


async def test_demands_the_password(server: PostgresServer) -> None:
    with pytest.raises(DBAPIError, match="password authentication failed"):
        await run(server.url(password="guessed"), "SELECT 1")


@pytest.fixture
def suites_server(server_folder: Path) -> Iterator[PostgresServer]:
    """With the settings of `make up`."""
    home = Home(server_folder / f"terse-{free_port()}")
    home.prepare()
    server = postgres.server(home, free_port(), {**postgres.LAPTOP, "fsync": "off"})
    server.start()
    yield server
    server.stop()


async def test_a_broken_constraint_leaves_no_value_in_the_log(suites_server: PostgresServer) -> None:
    number = "519901199001017774"
    table = "CREATE TABLE roll (id text UNIQUE, born date NOT NULL)"
    await run(suites_server.url(), table)
    engine = create_async_engine(suites_server.url(), poolclass=NullPool)
    insert = text("INSERT INTO roll SELECT cast(:id AS text), :born FROM generate_series(1, 2)")
    for born in (None, date(1990, 1, 1)):
        with pytest.raises(IntegrityError):
            async with engine.begin() as connection:
                await connection.execute(insert, {"id": number, "born": born})
    log = suites_server.log.read_text()
    assert "roll_id_key" in log
    assert 'null value in column "born"' in log
    assert number not in log


def test_the_server_in_a_container_is_as_terse() -> None:
    script = (ROOT / "deploy/images/postgres/quntuan-postgres").read_text()
    assert f"log_error_verbosity={postgres.LAPTOP['log_error_verbosity']} " in script


def test_a_half_made_cluster_is_not_left_behind(server_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = server_folder / f"half-{free_port()}"
    broken = folder / "bin"
    broken.mkdir(parents=True)
    for name in ("postgres", "initdb"):
        (broken / name).write_text("#!/bin/sh\necho no disc left >&2\nexit 1\n")
        (broken / name).chmod(0o755)
    monkeypatch.setenv("QUNTUAN_PG_BIN", str(broken))
    server = PostgresServer(folder / "data", free_port(), "x", folder / "log")
    with pytest.raises(ServerError, match="no disc left"):
        server.start()
    assert [path.name for path in folder.iterdir()] == ["bin"]


def test_a_wrong_program_folder_is_named(server_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUNTUAN_PG_BIN", "/nowhere")
    server = PostgresServer(server_folder / "none", free_port(), "x", server_folder / "none.log")
    with pytest.raises(ServerError, match="QUNTUAN_PG_BIN=/nowhere"):
        server.start()


def test_a_port_that_is_taken_shows_the_servers_own_word(server: PostgresServer) -> None:
    second = PostgresServer(server.data.with_name("second"), server.port, "x", server.log.with_name("log2"))
    with pytest.raises(ServerError, match="Address already in use"):
        second.start()


def test_a_killed_parent_leaves_no_server(server_folder: Path) -> None:
    folder = server_folder / f"orphan-{free_port()}"
    folder.mkdir()
    parent = subprocess.Popen([*PROGRAM, "run", str(folder)], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    with parent.stdout:
        pids = [int(pid) for pid in parent.stdout.readline().split()]
    assert len(pids) == 2
    assert all(command_of(pid) for pid in pids)
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    deadline = time.monotonic() + 15
    while any(command_of(pid) for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert [command_of(pid) for pid in pids] == ["", ""]
    assert "database system is shut down" in (folder / "log").read_text()  # fast shutdown, not a crash


def test_runs_as_an_ordinary_user() -> None:
    done = subprocess.run([*PROGRAM, "ordinary"], capture_output=True, text=True, check=False, timeout=50)
    user = 65534 if os.geteuid() == 0 else os.geteuid()
    assert (done.returncode, done.stdout.strip()) == (0, f"owner {user} of {user}"), done.stderr


def test_a_folder_with_other_things_is_neither_used_nor_emptied(tmp_path: Path) -> None:
    from deploy.local.home import ForeignFolderError, Home

    (tmp_path / "thesis.txt").write_text("years of work")
    for action in (Home(tmp_path).prepare, Home(tmp_path).forget):
        with pytest.raises(ForeignFolderError, match="QUNTUAN_HOME"):
            action()
    assert (tmp_path / "thesis.txt").read_text() == "years of work"
    ours = Home(tmp_path / "ours")
    ours.prepare()
    ours.forget()
    assert not ours.root.exists()
