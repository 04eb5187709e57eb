"""The envelope every event travels in, and the register of all event types."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Literal, TypeVar
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

ROOT = "quntuan"
CATALOGUE: dict[str, type["Event"]] = {}
E_ = TypeVar("E_", bound="Event")


class Event(BaseModel):
    """Base of every payload. Frozen; unknown fields are ignored so that a later optional field is safe."""

    model_config = ConfigDict(frozen=True, extra="ignore")
    type: ClassVar[str]
    owner: ClassVar[Literal["organisation", "hub"]]
    addressed: ClassVar[bool]
    title: ClassVar[str]
    says: ClassVar[str]


def event(
    type_: str, *, owner: Literal["organisation", "hub"], title: str, says: str, addressed: bool = False
) -> Callable[[type[E_]], type[E_]]:
    """Register a payload class under `aggregate.fact.vN`; a type may be registered once only.

    `owner` says who may publish it, `addressed` whether it goes to one organisation only; `title` names it,
    `says` tells staff in plain words what the sender tells by it, without anything of the one it is about.
    """

    def register(cls: type[E_]) -> type[E_]:
        if type_ in CATALOGUE:
            raise ValueError(f"event type {type_!r} is already taken by {CATALOGUE[type_].__name__}")
        cls.type, cls.owner, cls.addressed = type_, owner, addressed
        cls.title, cls.says = title, says
        CATALOGUE[type_] = cls
        return cls

    return register


class Envelope(BaseModel):
    """CloudEvents 1.0 in structured mode.

    `source` is the publisher's code, `subject` the aggregate's key, `sequence` the publisher's
    gap-free number within its channel (the broadcast channel, or the one to the addressee `to`).
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    specversion: Literal["1.0"] = "1.0"
    id: UUID
    source: str = Field(pattern=r"^[a-z][a-z0-9_]{1,31}$")
    type: str = Field(pattern=r"^[a-z_]+\.[a-z_]+\.v[0-9]+$")
    time: AwareDatetime
    subject: str = Field(max_length=200)
    sequence: int = Field(ge=1)
    to: str | None = Field(default=None, pattern=r"^[a-z][a-z0-9_]{1,31}$")
    traceparent: str | None = Field(default=None, max_length=60)
    data: dict[str, Any]

    def open(self) -> Event:
        """The payload in its class; KeyError for an unknown type, ValidationError for a bad one."""
        return CATALOGUE[self.type].model_validate(self.data)

    @property
    def bus_subject(self) -> str:
        return bus_subject(self.source, self.type, self.to)


def bus_subject(source: str, type_: str, to: str | None = None) -> str:
    """NATS subject of an event: `quntuan.<source>[.to.<addressee>].<aggregate>.<fact>.v<N>`."""
    middle = f"{source}.to.{to}" if to else source
    return f"{ROOT}.{middle}.{type_}"


def rpc_subject(owner: str, name: str) -> str:
    """NATS subject on which `owner` answers requests called `name`."""
    return f"{ROOT}.rpc.{owner}.{name}"


@dataclass(frozen=True, slots=True)
class Received:
    """One event as a projection gets it: envelope, opened payload and the bus position.

    `prepared`: what the projection's own `prepare` made of it, None when that was not asked.
    """

    envelope: Envelope
    event: Event
    position: int
    received_at: datetime
    prepared: Any = None
