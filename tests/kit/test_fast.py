"""Statements of the busiest path: what a glance leaves out, and what it must not."""

from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from shared.kit.db import Database
from shared.kit.fast import Ready
from tests.fixtures.databases import Urls
from tests.kit.staff_app import settings


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
