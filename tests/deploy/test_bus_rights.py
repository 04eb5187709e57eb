"""Organisations cannot read, write or disturb each other on the bus, whatever they try."""

import asyncio
from collections.abc import AsyncIterator

import nats
import pytest
from nats.aio.client import Client
from nats.errors import TimeoutError as NatsTimeoutError
from nats.js.api import StreamState

from deploy.local.bus import Bus

LEAGUE_FACT = "quntuan.league.member.admitted.v1"


class Intruder:
    """The union's service user, and what the server told it."""

    def __init__(self, client: Client, refusals: list[str]) -> None:
        self.client, self.refusals = client, refusals

    async def refused(self, subject: str) -> bool:
        await self.client.flush()
        await asyncio.sleep(0.05)
        return any(
            "permissions violation" in text.lower() and subject.lower() in text.lower()
            for text in self.refusals
        )


@pytest.fixture
async def intruder(bus: Bus) -> AsyncIterator[Intruder]:
    refusals: list[str] = []

    async def remember(error: Exception) -> None:
        refusals.append(str(error))

    seed = str(bus.seed("union"))
    client = await nats.connect(bus.url, nkeys_seed=seed, inbox_prefix=b"_INBOX_union", error_cb=remember)
    yield Intruder(client, refusals)
    await client.close()


async def stored(bus: Bus, code: str, stream: str) -> StreamState:
    client = await bus.connect(code, "ops")
    try:
        return (await client.jetstream().stream_info(stream, subjects_filter=">")).state
    finally:
        await client.close()


@pytest.fixture(autouse=True)
async def league_event(bus: Bus) -> None:
    """One event of the league that nobody else may see, change or add to."""
    client = await bus.connect("league")
    await client.jetstream().publish(LEAGUE_FACT, b"secret", headers={"Nats-Msg-Id": "l1"})
    await client.close()


@pytest.mark.parametrize("subject", ["quntuan.league.>", "_INBOX_league.>", ">"])
async def test_listening_is_refused(bus: Bus, intruder: Intruder, subject: str) -> None:
    heard = await intruder.client.subscribe(subject)
    assert await intruder.refused(subject)
    client = await bus.connect("league")
    await client.jetstream().publish(LEAGUE_FACT, b"secret too", headers={"Nats-Msg-Id": "l2"})
    await client.close()
    with pytest.raises(NatsTimeoutError):
        await heard.next_msg(timeout=0.2)


@pytest.mark.parametrize(
    "subject",
    [
        LEAGUE_FACT,
        "$JS.API.STREAM.MSG.GET.EVT_LEAGUE",
        "$JS.API.DIRECT.GET.EVT_LEAGUE",
        "$JS.API.CONSUMER.CREATE.EVT_LEAGUE",
        "$JS.API.STREAM.PURGE.EVT_LEAGUE",
        "$JS.API.CONSUMER.MSG.NEXT.CMD_LEAGUE.league",
        # nor may a service touch what the deploy job made in its own account
        "$JS.API.STREAM.PURGE.EVT_UNION",
        "$JS.API.STREAM.DELETE.EVT_UNION",
        "$JS.API.CONSUMER.CREATE.EVT_UNION",
        "$JS.API.CONSUMER.DELETE.EVT_UNION.hub-src",
        "$JS.API.STREAM.CREATE.MINE",
        "quntuan.hub.to.union.order.dispatched.v1",
        "quntuan.rpc.union.record",
        "dlv.hub.union.src",
    ],
)
async def test_asking_is_refused(bus: Bus, intruder: Intruder, subject: str) -> None:
    with pytest.raises(NatsTimeoutError):
        await intruder.client.request(subject, b'{"seq":1}', timeout=0.2)
    assert await intruder.refused(subject)
    assert (await stored(bus, "league", "EVT_LEAGUE")).subjects == {LEAGUE_FACT: 1}


async def test_what_a_service_needs_is_allowed(intruder: Intruder) -> None:
    client = intruder.client
    await client.jetstream().publish("quntuan.union.member.admitted.v1", b"{}", stream="EVT_UNION")
    for request in (
        "$JS.API.CONSUMER.INFO.CMD_UNION.union",
        "$JS.API.CONSUMER.RESET.CMD_UNION.union",
        "$JS.API.STREAM.INFO.EVT_UNION",
    ):
        assert b'"error"' not in (await client.request(request, b"", timeout=2)).data
    assert intruder.refusals == []


async def test_forged_events_do_not_arrive(bus: Bus, intruder: Intruder) -> None:
    """The server publishes to a reply subject unasked: inside one account that plants events."""
    service, ops = intruder.client, await bus.connect("union", "ops")
    own = "quntuan.union.member.admitted.v1"
    await service.publish(own, b"{}", reply=LEAGUE_FACT)
    await service.publish("$JS.API.CONSUMER.MSG.NEXT.CMD_UNION.union", b'{"batch":1}', reply=LEAGUE_FACT)
    await service.publish("$JS.API.STREAM.MSG.GET.EVT_UNION", b'{"seq":1}', reply=LEAGUE_FACT)
    await service.publish(own, b"{}", reply="dlv.hub.union.src")
    # even with every right inside its own account, through the line to the hub
    await ops.jetstream().add_stream(name="FORGE", subjects=["quntuan.league.>"])
    await ops.jetstream().publish(LEAGUE_FACT, b"forged", stream="FORGE")
    await ops.jetstream().add_consumer("FORGE", durable_name="forge", ack_policy="explicit")
    line = "dlv.hub.union.src"
    await ops.publish("$JS.API.CONSUMER.MSG.NEXT.FORGE.forge", b'{"batch":1}', reply=line)
    await ops.publish("$JS.API.DIRECT.GET.FORGE", b'{"seq":1}', reply=line)
    await ops.publish(line, b"forged")
    await asyncio.gather(service.flush(), ops.flush())
    await asyncio.sleep(0.5)
    await service.jetstream().publish(own, b"{}", headers={"Nats-Msg-Id": "after"})
    await asyncio.sleep(2.5)  # the hub's source notices the disorder and asks again
    await ops.close()
    assert (await stored(bus, "league", "EVT_LEAGUE")).messages == 1
    at_hub = await stored(bus, "hub", "EVT_ALL")
    assert at_hub.subjects == {own: 3, LEAGUE_FACT: 1}
