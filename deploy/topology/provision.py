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
KEPT = 30 * 86400.0
"""Seconds a message stays on the bus; who was away longer asks the owner, whose log keeps all (ADR 21)."""


async def provision(
    url: str, seeds: Path, codes: Sequence[str], limits: Limits | None = None, replicas: int = 1
) -> None:
    """Make or bring up to date everything the services expect to find, all on one server or cluster."""
    organisations, limits = [Organisation(code) for code in codes], limits or Limits()
    async with AsyncExitStack() as stack:
        hub = await stack.enter_async_context(_ops(url, seeds, names.HUB))
        await _hub_says(hub, organisations, limits, replicas)
        for organisation in organisations:
            own = await stack.enter_async_context(_ops(url, seeds, organisation.code))
            await _organisation(own, organisation, limits)
        await _hub_hears(hub, organisations, limits, replicas)


async def provision_hub(
    url: str, seeds: Path, codes: Sequence[str], limits: Limits | None = None, replicas: int = 1
) -> None:
    """The hub's half; an organisation's site may come later, or be away."""
    organisations, limits = [Organisation(code) for code in codes], limits or Limits()
    async with _ops(url, seeds, names.HUB) as hub:
        await _hub_says(hub, organisations, limits, replicas)
        await _hub_hears(hub, organisations, limits, replicas)


async def provision_site(url: str, seeds: Path, code: str, limits: Limits | None = None) -> None:
    """An organisation's half on its own server; the hub may be away."""
    async with _ops(url, seeds, code) as own:
        await _organisation(own, Organisation(code), limits or Limits())


async def _hub_says(
    hub: JetStreamContext, organisations: Sequence[Organisation], limits: Limits, replicas: int
) -> None:
    """Its commands, and for each organisation the durable consumer that feeds that organisation's copy."""
    room = limits.everybodys_commands(len(organisations))
    await _ensure_stream(hub, _publishing(names.EVT_HUB, names.HUB, room, replicas))
    for organisation in organisations:
        addressed = names.addressed_to(organisation.code)
        feed = _feeding(organisation.commands_source, organisation.commands_delivery, addressed)
        await hub.add_consumer(names.EVT_HUB, feed)


async def _hub_hears(
    hub: JetStreamContext, organisations: Sequence[Organisation], limits: Limits, replicas: int
) -> None:
    room = limits.everybodys_events(len(organisations))
    await _ensure_stream(hub, _sourcing(names.EVT_ALL, map(_events_of, organisations), room, replicas))
    await _ensure_reader(hub, names.EVT_ALL, names.HUB)


async def _organisation(own: JetStreamContext, organisation: Organisation, limits: Limits) -> None:
    """Its events, the durable consumer that feeds the hub, its copy of what the hub addressed to it."""
    await _ensure_stream(own, _publishing(organisation.events, organisation.code, limits.events))
    everything = names.subjects(organisation.code)
    feed = _feeding(organisation.events_source, organisation.events_delivery, everything)
    await own.add_consumer(organisation.events, feed)
    await _ensure_stream(
        own, _sourcing(organisation.commands, [_commands_for(organisation)], limits.commands)
    )
    await _ensure_reader(own, organisation.commands, organisation.code)


def _publishing(name: str, code: str, room: int, replicas: int = 1) -> StreamConfig:
    """A stream of facts: written by one source, never edited."""
    return StreamConfig(
        name=name,
        subjects=[names.subjects(code)],
        allow_atomic=True,
        duplicate_window=DUPLICATE_WINDOW,
        deny_delete=True,
        deny_purge=True,
        max_bytes=room,
        max_age=KEPT,
        num_replicas=replicas,
        discard=DiscardPolicy.NEW,
    )


def _sourcing(name: str, sources: Iterable[StreamSource], room: int, replicas: int = 1) -> StreamConfig:
    """A stream that only sources: nobody publishes into it."""
    return StreamConfig(
        name=name,
        sources=list(sources),
        duplicate_window=DUPLICATE_WINDOW,
        deny_delete=True,
        deny_purge=True,
        max_bytes=room,
        max_age=KEPT,
        num_replicas=replicas,
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
