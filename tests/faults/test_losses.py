"""What can be lost is lost: each time it is noticed within a minute and nothing is missing in the end."""

import asyncio
import shutil

import pytest
from sqlalchemy import NullPool, text
from sqlalchemy.ext.asyncio import create_async_engine

from deploy.topology.names import EVT_ALL
from tests.faults.town import Town

pytestmark = [pytest.mark.timeout(600), pytest.mark.slow]
A_MINUTE = 60


async def delete_streams(town: Town, streams: dict[str, str]) -> None:
    """As an operator's mistake would, while everybody is connected; the deploy job makes them anew, empty."""
    for stream, code in streams.items():
        client = await town.bus.connect(code, "ops")
        await client.jetstream().delete_stream(stream)
        await client.close()
    await town.bus.provision()


async def copy_of_hub(town: Town, name: str) -> None:
    """A backup of the hub's database as it is now; the hub stands still."""
    server = town.databases.server
    engine = create_async_engine(server.url(), isolation_level="AUTOCOMMIT", poolclass=NullPool)
    async with engine.connect() as connection:
        await connection.exec_driver_sql(
            f"CREATE DATABASE {name} TEMPLATE {town.urls['hub'].name} OWNER quntuan_hub_owner STRATEGY file_copy"
        )
    await engine.dispose()


async def test_the_bus_put_back_to_an_older_copy(town: Town) -> None:
    await town.settle_in(4)
    await town.equal()
    town.bus.server.stop()
    older = town.bus.folder.with_name("older")
    shutil.copytree(town.bus.folder, older)
    town.bus.server.start()
    await town.stop("hub")  # so that only the bus has what comes now
    await town.settle_in(4)
    await asyncio.gather(*(published(town, code) for code in town.orgs))
    town.bus.server.kill()
    shutil.rmtree(town.bus.folder)
    older.rename(town.bus.folder)
    town.bus.server.start()
    await town.start("hub")
    await town.equal(A_MINUTE)
    assert await town.value("union", "select epoch from event_channel where channel = ''") >= 1
    assert (await town.recount())[0].state == "equal"


async def published(town: Town, code: str) -> None:
    for _ in range(300):
        left = await town.value(
            code, "select (select count(*) from outbox) + sum(newest - published) from event_channel"
        )
        if left == 0:
            return
        await asyncio.sleep(0.1)
    raise AssertionError(f"{code} never published")


async def test_streams_deleted_while_everybody_is_connected(town: Town) -> None:
    await town.settle_in(3)
    await town.equal()
    await town.stop("hub")
    await town.settle_in(3)
    await asyncio.gather(*(published(town, code) for code in town.orgs))
    await delete_streams(town, {EVT_ALL: "hub", "EVT_UNION": "union", "EVT_LEAGUE": "league"})
    await town.start("hub")
    await town.equal(A_MINUTE)
    await town.settle_in(2)  # and it goes on
    await town.equal(A_MINUTE)


async def test_the_hubs_stream_deleted_under_the_running_hub(town: Town) -> None:
    await town.settle_in(3)
    await town.equal()
    await delete_streams(town, {EVT_ALL: "hub"})
    await town.settle_in(3)
    await town.equal(A_MINUTE)


async def test_the_hub_put_back_to_an_older_backup(town: Town) -> None:
    await town.settle_in(3)
    await town.equal()
    await town.stop("hub")
    await copy_of_hub(town, "older_hub")
    await town.start("hub")
    await town.settle_in(3)
    await town.equal()
    await town.stop("hub")
    old, new = town.urls["hub"].name, "older_hub"
    urls = town.urls["hub"]
    town.urls["hub"] = type(urls)(urls.app.replace(old, new), urls.owner.replace(old, new), new)
    await town.start("hub")
    await town.equal(A_MINUTE)
    assert (await town.recount())[0].state == "equal"


async def test_the_hub_emptied(town: Town) -> None:
    await town.settle_in(4)
    await town.equal()
    await town.stop("hub")
    town.urls["hub"] = await town.databases.fresh("hub")
    await town.start("hub")
    await town.equal(A_MINUTE)
    assert (await town.recount())[0].state == "equal"


async def test_hub_and_bus_lost_together(town: Town) -> None:
    """Nothing is left but the owners."""
    await town.settle_in(4)
    await town.equal()
    await town.stop("hub")
    town.urls["hub"] = await town.databases.fresh("hub")
    town.bus.server.kill()
    for child in town.bus.folder.iterdir():
        if child.is_dir():
            shutil.rmtree(child)
    town.bus.server.start()
    await town.bus.provision()
    await town.start("hub")
    await town.equal(A_MINUTE)
    assert await town.value("hub", "select count(*) from organisation") == 3


async def test_rows_lost_at_the_hub_and_gone_from_the_owners_log_are_recounted(town: Town) -> None:
    """A gap its owner cannot fill any more begins a recount by itself, and the states come from the roll."""
    await town.settle_in(3)
    await town.equal()
    await town.stop("hub")
    await town.admit("union", 3)
    await published(town, "union")
    newest = await town.value("union", "select newest from event_channel where channel = ''")
    async with town.services["union"].kit.database.transaction() as session:
        lost = {"a": newest - 2, "b": newest - 1}
        await session.execute(text("delete from event_log where seq between :a and :b"), lost)
    await delete_streams(town, {EVT_ALL: "hub", "EVT_UNION": "union"})
    await town.start("hub")
    await town.admit("union", 1)
    await town.equal(2 * A_MINUTE)
    assert await town.value("hub", "select count(*) from recount_run where asked_by = '消息补取不到'") >= 1
