"""What arrives where: events at the hub once, commands at their addressee only, a newcomer at run time."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import httpx
import pytest
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import NoRespondersError
from nats.js.api import DiscardPolicy, StreamState

from deploy.local.bus import Bus
from deploy.topology.limits import Limits
from deploy.topology.provision import KEPT

FACT = "quntuan.{}.member.admitted.v1"
Connect = Callable[..., Awaitable[Client]]


@pytest.fixture
async def connect(bus: Bus) -> AsyncIterator[Connect]:
    clients: list[Client] = []

    async def connect(code: str, user: str = "service") -> Client:
        clients.append(await bus.connect(code, user))
        return clients[-1]

    yield connect
    for client in clients:
        await client.close()


async def state(connect: Connect, code: str, stream: str) -> StreamState:
    client = await connect(code, "ops")
    return (await client.jetstream().stream_info(stream, subjects_filter=">")).state


async def holds(connect: Connect, code: str, stream: str, count: int) -> StreamState:
    """Wait for at least `count` messages, then a moment for any that should not come."""
    for _ in range(100):
        if (await state(connect, code, stream)).messages >= count:
            break
        await asyncio.sleep(0.05)
    await asyncio.sleep(0.2)
    return await state(connect, code, stream)


async def test_the_server_syncs_every_message(bus: Bus) -> None:
    async with httpx.AsyncClient() as client:
        answer = await client.get(f"{bus.monitor_url}/jsz?config=true")
    assert answer.json()["config"]["sync_always"] is True


async def test_an_event_reaches_the_hub_once_with_its_origin(bus: Bus, connect: Connect) -> None:
    union = (await connect("union")).jetstream()
    for _ in range(3):  # the relay repeats until it has the acknowledgement
        await union.publish(FACT.format("union"), b"{}", headers={"Nats-Msg-Id": "u1"})
    arrived = await holds(connect, "hub", "EVT_ALL", 1)
    assert (arrived.messages, arrived.subjects) == (1, {FACT.format("union"): 1})
    hub = await (await connect("hub")).jetstream().pull_subscribe_bind("hub", "EVT_ALL")
    (message,) = await hub.fetch(1, timeout=5)
    assert message.headers is not None
    assert message.headers["Nats-Stream-Source"].startswith("EVT_UNION:")
    await message.ack_sync()


async def test_what_was_written_while_the_server_was_away_is_kept(bus: Bus, connect: Connect) -> None:
    union = (await connect("union")).jetstream()
    for number in range(50):
        await union.publish(FACT.format("union"), b"{}", headers={"Nats-Msg-Id": f"k{number}"})
    bus.server.kill()
    bus.server.start()
    again = (await connect("union")).jetstream()
    await again.publish(FACT.format("union"), b"{}", headers={"Nats-Msg-Id": "k50"})
    assert (await holds(connect, "hub", "EVT_ALL", 51)).messages == 51


async def test_a_command_reaches_its_addressee_only(connect: Connect) -> None:
    subject = "quntuan.hub.to.league.order.dispatched.v1"
    await (await connect("hub")).jetstream().publish(subject, b"{}", headers={"Nats-Msg-Id": "h1"})
    assert (await holds(connect, "league", "CMD_LEAGUE", 1)).subjects == {subject: 1}
    assert (await state(connect, "union", "CMD_UNION")).messages == 0
    assert (await state(connect, "womens", "CMD_WOMENS")).messages == 0
    assert (await state(connect, "hub", "EVT_ALL")).messages == 0
    reader = await (await connect("league")).jetstream().pull_subscribe_bind("league", "CMD_LEAGUE")
    (message,) = await reader.fetch(1, timeout=5)
    assert message.subject == subject


async def test_requests_go_between_hub_and_organisation_never_between_two(connect: Connect) -> None:
    async def answer(message: Msg) -> None:
        asker = message.subject.split(".")[4].encode()
        await message.respond(b"answer to " + asker + b": " + message.data)

    union, hub, league = await connect("union"), await connect("hub"), await connect("league")
    await union.subscribe("quntuan.rpc.union.as.*.record", cb=answer)
    await hub.subscribe("quntuan.rpc.hub.as.*.find", cb=answer)
    await asyncio.gather(union.flush(), hub.flush())
    assert (await hub.request("quntuan.rpc.union.record", b"hub", timeout=5)).data == b"answer to hub: hub"
    answered = await league.request("quntuan.rpc.hub.find", b"I am the union", timeout=5)
    assert answered.data == b"answer to league: I am the union"
    ops = await connect("league", "ops")  # all rights of its account, and still nobody there
    for subject in (
        "quntuan.rpc.union.record",
        "quntuan.rpc.union.as.hub.record",
        "quntuan.rpc.union.as.league.record",
        "quntuan.rpc.hub.as.union.find",
    ):
        with pytest.raises(NoRespondersError):
            await ops.request(subject, b"league", timeout=2)


async def test_provisioning_again_changes_nothing(bus: Bus, connect: Connect) -> None:
    union = (await connect("union")).jetstream()
    await union.publish(FACT.format("union"), b"{}", headers={"Nats-Msg-Id": "p1"})
    await holds(connect, "hub", "EVT_ALL", 1)
    await bus.provision()
    await union.publish(FACT.format("union"), b"{}", headers={"Nats-Msg-Id": "p2"})
    assert (await holds(connect, "hub", "EVT_ALL", 2)).messages == 2


async def test_a_new_organisation_joins_without_a_restart(bus: Bus, connect: Connect) -> None:
    union, hub = await connect("union"), await connect("hub")
    await bus.join("disabled")
    newcomer = await connect("disabled")
    for client, code in ((union, "union"), (newcomer, "disabled")):
        await client.jetstream().publish(FACT.format(code), b"{}", headers={"Nats-Msg-Id": f"j-{code}"})
    arrived = await holds(connect, "hub", "EVT_ALL", 2)
    assert arrived.subjects == {FACT.format("union"): 1, FACT.format("disabled"): 1}
    subject = "quntuan.hub.to.disabled.order.dispatched.v1"
    await hub.jetstream().publish(subject, b"{}", headers={"Nats-Msg-Id": "j-command"})
    assert (await holds(connect, "disabled", "CMD_DISABLED", 1)).subjects == {subject: 1}
    assert union.is_connected  # allow_reconnect is off: the old connections were never cut
    assert hub.is_connected


async def test_every_stream_has_a_limit_at_which_it_takes_no_more_and_forgets(
    bus: Bus, connect: Connect
) -> None:
    limits = Limits()
    everybody = [*bus.codes, "hub"]
    found = {
        stream.config.name: (stream.config.max_bytes, stream.config.discard, stream.config.max_age)
        for code in everybody
        for stream in await (await connect(code, "ops")).jetstream().streams_info()
    }
    assert {name for name in found if name} == {
        *(f"{kind}_{code.upper()}" for kind in ("EVT", "CMD") for code in bus.codes),
        "EVT_ALL",
        "EVT_HUB",
    }
    assert {(discard, age) for _, discard, age in found.values()} == {(DiscardPolicy.NEW, KEPT)}
    assert found["EVT_UNION"][0] == limits.events
    assert found["CMD_UNION"][0] == limits.commands
    assert int(found["EVT_ALL"][0] or 0) > len(bus.codes) * limits.events
    assert found["EVT_HUB"][0] == len(bus.codes) * limits.commands
