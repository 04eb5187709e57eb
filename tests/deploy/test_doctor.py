"""What the doctor says of a suite that is well, and of each thing that is not."""

import asyncio
import datetime as dt
import os
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from pkgutil import resolve_name

import pytest
from rich.console import Console
from sqlalchemy import NullPool, text
from sqlalchemy.ext.asyncio import create_async_engine

from deploy.containers import certificates
from deploy.doctor import databases as told_by
from deploy.doctor import machine
from deploy.doctor.backups import bases
from deploy.doctor.entrance import entrance
from deploy.doctor.findings import Finding, tell
from deploy.doctor.services import MANY_UNSENT, Process, services
from deploy.local.bus import Bus
from deploy.local.suite import Suite
from shared.kit import clock
from shared.kit.service import Service
from shared.kit.settings import Settings
from shared.kit.testing.postgres import PostgresServer
from shared.kit.testing.process import free_port
from tests.fixtures.databases import FreshDatabases, Urls, as_owner
from tests.fixtures.serving import serving
from tests.fixtures.settings import settings_for

BEGINS = "the command that begins a recount here"
_RECOUNT = text("insert into recount_run (asked_by, state, finished_at) values ('试', :state, :at)")


def test_a_running_suite_is_well(suite: Suite) -> None:
    found = list(services(Process(package.code, suite.url(package.code)) for package in suite.packages))
    assert [(each.level, each.what) for each in found] == [("ok", p.code) for p in suite.packages]
    assert tell(Console(quiet=True), found)


def test_a_service_that_is_away_is_named() -> None:
    (found,) = services([Process("union", f"http://127.0.0.1:{free_port()}")])
    assert (found.level, found.what) == ("bad", "union")
    assert "没有应答" in found.said
    assert not tell(Console(quiet=True), [found])


@asynccontextmanager
async def running(settings: Settings, role: str) -> AsyncIterator[Process]:
    """One process of the union, as compose has two of them."""
    build: Callable[[Settings], Service] = resolve_name("services.union.service:build")
    service = build(settings.model_copy(update={"role": role}))
    async with service.running(), serving(service.app) as address:
        yield Process("union", address, role)


async def told(processes: Iterable[Process]) -> list[tuple[str, str]]:
    """Level and name of each line; of what is not well its beginning too."""
    found = await asyncio.to_thread(lambda: list(services(processes)))
    return [(f.level, f.what if f.level == "ok" else f"{f.what} {f.said} {f.todo}") for f in found]


async def eventually(processes: Iterable[Process], level: str, *words: str) -> None:
    """Until one line of this level says all of it."""
    asked = list(processes)
    for _ in range(200):
        lines = await told(asked)
        if any(each == level and all(word in line for word in words) for each, line in lines):
            return
        await asyncio.sleep(0.05)
    raise AssertionError(lines)


async def test_a_worker_is_asked_and_a_bus_that_is_away_is_told(databases: FreshDatabases, bus: Bus) -> None:
    urls = await databases.fresh("union")
    settings = settings_for("union", urls, bus)
    async with running(settings, "web") as web:
        async with running(settings, "worker") as worker:
            await eventually([web, worker], "ok", "union-worker")
            assert [level for level, _ in await told([web, worker])] == ["ok", "ok"]
            bus.stop()
            for process in (web, worker):
                await eventually([web, worker], "bad", f"{process.name}:消息总线", "not connected", "BusLost")
        await eventually([web, worker], "bad", "union-worker 没有应答")


OLD = "insert into outbox (channel, type, key, data, at) values ('', 'x.y.v1', 'k', '{}', now() - interval '20 min')"
MANY = f"insert into event_channel (channel, newest) values ('', {MANY_UNSENT + 1})"
ASIDE = "insert into quarantine (fingerprint, bus_subject, reason, raw) values (uuidv7(), 's', '读不懂', '')"
GAP = "insert into projection_gap (source, first, last) values ('league', 7, 8)"


@pytest.mark.parametrize(
    ("row", "level", "said"),
    [(OLD, "bad", "1 条消息未发出"), (MANY, "warn", "条消息待发送"), (ASIDE, "warn", "1 条消息被隔离"),
     (GAP, "warn", "缺 1 段编号")],
)  # fmt: skip
async def test_what_stands_in_the_database_is_told_without_its_worker(
    databases: FreshDatabases, bus: Bus, row: str, level: str, said: str
) -> None:
    urls: Urls = await databases.fresh("union")
    async with running(settings_for("union", urls, bus), "web") as web:
        await eventually([web], "ok", "union-web")
        await as_owner(urls, row)
        await eventually([web], level, "union ", said)
    await databases.drop(urls)


async def test_a_stream_that_is_nearly_full_is_told(bus: Bus) -> None:
    client = await bus.connect("union", "ops")
    await client.jetstream().add_stream(name="SMALL", subjects=["small"], max_bytes=10_000)
    for size, level in ((8_500, "warn"), (1_200, "bad")):
        await client.jetstream().publish("small", b"x" * size)
        (_, found) = machine.bus(bus.monitor_url, "mend it so")
        assert (found.level, found.what) == (level, "NATS SMALL")
    await client.close()


def test_the_bus_and_its_promise(bus: Bus) -> None:
    (found,) = machine.bus(bus.monitor_url, "mend it so")
    assert found.level == "ok", found
    (away,) = machine.bus(f"http://127.0.0.1:{free_port()}", "mend it so")
    assert away.level == "bad"
    bus.server.stop()
    bus.server.config.write_text(
        bus.server.config.read_text().replace('"sync_interval": "always"', '"sync_interval": "2m"')
    )
    bus.server.start()
    (loose,) = machine.bus(bus.monitor_url, "mend it so")
    assert (loose.level, loose.todo) == ("bad", "mend it so")
    bus.stop()
    bus.start()


@pytest.mark.parametrize(
    ("state", "ago", "level"),
    [
        ("equal", 1, "ok"),
        ("mended", 1, "ok"),
        ("left", 1, "bad"),
        ("failed", 1, "bad"),
        ("equal", 40, "warn"),
    ],
)
async def test_the_last_recount(databases: FreshDatabases, state: str, ago: int, level: str) -> None:
    urls = await databases.fresh("hub")
    _, never = [each async for each in told_by.databases(urls.app, BEGINS)]
    assert (never.level, BEGINS in never.todo) == ("warn", True)
    told = {"state": state, "at": clock.now() - dt.timedelta(hours=ago)}
    engine = create_async_engine(urls.owner, poolclass=NullPool)
    async with engine.begin() as connection:
        await connection.execute(_RECOUNT, told)
    found = [each async for each in told_by.databases(urls.app, BEGINS)]
    assert [each.level for each in found] == ["ok", level]
    assert (BEGINS in found[1].todo) == (level == "warn")
    assert [each.what async for each in told_by.databases(urls.app)] == ["PostgreSQL"]
    await databases.drop(urls)


async def test_a_database_that_is_away() -> None:
    url = f"postgresql+asyncpg://a:b@127.0.0.1:{free_port()}/c"
    assert [each.level async for each in told_by.databases(url, BEGINS)] == ["bad"]


async def test_a_log_that_is_never_archived_and_one_that_fails(
    server_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, port = server_folder / f"archive-{free_port()}", free_port()

    @asynccontextmanager
    async def archiving(command: str) -> AsyncIterator[Callable[[], Awaitable[tuple[str, str]]]]:
        options = {"archive_mode": "on", "archive_command": command, "fsync": "off"}
        server = PostgresServer(folder / "data", port, "word", folder / "log", options)

        async def said() -> tuple[str, str]:
            (_, found) = [each async for each in told_by.databases(server.url())]
            return found.level, found.said

        server.start()
        yield said
        server.stop()

    async with archiving("") as said:
        assert (await said())[0] == "ok"
        later = clock.now() + dt.timedelta(hours=25)
        with monkeypatch.context() as patched:
            patched.setattr(clock, "now", lambda: later)
            level, words = await said()
        assert (level, "none yet" in words) == ("bad", True)
    async with archiving("false") as said:  # what the start before left is tried at once
        while "fails" not in words:
            level, words = await said()
        assert level == "bad"


@pytest.mark.parametrize(
    ("base", "wal", "level"),
    [(1, 400, "ok"), (49, 1, "bad"), (None, 25, "bad"), (None, 1, "warn"), (None, None, "warn")],
)
def test_the_newest_base_backup(tmp_path: Path, base: int | None, wal: int | None, level: str) -> None:
    """Hours since it was made, and since the oldest of the log."""
    for folder, name, ago in (("base", "x.tar.age", base), ("wal", "0001.age", wal)):
        (tmp_path / folder).mkdir()
        if ago is not None:
            (tmp_path / folder / name).touch()
            at = clock.now().timestamp() - ago * 3600
            os.utime(tmp_path / folder / name, (at, at))
    found = bases(tmp_path)
    assert found.level == level
    assert bool(found.todo) == (level != "ok")


async def test_the_proxy_is_asked_for_its_certificate(tmp_path: Path) -> None:
    for name in ("here", "other"):
        certificates.ensure(tmp_path / "authority", tmp_path / name, ["localhost"])
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(tmp_path / "here/server.crt", tmp_path / "here/server.key")
    server = await asyncio.start_server(lambda _reader, writer: writer.close(), "127.0.0.1", ssl=context)
    port: int = server.sockets[0].getsockname()[1]
    for name, level in (("here", "ok"), ("other", "bad")):
        found = await asyncio.to_thread(entrance, "127.0.0.1", port, tmp_path / name / "server.crt")
        assert (found.level, bool(found.todo)) == (level, level == "bad")
    server.close()
    away = await asyncio.to_thread(entrance, "127.0.0.1", free_port(), tmp_path / "here/server.crt")
    assert away.level == "bad"


@pytest.mark.parametrize(("days", "level"), [(300, "ok"), (380, "warn"), (392, "bad"), (400, "bad")])
def test_certificates_are_told_before_they_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, days: int, level: str
) -> None:
    certificates.ensure(tmp_path / "authority", tmp_path / "tls", ["localhost"])
    later = clock.now() + dt.timedelta(days=days)
    monkeypatch.setattr(clock, "now", lambda: later)
    (found,) = machine.certificates([tmp_path / "tls" / "server.crt"])
    assert found.level == level
    assert bool(found.todo) == (level != "ok")


@pytest.mark.parametrize(("free", "level"), [(50, "ok"), (10, "warn"), (2, "bad")])
def test_room_on_a_disc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int, level: str) -> None:
    usage = type("Usage", (), {"total": 100 << 30, "free": free << 30})
    monkeypatch.setattr("shutil.disk_usage", lambda _: usage)
    found: list[Finding] = list(machine.discs({"data": tmp_path, "same": tmp_path}))
    assert [each.level for each in found] == [level]
