"""Names on the bus, in one place: accounts, streams, consumers, subjects."""

import re
from dataclasses import dataclass

HUB = "hub"
HUB_ACCOUNT = "HUB"
SYSTEM_ACCOUNT = "SYS"
EVT_ALL = "EVT_ALL"
"""What the hub reads: every organisation's events, sources only."""
EVT_HUB = "EVT_HUB"
"""What the hub says; `quntuan.hub.to.<organisation>.>` goes on to that organisation."""
RESERVED = frozenset({"hub", "rpc", "to", "sys", "all"})
_CODE = re.compile(r"[a-z][a-z0-9]{1,30}")


def is_code(text: str) -> bool:
    """Whether an organisation can have this code."""
    return bool(_CODE.fullmatch(text)) and text not in RESERVED


@dataclass(frozen=True)
class Organisation:
    """An organisation's names, all derived from its code."""

    code: str

    def __post_init__(self) -> None:
        if not is_code(self.code):
            raise ValueError(f"not an organisation's code: {self.code!r}")

    @property
    def account(self) -> str:
        return self.code.upper()

    @property
    def events(self) -> str:
        """Its own stream of events, in its own account."""
        return f"EVT_{self.account}"

    @property
    def commands(self) -> str:
        """Its copy of what the hub addressed to it, in its own account."""
        return f"CMD_{self.account}"

    @property
    def events_delivery(self) -> str:
        """Where its server delivers its events to the hub's stream."""
        return f"dlv.hub.{self.code}.src"

    @property
    def commands_delivery(self) -> str:
        """Where the hub's server delivers commands to its stream."""
        return f"dlv.{self.code}.hub.src"

    @property
    def events_source(self) -> str:
        """The durable sourcing consumer on its events (ADR-60)."""
        return "hub-src"

    @property
    def commands_source(self) -> str:
        """The durable sourcing consumer on EVT_HUB for its commands."""
        return f"{self.code}-src"


def subjects(code: str) -> str:
    """The facts one source may publish."""
    return f"quntuan.{code}.>"


def addressed_to(code: str) -> str:
    """The hub's requests to one organisation."""
    return f"quntuan.hub.to.{code}.>"


def rpc(owner: str) -> str:
    """Requests to one service, as whoever may ask them says."""
    return f"quntuan.rpc.{owner}.>"


def rpc_as(owner: str, asker: str) -> str:
    """The same as they come to the service: its account lets this asker's account alone use this subject."""
    return f"quntuan.rpc.{owner}.as.{asker}.>"


def inbox(code: str) -> str:
    """The only replies a service may read; its client's inbox_prefix is this without the dot."""
    return f"_INBOX_{code}.>"


def read_stream(code: str) -> str:
    """The stream a service's projector reads; its durable consumer is named like the service."""
    return EVT_ALL if code == HUB else Organisation(code).commands


def own_stream(code: str) -> str:
    """The stream a service's relay writes."""
    return EVT_HUB if code == HUB else Organisation(code).events
