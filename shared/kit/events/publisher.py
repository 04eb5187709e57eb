"""Putting messages on the bus in order: atomic batches, or one by one when some are there already."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import uuid4

import orjson

from shared.kit.bus import ApiError, Bus

MAX_MESSAGES = 1000
"""The server's limit for one atomic batch."""
MAX_BYTES = 2_000_000
ONE_BY_ONE = frozenset({10201, 10174})
"""Some id of the batch is known already; the stream takes no batches."""


@dataclass(frozen=True)
class Outgoing:
    """One message; the bus drops a second one with the same id."""

    subject: str
    id: str
    payload: bytes


async def publish(bus: Bus, stream: str, messages: Sequence[Outgoing], timeout: float = 5.0) -> None:
    """All of them in this order, acknowledged by the stream; raises at the first that was not."""
    try:
        await _atomically(bus, stream, messages, timeout)
    except ApiError as error:
        if error.err_code not in ONE_BY_ONE:
            raise
        for message in messages:
            await _acknowledged(bus, stream, message, {}, timeout)


async def _atomically(bus: Bus, stream: str, messages: Sequence[Outgoing], timeout: float) -> None:
    batch = uuid4().hex
    *before, last = messages
    for number, message in enumerate(before, 1):
        headers = {"Nats-Msg-Id": message.id, "Nats-Batch-Id": batch, "Nats-Batch-Sequence": str(number)}
        await bus.client.publish(message.subject, message.payload, headers=headers)
    commit = {"Nats-Batch-Id": batch, "Nats-Batch-Sequence": str(len(messages)), "Nats-Batch-Commit": "1"}
    await _acknowledged(bus, stream, last, commit, timeout)


async def _acknowledged(
    bus: Bus, stream: str, message: Outgoing, extra: dict[str, str], timeout: float
) -> None:
    reply = await bus.call(message.subject, message.payload, timeout, {"Nats-Msg-Id": message.id, **extra})
    body = orjson.loads(reply.data)
    if "error" in body:
        raise ApiError(body["error"])
    if body.get("stream") != stream:
        raise ApiError({"description": f"{message.subject} went to {body.get('stream')}, not to {stream}"})
