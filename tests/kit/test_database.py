"""The service's connections: as many as may be, kept, asked whether they live."""

import asyncio
from collections.abc import Callable

import pytest
from sqlalchemy import event, func, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from shared.kit import audit, db
from shared.kit.audit import AuditEntry, AuditHead
from shared.kit.db import Database
from shared.kit.errors import Unavailable
from tests.fixtures.databases import Urls
from tests.kit.staff_app import settings


async def test_work_at_once_opens_no_connection_anew(urls: Urls) -> None:
    """Making one costs more than a booking: those beyond the usual number must not be closed at once."""
    given = settings(urls.app)
    database, opened = Database(given), list[object]()
    event.listen(database.engine.sync_engine, "connect", lambda made, _: opened.append(made))
    gate = asyncio.Barrier(given.pool_size)

    async def work() -> None:
        async with database.transaction() as session:
            await session.execute(text("select 1"))
            await gate.wait()

    for _ in range(3):
        await asyncio.gather(*(work() for _ in range(given.pool_size)))
    await database.close()
    assert len(opened) == given.pool_size


async def test_requests_that_open_a_second_transaction_do_not_wait_for_each_other(urls: Urls) -> None:
    given = settings(urls.app).model_copy(update={"pool_size": 4})
    database, done = Database(given), list[int]()

    async def request(number: int) -> None:
        async with database.request_transaction() as outer:
            await outer.execute(text("select 1"))
            await asyncio.sleep(0.05)  # all that may are under way
            async with database.transaction() as inner:
                await inner.execute(text("select 1"))
        done.append(number)

    async with asyncio.timeout(20):  # the pool alone waits thirty seconds, then fails
        await asyncio.gather(*(request(number) for number in range(12)))
    await database.close()
    assert sorted(done) == list(range(12))


async def test_too_many_readers_are_told_to_come_again(urls: Urls, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(db, "PATIENCE", 0.05)
    database = Database(settings(urls.app).model_copy(update={"pool_size": 2}))  # one for reading
    async with database.reading() as first:
        await first.execute(text("select 1"))
        with pytest.raises(Unavailable):
            async with database.reading() as second:
                await second.execute(text("select 1"))
    async with database.reading() as later:
        assert await later.scalar(text("select 1")) == 1
    await database.close()


async def test_reading_is_no_transaction(database: Database) -> None:
    began = select(func.transaction_timestamp())
    async with database.reading() as session:
        assert await session.scalar(began) != await session.scalar(began)
    async with database.transaction() as session:
        assert await session.scalar(began) == await session.scalar(began)


def added(session: AsyncSession) -> None:
    session.add(AuditHead(id=1, seq=7, hash=b""))


def recorded(session: AsyncSession) -> None:
    audit.record(session, actor=audit.System("某程序"), action="thing.changed")


@pytest.mark.parametrize("write", [added, recorded])
async def test_who_only_reads_cannot_write(database: Database, write: Callable[[AsyncSession], None]) -> None:
    """Not at once, and not by what a session writes of itself before it ends."""
    with pytest.raises(DBAPIError, match="read-only transaction"):
        async with database.reading() as session:
            write(session)
    async with database.reading() as session:
        assert await session.scalar(select(AuditHead.seq)) in (None, 0)
        assert await session.scalar(select(func.count()).select_from(AuditEntry)) == 0
