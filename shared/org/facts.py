"""An organisation's own facts in its own table, one row per member: writing and reading them set-based."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import DeclarativeBase

from shared.org.bulk import insertion
from shared.org.policy import Entry, OwnField


class OwnFacts:
    """`table` has `member_id` as its key and a column for each own field."""

    def __init__(self, table: type[DeclarativeBase], fields: Sequence[OwnField]) -> None:
        self.table = table
        self.codes = tuple(own.code for own in fields)

    def doubts(self, entry: Entry, on: date) -> Sequence[str]:
        """Nothing, where the organisation has no such rule."""
        del entry, on
        return ()

    async def store(self, session: AsyncSession, facts: Sequence[tuple[UUID, Mapping[str, Any]]]) -> None:
        """Insert or replace whole rows: a fact that is not given is empty afterwards."""
        if not facts:
            return
        columns: dict[str, list[Any]] = {"member_id": [member_id for member_id, _ in facts]}
        columns |= {code: [given.get(code) for _, given in facts] for code in self.codes}
        statement = insertion(self.table.__table__, columns)
        replaced = {code: statement.excluded[code] for code in self.codes}
        await session.execute(statement.on_conflict_do_update(index_elements=["member_id"], set_=replaced))

    async def load(self, session: AsyncSession, member_ids: Sequence[UUID]) -> dict[UUID, dict[str, Any]]:
        """The known facts of each member; empty ones are left out."""
        columns = self.table.__table__.c
        query = select(columns["member_id"], *(columns[c] for c in self.codes))
        out: dict[UUID, dict[str, Any]] = {}
        for member_id, *values in await session.execute(query.where(columns["member_id"].in_(member_ids))):
            known = {c: v for c, v in zip(self.codes, values, strict=True) if v is not None}
            if known:
                out[member_id] = known
        return out
