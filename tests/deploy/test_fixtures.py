"""The fixtures themselves: fresh databases with the right rights, a bus per test."""

import re
import subprocess
import sys

import pytest
from sqlalchemy.exc import DBAPIError

from deploy.local.packages import ROOT
from shared.kit.testing.databases import DatabaseRoles, ensure_database
from shared.kit.testing.postgres import PostgresServer
from tests.deploy.sql import run


async def test_app_role_writes_rows_but_no_tables_and_no_other_database(postgres: PostgresServer) -> None:
    one = DatabaseRoles("rightsone", "owner", "app")
    two = DatabaseRoles("rightstwo", "owner", "app")
    for roles in (one, two, one):  # the third time: nothing changes, nothing fails
        await ensure_database(postgres.url(), roles)
    owner = postgres.url(one.database, one.owner, one.owner_password)
    app = postgres.url(one.database, one.app, one.app_password)
    await run(owner, "CREATE TABLE thing (id bigint GENERATED ALWAYS AS IDENTITY, name text)")
    assert await run(app, "INSERT INTO thing (name) VALUES ('王小明')", "SELECT name FROM thing") == "王小明"
    with pytest.raises(DBAPIError, match="permission denied for schema public"):
        await run(app, "CREATE TABLE other (id int)")
    with pytest.raises(DBAPIError, match="must be owner"):
        await run(app, "DROP TABLE thing")
    for elsewhere in (two.database, "postgres", "template1"):
        with pytest.raises(DBAPIError, match="permission denied for database"):
            await run(postgres.url(elsewhere, one.app, one.app_password), "SELECT 1")


async def test_the_locale_keeps_prefix_indexes_and_chinese_trigrams(postgres: PostgresServer) -> None:
    query = "SELECT concat_ws(' ', datlocprovider, datlocale, datctype) FROM pg_database LIMIT 1"
    assert await run(postgres.url(), query) == "b C.UTF-8 C.UTF-8"
    trigrams = "SELECT cardinality(show_trgm('王小明'))"
    assert await run(postgres.url(), "CREATE EXTENSION IF NOT EXISTS pg_trgm", trigrams) == 4


def test_a_file_goes_to_one_worker() -> None:
    """xdist heard of the groups: it shows them behind each test."""
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-v",
        "-n",
        "2",
        "--dist",
        "loadgroup",
        "--no-loadscope-reorder",
    ]
    run = subprocess.run(
        [*command, "tests/contracts"], cwd=ROOT, capture_output=True, text=True, check=True, timeout=120
    )
    worker_of: dict[str, set[str]] = {}
    for worker, group in re.findall(r"^\[(gw\d)\].*PASSED .*@(\S+)", run.stdout, re.MULTILINE):
        worker_of.setdefault(group, set()).add(worker)
    assert sorted(worker_of) == sorted(
        f"tests/contracts/{p.name}" for p in (ROOT / "tests/contracts").glob("test_*.py")
    )
    assert all(len(workers) == 1 for workers in worker_of.values())
