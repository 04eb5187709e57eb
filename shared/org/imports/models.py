"""Imports: the batch, its lines, the units it would found, remembered mappings, the file until it is read."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, ForeignKey, Index, Integer, LargeBinary, Text, Uuid, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from shared.org.db import OrgBase

SPECIAL = "wants_look or doubted or state = 'failed' or state = 'kept'"
WORKING = ("reading", "planning", "applying", "withdrawing")


class ImportBatch(OrgBase):
    """One uploaded roster and how far it has come.

    reading -> mapping -> planning -> ready -> applying -> applied (-> withdrawing -> withdrawn);
    `refused` is a file that is no good, `cancelled` one that staff put aside,
    `removed` one of these that staff took off the list.
    """

    __tablename__ = "import_batch"
    __table_args__ = (
        Index("ix_import_batch_list", "id", "scope"),
        Index(
            "ix_import_batch_working",
            "status",
            postgresql_where=text("status in ('reading','planning','applying','withdrawing')"),
        ),
    )

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, server_default=text("uuidv7()"))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    status: Mapped[str] = mapped_column(Text, default="reading")
    actor_id: Mapped[UUID | None] = mapped_column(Uuid)
    actor_name: Mapped[str] = mapped_column(Text)
    scope: Mapped[str] = mapped_column(Text, default="")
    """unit path the import must stay below: that of the uploader"""
    scope_name: Mapped[str] = mapped_column(Text, default="")
    file_name: Mapped[str] = mapped_column(Text)
    file_size: Mapped[int] = mapped_column(BigInteger)
    file_kind: Mapped[str] = mapped_column(Text, default="")
    encoding: Mapped[str] = mapped_column(Text, default="")
    tables: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, default=list)
    sums: Mapped[dict[str, int]] = mapped_column(JSONB, default=dict)
    """rows, ignored, new, changed, same, refused; after applying: written, kept, failed, and
    `told`: the number of the last event about it"""
    done: Mapped[int] = mapped_column(Integer, default=0)
    total: Mapped[int] = mapped_column(Integer, default=0)
    began_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    """when the present stage began: for the time that is left"""
    problem: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)
    confirmed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    confirmed_id: Mapped[UUID | None] = mapped_column(Uuid)
    confirmed_by: Mapped[str] = mapped_column(Text, default="")
    applied_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    withdrawn_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    purged_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    lease: Mapped[UUID | None] = mapped_column(Uuid)
    lease_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    version: Mapped[int] = mapped_column(BigInteger, default=1)
    """raised by every change that a page shows"""


class ImportFile(OrgBase):
    """A piece of the uploaded file, encrypted; deleted as soon as its rows are stored."""

    __tablename__ = "import_file"

    batch_id: Mapped[UUID] = mapped_column(ForeignKey(ImportBatch.id, ondelete="CASCADE"), primary_key=True)
    part: Mapped[int] = mapped_column(Integer, primary_key=True)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)


class ImportUnit(OrgBase):
    """A unit the file speaks of and the tree does not have; name and kind as staff want them."""

    __tablename__ = "import_unit"
    __table_args__ = (Index("uq_import_unit", "batch_id", "key", unique=True),)

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, server_default=text("uuidv7()"))
    batch_id: Mapped[UUID] = mapped_column(ForeignKey(ImportBatch.id, ondelete="CASCADE"))
    key: Mapped[str] = mapped_column(Text)
    """id of the known unit above and the comparable names below it"""
    base_id: Mapped[UUID] = mapped_column(Uuid)
    parent_id: Mapped[UUID | None] = mapped_column(ForeignKey("import_unit.id", ondelete="CASCADE"))
    depth: Mapped[int] = mapped_column(Integer)
    written: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)
    below: Mapped[str] = mapped_column(Text)
    """name of the unit above, for the page"""
    people: Mapped[int] = mapped_column(Integer, default=0)
    unit_id: Mapped[UUID | None] = mapped_column(Uuid)
    """the unit founded for it, or one of that name that stood there by then"""
    founded: Mapped[bool] = mapped_column(default=False, server_default="false")
    """whether this batch founded it: then it closes again when the batch is taken back"""


class ImportRow(OrgBase):
    """One line of the file: raw cells (encrypted, deleted after some days), what it would do, what it did."""

    __tablename__ = "import_row"
    __table_args__ = (
        Index("ix_import_row_outcome", "batch_id", "outcome", "line"),
        Index(
            "ix_import_row_identity",
            "batch_id",
            "key_identity",
            postgresql_where=text("key_identity is not null"),
        ),
        Index("ix_import_row_phone", "batch_id", "key_phone", postgresql_where=text("key_phone is not null")),
        Index("ix_import_row_unit", "batch_id", "key_unit", postgresql_where=text("key_unit is not null")),
        Index(
            "ix_import_row_member", "batch_id", "member_id", postgresql_where=text("member_id is not null")
        ),
        Index("ix_import_row_card", "batch_id", "key_card", postgresql_where=text("key_card is not null")),
        # the few lines staff look for among a million: each of their queries names one of these conditions
        Index("ix_import_row_special", "batch_id", "line", postgresql_where=text(SPECIAL)),
    )

    batch_id: Mapped[UUID] = mapped_column(ForeignKey(ImportBatch.id, ondelete="CASCADE"), primary_key=True)
    line: Mapped[int] = mapped_column(Integer, primary_key=True)
    sheet: Mapped[int] = mapped_column(Integer)
    row: Mapped[int] = mapped_column(Integer)
    cells: Mapped[bytes | None] = mapped_column(LargeBinary)
    outcome: Mapped[str] = mapped_column(Text, default="")
    """'' not planned yet, ignored, new, changed, same, refused"""
    decision: Mapped[str] = mapped_column(Text, default="")
    """skip: staff said no; confirm: staff confirmed a change of name; '' otherwise"""
    wants_look: Mapped[bool] = mapped_column(default=False)
    """a change of name: written only when confirmed"""
    doubted: Mapped[bool] = mapped_column(default=False, server_default="false")
    """a newcomer whose record contradicts a rule: comes onto the roll as pending"""
    state: Mapped[str] = mapped_column(Text, default="")
    """written, kept (by withdrawing), withdrawn, failed"""
    name: Mapped[str] = mapped_column(Text, default="")
    last4: Mapped[str] = mapped_column(Text, default="")
    note: Mapped[str] = mapped_column(Text, default="")
    changes: Mapped[list[dict[str, str]]] = mapped_column(JSONB, default=list)
    troubles: Mapped[list[dict[str, str]]] = mapped_column(JSONB, default=list)
    unit_id: Mapped[UUID | None] = mapped_column(Uuid)
    """a known unit or one of import_unit"""
    key_identity: Mapped[UUID | None] = mapped_column(Uuid)
    key_phone: Mapped[UUID | None] = mapped_column(Uuid)
    key_unit: Mapped[UUID | None] = mapped_column(Uuid)
    key_card: Mapped[UUID | None] = mapped_column(Uuid)
    member_id: Mapped[UUID | None] = mapped_column(Uuid)
    member_version: Mapped[int | None] = mapped_column(BigInteger)
    """the member's version after this line was written: unchanged since = may be taken back"""
    before: Mapped[bytes | None] = mapped_column(LargeBinary)
    """the fields as they were, encrypted: for taking the change back"""


class ImportShape(OrgBase):
    """The mapping staff confirmed for a table with these titles: used the next time such a file comes."""

    __tablename__ = "import_shape"

    shape: Mapped[str] = mapped_column(Text, primary_key=True)
    fields: Mapped[list[str]] = mapped_column(JSONB)
    actor_name: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
