"""Tables of the event machinery."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, Identity, Index, LargeBinary, Text, Uuid, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from shared.kit.base import KitBase


class OutboxRow(KitBase):
    """An event written with the change that caused it, not yet numbered. Stays until the relay takes it."""

    __tablename__ = "outbox"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    event_id: Mapped[UUID] = mapped_column(Uuid, server_default=text("uuidv7()"))
    channel: Mapped[str] = mapped_column(Text, default="")
    type: Mapped[str] = mapped_column(Text)
    key: Mapped[str] = mapped_column(Text)
    data: Mapped[dict[str, Any]] = mapped_column(JSONB)
    traceparent: Mapped[str | None] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())


class LogRow(KitBase):
    """The publisher's record of what it said: contiguous per channel, kept for replay."""

    __tablename__ = "event_log"
    __table_args__ = (
        Index("ix_event_log_at", "at", postgresql_using="brin"),
        Index("ix_event_log_type", "type", "at", "seq"),
        Index("ix_event_log_key", "key"),
    )

    channel: Mapped[str] = mapped_column(Text, primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    event_id: Mapped[UUID] = mapped_column(Uuid)
    type: Mapped[str] = mapped_column(Text)
    key: Mapped[str] = mapped_column(Text)
    data: Mapped[dict[str, Any]] = mapped_column(JSONB)
    traceparent: Mapped[str | None] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class ChannelRow(KitBase):
    """How far a channel is numbered (`newest`) and published to the bus (`published`).

    `epoch` counts how often the bus lost what it had: it becomes part of the message ids, so that
    what is published again is not taken for a repeat.
    """

    __tablename__ = "event_channel"

    channel: Mapped[str] = mapped_column(Text, primary_key=True)
    newest: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    published: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    epoch: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    published_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class PositionRow(KitBase):
    """How far a projection has read its stream; written in the transaction of the effects.

    `incarnation` is the stream's creation time: numbers of another incarnation mean nothing.
    """

    __tablename__ = "projection_position"

    name: Mapped[str] = mapped_column(Text, primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    incarnation: Mapped[str | None] = mapped_column(Text)
    at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class SourceRow(KitBase):
    """The newest owner's sequence seen per source and channel: gaps show here, and the age of the data."""

    __tablename__ = "projection_source"

    source: Mapped[str] = mapped_column(Text, primary_key=True)
    channel: Mapped[str] = mapped_column(Text, primary_key=True, default="", server_default="")
    seq: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    event_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    applied_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class ReceiptRow(KitBase):
    """That one event of another service came here and what became of it; nothing of what it says.

    `state`: applied, aside (in quarantine) or discarded. Written in the transaction of the effects.
    """

    __tablename__ = "event_receipt"
    __table_args__ = (
        Index("ix_event_receipt_type", "source", "type", "event_at", "seq"),
        Index("ix_event_receipt_key", "key"),
        Index("ix_event_receipt_at", "event_at", postgresql_using="brin"),
        Index("ix_event_receipt_trouble", "event_at", "seq", postgresql_where=text("state <> 'applied'")),
    )

    source: Mapped[str] = mapped_column(Text, primary_key=True)
    channel: Mapped[str] = mapped_column(Text, primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    type: Mapped[str] = mapped_column(Text)
    key: Mapped[str] = mapped_column(Text)
    event_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    state: Mapped[str] = mapped_column(Text)
    state_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class GapRow(KitBase):
    """Owner's sequences that never came and could not be fetched at once; open until `closed_at`.

    `first` moves up as parts arrive; `outcome` tells how it ended (`fetched`, or `gone` when the owner no
    longer keeps them: then only a recount or a rebuild helps).
    """

    __tablename__ = "projection_gap"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    source: Mapped[str] = mapped_column(Text)
    channel: Mapped[str] = mapped_column(Text, default="", server_default="")
    first: Mapped[int] = mapped_column(BigInteger)
    last: Mapped[int] = mapped_column(BigInteger)
    noted_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    tries: Mapped[int] = mapped_column(default=0, server_default="0")
    problem: Mapped[str | None] = mapped_column(Text)
    closed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    outcome: Mapped[str | None] = mapped_column(Text)


class QuarantineRow(KitBase):
    """A message that could not be applied, with its reason and raw bytes; staff retry or discard it.

    `fingerprint` (of subject and bytes) makes the same message one row however often it comes;
    `stream_seq` is empty for one fetched from its owner. `source` is who sent it, not who it says it is from.
    """

    __tablename__ = "quarantine"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    fingerprint: Mapped[UUID] = mapped_column(Uuid, unique=True)
    stream_seq: Mapped[int | None] = mapped_column(BigInteger)
    bus_subject: Mapped[str] = mapped_column(Text)
    source: Mapped[str | None] = mapped_column(Text)
    type: Mapped[str | None] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    raw: Mapped[bytes] = mapped_column(LargeBinary)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    tries: Mapped[int] = mapped_column(default=0, server_default="0")
    settled_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    settled_by: Mapped[str | None] = mapped_column(Text)
    settlement: Mapped[str | None] = mapped_column(Text)
    note: Mapped[str | None] = mapped_column(Text)
