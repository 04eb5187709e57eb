"""One line of the ledger, and what is looked for."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Literal

from shared.kit.events.catalogue import catalogue
from shared.kit.events.envelope import HUB
from shared.kit.ops.reading import type_title
from shared.kit.pagination import query_of

State = Literal["applied", "aside", "discarded", "waiting", "queued", "sent"]
STATES: dict[str, tuple[str, str]] = {
    "applied": ("已经生效", "yes"),
    "aside": ("已隔离", "no"),
    "discarded": ("已放弃", "hold"),
    "waiting": ("待处理", "warn"),
    "queued": ("待发送", "warn"),
    "sent": ("已发出", "hold"),
}
CHOICES = {"applied": "已经生效", "waiting": "待处理", "aside": "已隔离"}
"""What may be looked for; `waiting` is whatever has not come to where it should."""


@dataclass(frozen=True)
class Filter:
    """What an operator looks for; a subject is an opaque id."""

    sender: str = ""
    kind: str = ""
    day: date | None = None
    state: str = ""
    subject: str = ""

    def query(self, **more: str) -> str:
        """The filter as the query of an address."""
        return query_of(self, **more)


@dataclass(frozen=True)
class Entry:
    """One event: its head, and what became of it. `sent`: its receiver has not answered what became of it."""

    source: str
    channel: str
    seq: int
    type: str
    key: str
    at: datetime
    state: State
    state_at: datetime | None = None

    @property
    def place(self) -> tuple[Any, ...]:
        """Where it stands in the one order of the ledger."""
        return self.at, self.seq, self.source, self.channel

    @property
    def receiver(self) -> str:
        """The addressee; what is told to everybody the hub reads."""
        return self.channel or HUB

    @property
    def took(self) -> timedelta | None:
        """From the telling to its effect."""
        return self.state_at - self.at if self.state == "applied" and self.state_at else None

    @property
    def title(self) -> str:
        """The name of its kind."""
        return type_title(self.type)

    @property
    def says(self) -> str:
        """What is told by it, in plain words."""
        known = catalogue().get(self.type)
        return known.says if known else "本系统的版本还不认识这种消息"
