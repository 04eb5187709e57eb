"""The newest word on members and units as events would tell it now: masked, with tokens, tombstones too."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from sqlalchemy import RowMapping, Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from shared.contracts.digests import digest_of
from shared.contracts.event import Event
from shared.contracts.members import MemberChanged, MemberLeft, MemberWithdrawn
from shared.contracts.recounts import Told
from shared.kit.pii import Phone
from shared.org.bulk import among, breathing
from shared.org.kit import OrgKit
from shared.org.members import Member, MemberTold, Word, phone_of, remember_told, state_of
from shared.org.units import Unit, units_by_id
from shared.org.units import state_of as units_state

_TOLD = MemberTold.__table__.c
_MEMBER = Member.__table__.c


def told(word: Event, at: Any) -> Told:
    """As it travels; nothing of ours is checked again, and there are millions."""
    return Told.model_construct(type=word.type, at=at, data=word.model_dump(mode="json"))


Page = tuple[list[Told], UUID | None]
"""What was told, and the id after which the next page begins."""


async def announced(session: AsyncSession, word: Event) -> Told:
    """An announcement, as of now."""
    return told(word, await session.scalar(select(func.now())))


async def members_told(session: AsyncSession, org: OrgKit, after: UUID | None, limit: int) -> Page:
    """The next members ever told of, in the order of their ids."""
    query = _ledger().order_by(_TOLD.member_id).limit(limit)
    rows = await _rows(session, query.where(_TOLD.member_id > after) if after else query)
    return await _words(session, org, rows), rows[-1]["member_id"] if len(rows) == limit else None


async def members_of(session: AsyncSession, org: OrgKit, ids: Sequence[UUID]) -> list[Told]:
    """These members; those never told of are left out."""
    rows = await _rows(session, _ledger().where(among(MemberTold.member_id, ids)))
    return await _words(session, org, rows)


async def units_told(session: AsyncSession, org: OrgKit, after: UUID | None, limit: int) -> Page:
    """The next units in the order of their ids."""
    query = select(Unit).order_by(Unit.id).limit(limit)
    units = (await session.scalars(query.where(Unit.id > after) if after else query)).all()
    words = [told(units_state(org, unit), unit.changed_at) for unit in units]
    return words, units[-1].id if len(units) == limit else None


async def units_of(session: AsyncSession, org: OrgKit, ids: Sequence[UUID]) -> list[Told]:
    """These units, as far as there are such."""
    units = await session.scalars(select(Unit).where(among(Unit.id, ids)))
    return [told(units_state(org, unit), unit.changed_at) for unit in units]


def _ledger() -> Select[Any]:
    """One statement: a member changed meanwhile is read with both its rows of before or both of after."""
    member = [_MEMBER[name].label(f"m_{name}") for name in _MEMBER.keys()]  # noqa: SIM118 - columns
    return select(*_TOLD, *member).outerjoin(Member, _MEMBER.id == _TOLD.member_id)


async def _rows(session: AsyncSession, query: Select[Any]) -> Sequence[RowMapping]:
    rows: Sequence[RowMapping] = (await session.execute(query)).mappings().all()
    return rows


async def _words(session: AsyncSession, org: OrgKit, rows: Sequence[RowMapping]) -> list[Told]:
    units = await units_by_id(session, {row["m_unit_id"] for row in rows} - {None})
    words: list[Told] = []
    stale: list[tuple[Word, datetime]] = []
    async for row in breathing(rows):
        word = _word(org, row, units)
        words.append(told(word, row["at"]))
        # a unit renamed since: what is told now differs from what was told; the ledger must say the same
        if digest_of(words[-1].data, row["at"]) != row["digest"]:
            stale.append((word, row["at"]))
    if stale:
        await remember_told(session, stale)
    return words


def _word(org: OrgKit, row: RowMapping, units: Mapping[UUID, Unit]) -> Word:
    if row["withdrawn"] or row["m_id"] is None:
        return MemberWithdrawn(member_id=row["member_id"], version=row["version"])
    member = cast("Member", _Columns(row))
    number = phone_of(org, member)
    phone = Phone(number, "mobile") if number else None
    as_ = MemberLeft if member.standing == "left" else MemberChanged
    return state_of(org, member, units[member.unit_id], phone, as_)


class _Columns:
    """The member's columns of a row, read as a Member's attributes are."""

    def __init__(self, row: RowMapping) -> None:
        self._row = row

    def __getattr__(self, name: str) -> Any:
        return self._row[f"m_{name}"]
