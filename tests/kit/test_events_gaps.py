"""Events the bus lost: fetched from their owner, mended later, found at the tail, told as gone."""

import asyncio
from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.contracts.event import Received
from shared.contracts.lookups import LookupRecorded
from shared.contracts.rpc import FetchRequest
from shared.kit.clock import now
from shared.kit.events import emit
from shared.kit.events.envelope import encode
from shared.kit.events.fetch import fetch_responder
from shared.kit.events.mend import Mender
from shared.kit.events.projector import Projector
from shared.kit.events.responders import Responders
from shared.kit.events.sequencer import number
from shared.kit.module import Projection
from tests.kit.events_bench import Bench, until
from tests.kit.events_reader import (
    a_gap_is_filled,
    answering,
    applied,
    position,
    projector,
    publish_with_hole,
    reachable,
)
from tests.kit.events_things import thing_id


async def test_a_gap_is_fetched_from_its_owner_before_going_on(b: Bench) -> None:
    await a_gap_is_filled(b)


def tell_lookup(session: AsyncSession, n: int, to: str = "union") -> None:
    told = LookupRecorded(
        lookup_id=thing_id(n),
        member_id=thing_id(n),
        at=now(),
        staff_name="测试",
        staff_office="测试",
        purpose="service",
        purpose_title="服务",
    )
    emit(session, told, key=told.member_id, to=to)


async def test_a_gap_in_what_the_hub_addressed_to_one_is_fetched_from_the_hub(b: Bench) -> None:
    """CMD_UNION lost 1 and 3: the union asks the hub for its own channel, the accounts say it is the union."""
    heard: list[tuple[int, UUID]] = []

    async def hear(_: AsyncSession, events: Sequence[Received]) -> None:
        for received in events:
            assert isinstance(received.event, LookupRecorded)
            heard.append((received.envelope.sequence, received.event.lookup_id))

    async with b.hub.database.transaction() as session:
        for n in range(1, 6):
            tell_lookup(session, n)
            tell_lookup(session, 100 + n, to="league")
    async with b.hub.database.engine.connect() as connection:
        assert await number(connection) == 10
        query = "SELECT * FROM event_log WHERE channel = 'union' ORDER BY seq"
        rows = (await connection.execute(text(query))).mappings().all()
    reads = Projection((LookupRecorded,), hear)
    work = Projector(b.union.database, b.union.bus, [reads], stream="CMD_UNION", durable="union")
    responders = Responders(b.hub.bus, [fetch_responder(b.hub.database, "hub")])
    await responders.start()
    try:
        question = FetchRequest(channel="union", first=1, last=1)
        await reachable(b.union.bus, "hub", question)
        for row in rows:
            if row["seq"] not in (1, 3):
                await b.put("quntuan.hub.to.union.lookup.recorded.v1", encode("hub", row), "hub")
        b.run(work.run)

        async def all_came() -> bool:
            return await b.union.value("SELECT coalesce(max(seq), 0) FROM projection_source") == 5

        await until(all_came)
    finally:
        await responders.stop()
    assert heard == [(n, thing_id(n)) for n in range(1, 6)]
    assert await b.union.rows("SELECT source, channel, seq FROM projection_source") == [("hub", "union", 5)]
    assert await b.union.value("SELECT count(*) FROM projection_gap") == 0
    assert await b.union.value("SELECT count(*) FROM quarantine") == 0


async def test_a_gap_whose_owner_is_away_is_noted_and_mended_later(b: Bench) -> None:
    await publish_with_hole(b, {4, 5, 6}, 10)
    work = projector(b)
    b.run(work.run)
    await position(b, 7)
    assert await b.hub.rows("SELECT first, last, closed_at FROM projection_gap") == [(4, 6, None)]
    assert await b.hub.value("SELECT count(*) FROM shown") == 7
    async with answering(b):
        await Mender(work).mend(asyncio.Event())
        await b.equal()
        assert await b.hub.rows("SELECT outcome FROM projection_gap") == [("fetched",)]


async def test_events_missing_at_the_tail_are_found_by_asking(b: Bench) -> None:
    async with answering(b):
        await publish_with_hole(b, {8, 9, 10}, 10)
        work = projector(b)
        b.run(work.run)
        await position(b, 7)
        mender = Mender(work)
        await mender.probe()
        assert await b.hub.value("SELECT count(*) FROM projection_gap") == 0  # once may be mere delay
        await mender.probe()
        await mender.mend(asyncio.Event())
        await b.equal()


async def test_what_the_owner_no_longer_has_is_told_as_gone(b: Bench) -> None:
    async with answering(b):
        await publish_with_hole(b, {1, 2, 3, 6}, 10)
        async with b.union.database.transaction() as session:
            await session.execute(text("DELETE FROM event_log WHERE seq <= 2"))
        work = projector(b)
        b.run(work.run)
        await position(b, 6)
        assert await applied(b) == list(range(3, 11))
        await Mender(work).mend(asyncio.Event())
        assert await b.hub.rows(
            "SELECT first, last, outcome FROM projection_gap WHERE closed_at IS NOT NULL"
        ) == [(3, 2, "gone: 1-2")]
