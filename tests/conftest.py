"""Fixtures of the whole suite: real servers, fresh databases, a fresh bus, running services.

postgres      session    one PostgreSQL (per xdist worker), fsync off; where: tests/fixtures/backend.py
databases     session    `await databases.fresh("union")` -> urls of a new, migrated database
bus           function   a new NATS with the three organisations' accounts, streams and consumers
make_settings function   `await make_settings("union")` -> Settings: fresh database + this bus
"""

import os
import tempfile
import tracemalloc  # noqa: F401 - pytest does it in a hook of the collector's: two at once met half a module
from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Iterator
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from deploy.local.bus import Bus
from deploy.local.suite import Suite
from shared.kit.settings import Settings
from shared.kit.staff import passwords
from shared.kit.testing.postgres import PostgresServer
from tests.fixtures import containers
from tests.fixtures.backend import chosen
from tests.fixtures.bus import started_bus
from tests.fixtures.databases import FreshDatabases
from tests.fixtures.settings import settings_for
from tests.fixtures.spread import arrange, mark, workers
from tests.fixtures.suite import start_suite

ORGANISATIONS = ["union", "league", "womens"]
CHROMIUM = Path("/usr/bin/chromium")


def pytest_xdist_auto_num_workers() -> int:
    """`-n auto`."""
    return workers()


def pytest_report_header() -> str:
    """Where PostgreSQL and NATS run, and why."""
    backend = chosen()
    return f"servers: {backend.name} ({backend.reason})"


def pytest_unconfigure() -> None:
    """Containers are kept as long as a test may start them again."""
    if chosen().name == "docker":
        containers.remove(ours=True)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> Generator[None, None, None]:
    """Groups first, for xdist reads them; the order last, for others shuffle."""
    mark(items)
    yield
    arrange(items)
    _without_browser(config, items)


def _without_browser(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Without Debian's chromium the browser's tests are left out, and the end says so; CI may not leave them out."""
    if CHROMIUM.exists() or os.environ.get("QUNTUAN_FORBID_SKIPS") == "1":
        return
    left_out = [item for item in items if item.get_closest_marker("browser")]
    items[:] = [item for item in items if item not in left_out]
    config.hook.pytest_deselected(items=left_out)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What was not run and how to have it run."""
    if not CHROMIUM.exists() and os.environ.get("QUNTUAN_FORBID_SKIPS") != "1":
        terminalreporter.section("NOT RUN: tests in the browser / 未运行浏览器测试", red=True)
        terminalreporter.line("apt-get install chromium fonts-noto-cjk, then make test again")


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """CI accepts no skipped test: QUNTUAN_FORBID_SKIPS=1."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None or os.environ.get("QUNTUAN_FORBID_SKIPS") != "1":
        return
    unwanted = [kind for kind in ("skipped", "xfailed", "xpassed") if reporter.stats.get(kind)]
    if unwanted and exitstatus == 0:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
        reporter.section(f"forbidden: {', '.join(unwanted)}", red=True)


@pytest.fixture(scope="session", autouse=True)
def full_price() -> Iterator[PasswordHasher]:
    """What hashing a password costs in production; in these processes it costs next to nothing."""
    price = passwords.HASHER
    passwords.HASHER = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    yield price
    passwords.HASHER = price


@pytest.fixture(scope="session")
def server_folder() -> Iterator[Path]:
    """A folder the database's system user can reach (pytest's own is private)."""
    with tempfile.TemporaryDirectory(prefix="quntuan-test-") as name:
        folder = Path(name)
        folder.chmod(0o711)
        yield folder


@pytest.fixture(scope="session")
def postgres(server_folder: Path) -> Iterator[PostgresServer]:
    server = chosen().postgres(server_folder)
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
async def databases(postgres: PostgresServer) -> FreshDatabases:
    return FreshDatabases(postgres)


@pytest.fixture
async def bus(tmp_path: Path) -> AsyncIterator[Bus]:
    bus = started_bus(tmp_path, ORGANISATIONS)
    try:
        await bus.provision()
        yield bus
    finally:
        bus.stop()


@pytest.fixture
def make_settings(databases: FreshDatabases, bus: Bus) -> Callable[[str], Awaitable[Settings]]:
    async def make(code: str) -> Settings:
        return settings_for(code, await databases.fresh(code), bus)

    return make


@pytest.fixture(scope="session")
def suite(server_folder: Path) -> Iterator[Suite]:
    suite = start_suite(server_folder / "suite")
    yield suite
    suite.stop()


@pytest.fixture(scope="module")
def new_suite(server_folder: Path) -> Iterator[Callable[..., Suite]]:
    started: list[Suite] = []

    def new(*, people: int = 0) -> Suite:
        folder = Path(tempfile.mkdtemp(prefix="suite-", dir=server_folder))
        started.append(start_suite(folder / "home", people))
        return started[-1]

    yield new
    for suite in started:
        suite.stop()
