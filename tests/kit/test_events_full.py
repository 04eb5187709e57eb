"""A stream at its limit: owners work on, nothing is dropped, and with room made everything follows in order."""

import asyncio

import pytest

from deploy.topology.limits import Limits
from deploy.topology.names import EVT_ALL
from shared.kit.context import make_kit
from shared.kit.events.engine import EventEngine, Inbox
from shared.kit.events.projector import Projector
from shared.kit.events.relay import Relay
from shared.kit.events.status import check_relay
from tests.fixtures.bus import renew
from tests.kit.events_bench import Bench, until
from tests.kit.events_things import PROJECTIONS

TINY = Limits(events=20_000, commands=20_000)
TINY_HUB = Limits(events=200_000, commands=20_000)


async def test_at_the_limit_owners_write_on_and_the_outbox_holds(b: Bench) -> None:
    await renew(b.nats, TINY)
    relay = Relay(b.union.database, b.union.bus)
    b.run(relay.run)
    b.run(Projector(b.hub.database, b.hub.bus, PROJECTIONS, stream=EVT_ALL, durable="hub").run)
    for n in range(120):
        await asyncio.wait_for(b.union.change(n % 40), 2)

    async def full() -> bool:
        return "maximum bytes" in relay.last_problem

    await until(full)
    engine = EventEngine(make_kit(b.union.settings), (), Inbox.of_organisation("union"))
    engine.relay = relay
    try:
        before = await check_relay(engine)
        figures = before.figures or {}
        assert before.ok, "owners stay in service"
        assert "maximum bytes" in before.reason
        assert 0 < int(figures["outbox"]) + int(figures["unpublished"]) < 120
        await asyncio.wait_for(b.union.change(200), 2)
        on_bus = [body["sequence"] for _, body in await b.stream()]
        assert on_bus == list(range(1, len(on_bus) + 1))
        assert 0 < len(on_bus) < 121

        await b.nats.provision()
        await b.equal()
        assert [body["sequence"] for _, body in await b.stream()] == list(range(1, 122))
        after = await check_relay(engine)
        assert (after.reason, after.figures) == ("", {"outbox": 0, "unpublished": 0, "unsent_seconds": 0})
        assert await b.hub.rows("SELECT count(*), max(sequence) FROM applied") == [(121, 121)]
    finally:
        await engine.database.close()


async def test_a_full_copy_at_the_hub_catches_up_when_room_is_made(
    b: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(Limits, "everybodys_events", lambda _, __: 20_000)
        await renew(b.nats, TINY_HUB)
    b.run(Relay(b.union.database, b.union.bus).run)
    b.run(Projector(b.hub.database, b.hub.bus, PROJECTIONS, stream=EVT_ALL, durable="hub").run)
    for n in range(120):
        await b.union.change(n % 40)

    async def published() -> bool:
        return await b.union.value("SELECT coalesce(sum(published), 0) FROM event_channel") == 120

    await until(published)  # the organisation does not notice
    await asyncio.sleep(1)
    assert 0 < int(str(await b.hub.value("SELECT count(*) FROM applied"))) < 120
    await b.nats.provision()
    await b.equal(120)  # the server itself tries a full stream's source again after half a minute
    rows = await b.hub.rows("SELECT sequence FROM applied ORDER BY sequence")
    assert [n for (n,) in rows] == list(range(1, 121))
