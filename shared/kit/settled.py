"""What a database was begun with and must be run with: other algorithms would find none of its numbers."""

import logging

from sqlalchemy import Text, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from shared.kit.base import KitBase
from shared.kit.db import Database
from shared.kit.events.effects import transient
from shared.kit.settings import Settings

log = logging.getLogger("quntuan.settled")


class SettledFact(KitBase):
    """One choice of the first start."""

    __tablename__ = "settled_fact"

    name: Mapped[str] = mapped_column(Text, primary_key=True)
    value: Mapped[str] = mapped_column(Text)


class OtherProfileError(Exception):
    """The settings name another crypto profile than the data were written with."""


async def hold_to(database: Database, settings: Settings) -> None:
    """Note the crypto profile at the first start; afterwards refuse to start with another one.

    Tokens are keyed hashes by the profile's algorithm: with another one nobody would be found by a number,
    and somebody already on the roll could be admitted a second time. A database that is away is no objection.
    """
    given = settings.crypto_profile
    try:
        async with database.transaction() as session:
            first = insert(SettledFact).values(name="crypto_profile", value=given)
            await session.execute(first.on_conflict_do_nothing())
            query = select(SettledFact.value).where(SettledFact.name == "crypto_profile")
            known = await session.scalar(query)
    except Exception as error:
        if not transient(error):
            raise
        log.warning("the crypto profile could not be compared", extra={"reason": type(error).__name__})
        return
    if known != given:
        raise OtherProfileError(
            f"数据是按算法组 {known} 写入的，现在的设置是 {given}。请把 QUNTUAN_CRYPTO_PROFILE 改回 {known}，"
            "或在空的数据库上启用新的算法组。\n"
            f"The data were written with the crypto profile {known}, the setting says {given}. Set "
            f"QUNTUAN_CRYPTO_PROFILE to {known} again, or begin with an empty database."
        )
