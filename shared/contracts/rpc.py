"""Requests one service may ask of another over the bus, and their answers."""

from typing import Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field

from shared.contracts.audits import SealedEnd

TOKEN = "token"
FETCH = "events.fetch"
AUDIT_ENDS = "audit.ends"
RECEIPTS = "events.receipts"


TokenKind = Literal["identity", "phone", "card"]


class TokenRequest(BaseModel):
    """Ask an organisation (it has the key) for the token of a typed value. Never stored or logged.

    `also`: what else the value may be, to be answered in the same breath.
    """

    kind: TokenKind
    value: str = Field(max_length=64)
    also: list[TokenKind] = Field(default=[], max_length=2)


class TokenAnswer(BaseModel):
    """The token, or the Chinese reason why the value is not valid.

    `others`: tokens of what else it may be; None from a version that does not know the question.
    """

    token: UUID | None = None
    problem: str | None = None
    others: dict[TokenKind, UUID] | None = None


class FetchRequest(BaseModel):
    """Ask a publisher for events of its log again, by its own gap-free sequence (both ends included)."""

    channel: str = ""
    first: int = Field(ge=1)
    last: int = Field(ge=1)


class FetchAnswer(BaseModel):
    """At most as many envelopes as fit one message, in order; ask again from the one after the last."""

    envelopes: list[dict[str, object]]
    newest: int


class EndsRequest(BaseModel):
    """Ask for the ends of the asker's own audit log that are kept here, from the one after `after` on."""

    after: int = Field(default=0, ge=0)


class EndsAnswer(BaseModel):
    """The kept ends in order, as many as fit one message."""

    ends: list[SealedEnd]
    more: bool = False


class ReceiptsRequest(BaseModel):
    """Ask what became of the asker's own events: of these numbers of one of its channels."""

    channel: str = ""
    numbers: list[int] = Field(default_factory=list, max_length=100)


class Receipt(BaseModel):
    """One event as the receiver has it."""

    number: int
    state: Literal["applied", "aside", "discarded"]
    at: AwareDatetime


class ReceiptsAnswer(BaseModel):
    """`seen` is the newest number that came; `aside` the newest of those put aside and not yet settled."""

    seen: int
    aside: list[int] = []
    receipts: list[Receipt] = []
