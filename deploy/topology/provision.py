"""What lives inside JetStream: streams, sources, durable consumers. Idempotent; run by the deploy job."""

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import nats
from nats.js import JetStreamContext
from nats.js.api import (
    AckPolicy,
    ConsumerConfig,
    DiscardPolicy,
    ExternalStream,
    StreamConfig,
    StreamConsumerSource,
    StreamSource,
)
from nats.js.errors import NotFoundError

from deploy.topology import names
from deploy.topology.keys import seed_file
from deploy.topology.limits import Limits
from deploy.topology.names import Organisation

DUPLICATE_WINDOW = 2 * 3600.0
"""Seconds a message id is remembered: longer than a relay is away without anybody looking."""


async def provision(url: str, seeds: Path, codes: Sequence[str], limits: Limits | None = None) -> None:
    """Make or bring up to date everything the services expect to find."""
    organisations, limits = [Organisation(code) for code in codes], limits or Limits()
    count = len(organisations)
    async with AsyncExitStack() as stack:
        hub = await stack.enter_async_context(_ops(url, seeds, names.HUB))
        own = {
            organisation: await stack.enter_async_context(_ops(url, seeds, organisation.code))
            for organisation in organisations
        }
        await _ensure_stream(hub, _publishing(names.EVT_HUB, names.HUB, limits.everybodys_commands(count)))
        for organisation, account in own.items():
            await _ensure_stream(account, _publishing(organisation.events, organisation.code, limits.events))
            await _ensure_sourcing_consumers(organisation, account, hub)
        everything = map(_events_of, organisations)
        room = limits.everybodys_events(count)
        await _ensure_stream(hub, _sourcing(names.EVT_ALL, everything, room))
        await _ensure_reader(hub, names.EVT_ALL, names.HUB)
        for organisation, account in own.items():
            stream = organisation.commands
            await _ensure_stream(account, _sourcing(stream, [_commands_for(organisation)], limits.commands))
            await _ensure_reader(account, stream, organisation.code)


def _publishing(name: str, code: str, room: int) -> StreamConfig:
    """A stream of facts: written by one source, never edited."""
    return StreamConfig(
        name=name,
        subjects=[names.subjects(code)],
        allow_atomic=True,
        duplicate_window=DUPLICATE_WINDOW,
        deny_delete=True,
        deny_purge=True,
        max_bytes=room,
        discard=DiscardPolicy.NEW,
    )


def _sourcing(name: str, sources: Iterable[StreamSource], room: int) -> StreamConfig:
    """A stream that only sources: nobody publishes into it."""
    return StreamConfig(
        name=name,
        sources=list(sources),
        duplicate_window=DUPLICATE_WINDOW,
        deny_delete=True,
        deny_purge=True,
        max_bytes=room,
        discard=DiscardPolicy.NEW,
    )


def _events_of(organisation: Organisation) -> StreamSource:
    return StreamSource(
        name=organisation.events,
        external=ExternalStream(api=f"JS.{organisation.code}.API"),
        consumer=StreamConsumerSource(organisation.events_source, organisation.events_delivery),
    )


def _commands_for(organisation: Organisation) -> StreamSource:
    return StreamSource(
        name=names.EVT_HUB,
        external=ExternalStream(api="JS.hub.API"),
        consumer=StreamConsumerSource(organisation.commands_source, organisation.commands_delivery),
    )


async def _ensure_sourcing_consumers(
    organisation: Organisation, own: JetStreamContext, hub: JetStreamContext
) -> None:
    """The two durable consumers that feed the other side; each is made by the stream's owner."""
    everything = names.subjects(organisation.code)
    addressed = names.addressed_to(organisation.code)
    await own.add_consumer(
        organisation.events,
        _feeding(organisation.events_source, organisation.events_delivery, everything),
    )
    await hub.add_consumer(
        names.EVT_HUB,
        _feeding(organisation.commands_source, organisation.commands_delivery, addressed),
    )


def _feeding(name: str, delivery: str, subject: str) -> ConsumerConfig:
    return ConsumerConfig(
        name=name,
        durable_name=name,
        deliver_subject=delivery,
        filter_subject=subject,
        ack_policy=AckPolicy.FLOW_CONTROL,
        flow_control=True,
        idle_heartbeat=1.0,
        max_ack_pending=1000,
    )


async def _ensure_reader(account: JetStreamContext, stream: str, code: str) -> None:
    """The pull consumer of a service's projector, named like the service."""
    await account.add_consumer(
        stream,
        ConsumerConfig(
            name=code,
            durable_name=code,
            ack_policy=AckPolicy.ALL,
            ack_wait=30.0,
            max_ack_pending=20_000,
        ),
    )


async def _ensure_stream(account: JetStreamContext, config: StreamConfig) -> None:
    assert config.name is not None
    try:
        await account.stream_info(config.name)
    except NotFoundError:
        await account.add_stream(config)
    else:
        await account.update_stream(config)


@asynccontextmanager
async def _ops(url: str, seeds: Path, code: str) -> AsyncIterator[JetStreamContext]:
    """JetStream of one account, as its ops user."""
    client = await nats.connect(
        url, nkeys_seed=str(seed_file(seeds, code, "ops")), connect_timeout=5, name="provision"
    )
    try:
        yield client.jetstream(timeout=10)
    finally:
        await client.close()
