"""The ends of other services' audit logs, kept for them."""

from datetime import datetime

from sqlalchemy import BigInteger, DateTime, LargeBinary, Text
from sqlalchemy.orm import Mapped, mapped_column

from shared.kit.base import KitBase


class KeptEnd(KitBase):
    """An end another service told. Each stays: a later one must not hide that an earlier one is gone."""

    __tablename__ = "kept_audit_end"

    source: Mapped[str] = mapped_column(Text, primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
