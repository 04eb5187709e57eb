"""The service's connections: as many as may be, kept, asked whether they live."""

import asyncio

from sqlalchemy import event, text

from shared.kit.db import Database
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
