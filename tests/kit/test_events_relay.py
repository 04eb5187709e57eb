"""Outbox, numbers and the way to the bus: nothing lost, nothing skipped, whatever dies in between."""

import asyncio
import shutil

import pytest
from sqlalchemy import text

from shared.contracts.lookups import LookupRecorded
from shared.contracts.rpc import FetchAnswer, FetchRequest
from shared.kit.clock import now
from shared.kit.events import emit
from shared.kit.events.archive import Archive
from shared.kit.events.fetch import fetch_responder
from shared.kit.events.relay import Relay
from shared.kit.events.steps import sole
from tests.kit.events_bench import Bench, crashing_at, until
from tests.kit.events_things import thing_id

UNPUBLISHED = (
    "SELECT (SELECT count(*) FROM outbox) + coalesce((SELECT sum(newest - published) FROM event_channel), 0)"
)


async def relayed(b: Bench) -> None:
    async def done() -> bool:
        return not await b.union.value(UNPUBLISHED)

    await until(done)


async def numbers(b: Bench) -> list[int]:
    return [int(str(body["sequence"])) for _, body in await b.stream()]


async def test_sixteen_slow_writers_lose_nothing_and_numbers_are_contiguous(b: Bench) -> None:
    b.run(Relay(b.union.database, b.union.bus).run)

    async def writer(number: int) -> None:
        for turn in range(12):
            await b.union.change((number * 7 + turn) % 20, delay=((number + turn) % 5) * 0.004)

    await asyncio.gather(*(writer(n) for n in range(16)))
    await relayed(b)
    events = await b.stream()
    assert [body["sequence"] for _, body in events] == list(range(1, 16 * 12 + 1))
    assert await b.union.rows("SELECT count(*), max(seq) FROM event_log") == [(192, 192)]
    newest: dict[object, int] = {}
    for _, body in events:  # per aggregate in the order of its versions
        data = body["data"]
        assert isinstance(data, dict)
        assert data["version"] == newest.get(body["subject"], 0) + 1
        newest[body["subject"]] = data["version"]
    assert len(newest) == 20


@pytest.mark.parametrize("step", ["relay.numbered", "relay.published", "relay.recorded"])
async def test_killed_between_two_steps_every_event_is_on_the_bus_once(b: Bench, step: str) -> None:
    at, crashed = crashing_at(step, most=3)
    b.run(Relay(b.union.database, b.union.bus, at=at).run)
    changes = 0
    while changes < 30 or len(crashed) < 3:  # what comes within one round goes out together
        await b.union.change(changes % 5)
        changes += 1
    await relayed(b)
    assert crashed == [step] * 3
    assert await numbers(b) == list(range(1, changes + 1))


async def test_two_relays_at_once_publish_everything_once_in_order(b: Bench) -> None:
    at, crashed = crashing_at("relay.published", "relay.recorded", chance=0.3, most=6)
    b.run(Relay(b.union.database, b.union.bus, at=at).run)
    b.run(Relay(b.union.database, b.union.bus, at=at).run)
    for n in range(60):
        await b.union.change(n % 7)
    await relayed(b)
    assert crashed
    assert await numbers(b) == list(range(1, 61))


async def test_only_one_leads_and_the_lock_is_not_left_in_the_pool(b: Bench) -> None:
    engine = b.union.database.engine
    async with sole(engine, "relay") as first, sole(engine, "relay") as second:
        assert first is not None
        assert second is None
    async with sole(engine, "relay") as third:
        assert third is not None


async def test_bus_away_then_back_in_the_middle(b: Bench) -> None:
    relay = Relay(b.union.database, b.union.bus)
    b.run(relay.run)
    for n in range(10):
        await b.union.change(n)
    b.nats.server.kill()
    for n in range(10, 40):
        await b.union.change(n)  # the service works on
    assert await b.union.value(UNPUBLISHED) != 0
    b.nats.server.start()
    await relayed(b)
    assert sorted(set(await numbers(b))) == list(range(1, 41))
    assert await numbers(b) == sorted(await numbers(b))


async def test_a_bus_put_back_to_an_older_state_gets_everything_again(b: Bench) -> None:
    b.run(Relay(b.union.database, b.union.bus).run)
    for n in range(10):
        await b.union.change(n)
    await relayed(b)
    b.nats.server.stop()
    older = b.nats.folder.with_name("older")
    shutil.copytree(b.nats.folder, older)
    b.nats.server.start()
    for n in range(20):
        await b.union.change(n)
    await relayed(b)
    assert len(await numbers(b)) == 30
    b.nats.server.kill()
    shutil.rmtree(b.nats.folder)
    older.rename(b.nats.folder)
    b.nats.server.start()

    async def noticed() -> bool:
        return await b.union.value("SELECT epoch FROM event_channel") != 0

    await until(noticed)
    await relayed(b)
    assert await numbers(b) == list(range(1, 31))


async def test_a_database_put_back_to_an_older_state_never_gives_a_number_twice(b: Bench) -> None:
    stop, task = b.run(Relay(b.union.database, b.union.bus).run)
    for n in range(10):
        await b.union.change(n)
    await relayed(b)
    stop.set()
    await task
    async with b.union.database.transaction() as session:  # as a backup of after the sixth event
        await session.execute(text("DELETE FROM event_log WHERE seq > 6"))
        await session.execute(text("UPDATE event_channel SET newest = 6, published = 6"))
    b.run(Relay(b.union.database, b.union.bus).run)
    await asyncio.sleep(0.4)
    await b.union.change(50)
    await relayed(b)
    assert await numbers(b) == list(range(1, 12))


async def test_addressed_events_have_numbers_of_their_own(b: Bench) -> None:
    b.run(Relay(b.hub.database, b.hub.bus).run)
    for to in ("union", "league", "union"):
        async with b.hub.database.transaction() as session:
            told = LookupRecorded(
                lookup_id=thing_id(1),
                member_id=thing_id(2),
                at=now(),
                staff_name="测试",
                staff_office="测试",
                purpose="service",
                purpose_title="服务",
            )
            emit(session, told, key=told.member_id, to=to)

    async def done() -> bool:
        return not await b.hub.value(UNPUBLISHED)

    await until(done)
    events = await b.stream("EVT_HUB", "hub")
    assert sorted((s.split(".")[3], body["to"], body["sequence"]) for s, body in events) == [
        ("league", "league", 1),
        ("union", "union", 1),
        ("union", "union", 2),
    ]


async def test_the_archive_drops_old_rows_from_the_front_and_none_unpublished(b: Bench) -> None:
    stop, task = b.run(Relay(b.union.database, b.union.bus).run)
    for n in range(10):
        await b.union.change(n)
    await relayed(b)
    stop.set()
    await task
    async with b.union.database.transaction() as session:
        # 1-4 and 6-8 are old, 5 is not (its transaction was slow); 9 and 10 are old, not published
        await session.execute(text("UPDATE event_log SET at = now() - interval '1100 days' WHERE seq <> 5"))
        await session.execute(text("UPDATE event_channel SET published = 8"))
        await session.execute(
            text(
                "INSERT INTO event_receipt SELECT 'x', '', n, 't', '', now() - n * interval '400 days', 'applied',"
                " now() FROM generate_series(1, 3) n"
            )
        )
    archive = Archive(b.union.database)
    assert await archive.trim() == 4
    assert await archive.trim() == 0
    async with b.union.database.transaction() as session:
        await session.execute(text("UPDATE event_log SET at = now() - interval '1100 days'"))
    assert await archive.trim() == 4
    assert await b.union.rows("SELECT seq FROM event_log ORDER BY seq") == [(9,), (10,)]
    assert await b.union.rows("SELECT seq FROM event_receipt ORDER BY seq") == [(1,), (2,)], (
        "kept three years"
    )


async def test_contents_go_before_the_record_of_who_was_told(b: Bench) -> None:
    stop, task = b.run(Relay(b.union.database, b.union.bus).run)
    for n in range(4):
        await b.union.change(n)
    await relayed(b)
    stop.set()
    await task
    async with b.union.database.transaction() as session:  # 1 and 2 are old, 4 too but the bus has not got it
        await session.execute(text("UPDATE event_log SET at = now() - interval '401 days' WHERE seq <> 3"))
        await session.execute(text("UPDATE event_channel SET published = 3"))
    archive = Archive(b.union.database)
    assert await archive.empty()
    assert await archive.empty()  # looks at the last day only
    left = await b.union.rows("SELECT seq, data <> '{}', key <> '' FROM event_log ORDER BY seq")
    assert left == [(1, False, True), (2, False, True), (3, True, True), (4, True, True)]
    answer = await fetch_responder(b.union.database, "union").answer(FetchRequest(first=1, last=4))
    assert isinstance(answer, FetchAnswer)
    assert [body["sequence"] for body in answer.envelopes] == [3, 4]
    assert answer.newest == 4
