"""Log row -> bytes on the bus, and bytes -> an event that passed every check, or the reason why not."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from pydantic import ValidationError

from shared.contracts.event import ROOT, Envelope, Event, Received
from shared.kit.clock import now
from shared.kit.events.catalogue import catalogue

HUB = "hub"
MAX_BYTES = 512 * 1024
MAX_DEPTH = 16
MAX_STRING = 64 * 1024
MAX_NODES = 20_000
FUTURE = timedelta(minutes=10)
_STREAM = re.compile(r"EVT_([A-Z][A-Z0-9_]*)(?=[: ])")
_UNFIT = re.compile("[\x00\ud800-\udfff\u202a-\u202e\u2066-\u2069]")
_UNFIT_MARKS = (b"\\u", b"\xe2\x80", b"\xe2\x81")
"""Bytes without which nothing of `_UNFIT` is in a JSON text: an escape, or the start of a direction mark."""


@dataclass(frozen=True)
class Arrived:
    """A message as it came: subject, bytes, who sent it, stream position (None when fetched from its owner).

    `sender` is told by the server or by whom we asked, never by the message; None when nobody knows.
    """

    subject: str
    raw: bytes
    sender: str | None
    position: int | None = None


@dataclass(frozen=True)
class Checked:
    """A message with its verdict: `event` when it may be applied, else `reason`.

    `envelope` is there as soon as the publisher is known for sure, even if the payload is bad.
    """

    arrived: Arrived
    envelope: Envelope | None = None
    event: Event | None = None
    reason: str | None = None
    prepared: Any = None

    def received(self, at: datetime) -> Received:
        assert self.envelope is not None
        assert self.event is not None
        position = self.arrived.position or 0
        return Received(self.envelope, self.event, position, at, self.prepared)


def as_envelope(source: str, row: Mapping[Any, Any]) -> dict[str, Any]:
    """The CloudEvents envelope of a row of the event log."""
    envelope = {
        "specversion": "1.0",
        "id": str(row["event_id"]),
        "source": source,
        "type": row["type"],
        "time": row["at"],
        "subject": row["key"],
        "sequence": row["seq"],
        "data": orjson.Fragment(row["data"]) if isinstance(row["data"], str) else row["data"],
    }
    if row["channel"]:
        envelope["to"] = row["channel"]
    if row["traceparent"]:
        envelope["traceparent"] = row["traceparent"]
    return envelope


def encode(source: str, row: Mapping[Any, Any]) -> bytes:
    """The bytes on the bus; `data` may be the JSON text as the database has it."""
    return orjson.dumps(as_envelope(source, row))


def message_id(event_id: UUID, epoch: int) -> str:
    """The bus drops a second message with the same id; after it lost data (`epoch`) it must not."""
    return f"{event_id}.{epoch}" if epoch else str(event_id)


def check(arrived: Arrived, service: str) -> Checked:
    """Every check a foreign message must pass before its effects are applied to `service`."""
    try:
        envelope = Envelope.model_validate(_parse(arrived.raw))
        _publisher_is_right(envelope, arrived)
    except (ValueError, ValidationError) as error:
        return Checked(arrived, reason=_why(error))
    try:
        event = _open(envelope, service)
    except (ValueError, ValidationError) as error:
        return Checked(arrived, envelope, reason=_why(error))
    return Checked(arrived, envelope, event)


def _parse(raw: bytes) -> dict[str, Any]:
    if len(raw) > MAX_BYTES:
        raise ValueError(f"larger than {MAX_BYTES} bytes")
    try:
        body = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise ValueError(f"not JSON: {error}") from error
    if not isinstance(body, dict):
        raise ValueError("not a JSON object")  # noqa: TRY004 - about the message, not the code
    if not _plainly_within_limits(raw, body):
        _limits(body)
    return body


def _plainly_within_limits(raw: bytes, body: dict[str, Any]) -> bool:
    """True for nearly every message, in a tenth of the time; whatever is in doubt is walked through.

    So few bytes cannot hold too many values or a text too long, so few brackets cannot be too deep, and
    without these marks there is no character that is not allowed.
    """
    escape, *marks = _UNFIT_MARKS  # written out: a generator took as long as the rest
    plain = len(raw) <= MAX_NODES and raw.count(b"{") + raw.count(b"[") <= MAX_DEPTH and escape not in raw
    return plain and marks[0] not in raw and marks[1] not in raw and _numbers_fit(body.values())


def _numbers_fit(values: Iterable[Any]) -> bool:
    """Every number a database can hold; to be asked of what is not deep only."""
    for value in values:
        kind = type(value)
        if kind is str or value is None:
            continue
        if kind is dict:
            value = value.values()  # noqa: PLW2901
        elif kind is not list:
            if not -(2**63) <= value < 2**63:
                return False
            continue
        if not _numbers_fit(value):
            return False
    return True


def _limits(body: Any) -> None:
    """Depth, size and characters that a database or a page would choke on, or that disguise a name."""
    stack: list[tuple[Any, int]] = [(body, 0)]
    seen = 0
    while stack:
        value, depth = stack.pop()
        seen += 1
        if depth > MAX_DEPTH or seen > MAX_NODES:
            raise ValueError("too deep or too many values")
        if isinstance(value, str):
            if len(value) > MAX_STRING or _UNFIT.search(value):
                raise ValueError("a text is too long or holds characters that are not allowed")
        elif isinstance(value, dict):
            stack.extend((part, depth + 1) for pair in value.items() for part in pair)
        elif isinstance(value, list):
            stack.extend((part, depth + 1) for part in value)
        elif isinstance(value, float | int) and not -(2**63) <= value < 2**63:
            raise ValueError("a number is out of range")


def sender_of(sourced_from: str | None) -> str | None:
    """Whose stream a message was sourced from, by the server's header `Nats-Stream-Source`.

    Inside its own account an organisation's deploy job may send anything, under any subject, down the line
    to the hub; but this header the server takes from the line, and it replaces one that was sent along.
    """
    stream = _STREAM.match(sourced_from or "")
    return stream[1].lower() if stream else None


def _publisher_is_right(envelope: Envelope, arrived: Arrived) -> None:
    """Envelope, subject and the stream it came from must name the same publisher."""
    if arrived.sender != envelope.source:
        raise ValueError(
            f"the envelope says {envelope.source}, it was sent by {arrived.sender or 'nobody known'}"
        )
    if envelope.source == "rpc" or envelope.bus_subject != arrived.subject:
        raise ValueError(f"the envelope says {envelope.bus_subject}, it came on {arrived.subject}")


def _open(envelope: Envelope, service: str) -> Event:
    kind = catalogue().get(envelope.type)
    if kind is None:
        raise ValueError(f"unknown type {envelope.type}")
    if (kind.owner == HUB) != (envelope.source == HUB):
        raise ValueError(f"{envelope.source} may not publish {envelope.type}")
    if kind.addressed != (envelope.to is not None):
        raise ValueError(f"{envelope.type} {'must' if kind.addressed else 'may not'} be addressed")
    if envelope.to not in (None, service):
        raise ValueError(f"addressed to {envelope.to}")
    if envelope.time > now() + FUTURE:
        raise ValueError(f"time {envelope.time.isoformat()} is in the future")
    return kind.model_validate(envelope.data)


def _why(error: ValueError) -> str:
    """The reason without the values: they may be personal data, and the raw bytes are kept anyway."""
    if isinstance(error, ValidationError):
        where = [f"{'.'.join(map(str, e['loc']))}: {e['type']}" for e in error.errors(include_input=False)]
        return f"invalid: {'; '.join(where[:10])}"
    return str(error)


def subject_pattern(source: str, channel: str) -> str:
    """All subjects of one channel."""
    return f"{ROOT}.{source}.to.{channel}.*.*.*" if channel else f"{ROOT}.{source}.*.*.*"
