"""The service's connections: as many as may be, kept, asked whether they live."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from shared.kit.db import Database
from shared.kit.fast import Ready
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


async def _driver(session: AsyncSession) -> Any:
    return (await (await session.connection()).get_raw_connection()).driver_connection


async def test_a_glance_begins_no_transaction_and_sees_what_one_has_written(urls: Urls) -> None:
    settled, database = Ready("select name, value from settled_fact where name = :name"), _database(urls)
    async with database.transaction() as session:
        assert await settled.glance(session, name="glanced") is None
        assert not (await _driver(session)).is_in_transaction()
        await session.execute(text("insert into settled_fact values ('glanced', 'at')"))
        assert (await settled.glance(session, name="glanced")).value == "at"
        await session.rollback()
    await database.close()


async def test_a_glance_over_a_lost_connection_is_told_as_any_statement(urls: Urls) -> None:
    """So that it becomes 503, and the pool takes another connection next time."""
    me, database = Ready("select pg_backend_pid() as pid"), _database(urls)
    async with database.transaction() as session:
        pid = (await me.glance(session)).pid
        async with database.transaction() as other:
            await other.execute(text("select pg_terminate_backend(:pid)"), {"pid": pid})
        with pytest.raises(DBAPIError) as caught:
            await me.glance(session)
        assert caught.value.connection_invalidated
        await session.rollback()
    async with database.transaction() as session:
        assert (await me.glance(session)).pid != pid
    await database.close()


def _database(urls: Urls) -> Database:
    return Database(settings(urls.app))
