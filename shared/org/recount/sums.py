"""Counts and digests over the ledger of what was told, after making sure that it agrees with the roll."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Integer, Select, Text, cast, func, literal_column, or_, select
from sqlalchemy.dialects.postgresql import BIT
from sqlalchemy.ext.asyncio import AsyncSession

from shared.contracts.digests import FORM, unit_digest
from shared.contracts.members import MemberChanged, MemberWithdrawn
from shared.contracts.recounts import MOST_ROWS, Sum
from shared.kit.events.models import ChannelRow, OutboxRow
from shared.kit.pii import Phone
from shared.org.bulk import breathing
from shared.org.kit import OrgKit
from shared.org.members import Member, MemberTold, Word, phone_of, remember_told, state_of
from shared.org.units import Unit, units_by_id
from shared.org.units import state_of as units_state

CHUNK = 500
_BUCKET = cast(
    cast(literal_column("'x'").op("||")(func.right(cast(MemberTold.member_id, Text), 3)), BIT(12)), Integer
)


async def numbered(session: AsyncSession) -> int:
    """The newest number given: whatever is committed later, or is not numbered yet, gets a higher one."""
    return await session.scalar(select(ChannelRow.newest).where(ChannelRow.channel == "")) or 0


async def newest(session: AsyncSession) -> int:
    """The number the last event will get that is committed now, unless others come in between."""
    waiting = select(func.count()).select_from(OutboxRow).where(OutboxRow.channel == "")
    return await numbered(session) + (await session.scalar(waiting) or 0)


async def how_many(session: AsyncSession) -> tuple[int, int]:
    """Members ever told of, and units."""
    members = await session.scalar(select(func.count()).select_from(MemberTold))
    return members or 0, await session.scalar(select(func.count()).select_from(Unit)) or 0


async def by_district(session: AsyncSession) -> list[Sum]:
    """Everybody ever told of."""
    return await _sums(
        session, select(MemberTold.district.label("part"), *_SUM).group_by(MemberTold.district)
    )


async def by_bucket(session: AsyncSession, district: str) -> list[Sum]:
    """One district in finer parts."""
    query = select(_BUCKET.label("part"), *_SUM).where(MemberTold.district == district).group_by("part")
    return await _sums(session, query)


_SUM = (func.count().label("count"), func.bit_xor(MemberTold.digest).label("digest"))


async def _sums(session: AsyncSession, query: Select[tuple[object, int, int]]) -> list[Sum]:
    rows = (await session.execute(query)).mappings()
    return [Sum(part=str(r["part"]), count=r["count"], digest=r["digest"]) for r in rows]


async def rows_of(
    session: AsyncSession, district: str, buckets: Sequence[int], after: UUID | None
) -> list[tuple[UUID, int]]:
    """Members of these parts with their digests."""
    query = select(MemberTold.member_id, MemberTold.digest).where(
        MemberTold.district == district, _BUCKET.in_(buckets)
    )
    query = query.where(MemberTold.member_id > after) if after else query
    rows = await session.execute(query.order_by(MemberTold.member_id).limit(MOST_ROWS))
    return [(row.member_id, row.digest) for row in rows]


async def unit_rows(session: AsyncSession, org: OrgKit, after: UUID | None) -> list[tuple[UUID, int]]:
    """Units with their digests, made now: there are few."""
    query = select(Unit).order_by(Unit.id).limit(MOST_ROWS)
    units = (await session.scalars(query.where(Unit.id > after) if after else query)).all()
    return [(unit.id, unit_digest(units_state(org, unit))) async for unit in breathing(units)]


async def settle(session: AsyncSession, org: OrgKit) -> bool:
    """Bring one chunk of the ledger in line with the roll; True when more may remain.

    Nothing is left to do unless rows are older than the ledger or than its form, or were changed by hand.
    """
    told, shared = MemberTold, Member.shared.is_(True)
    missing = shared & or_(told.member_id.is_(None), told.withdrawn, told.version < Member.version)
    query = select(Member).outerjoin(told, told.member_id == Member.id)
    people = (await session.scalars(query.where(missing | (shared & (told.form != FORM))).limit(CHUNK))).all()
    moments = await _moments(session, [m.id for m in people])
    units = await units_by_id(session, {m.unit_id for m in people})
    words: list[tuple[Word, object]] = []
    async for member in breathing(people):
        number = phone_of(org, member)
        phone = Phone(number, "mobile") if number else None
        state = state_of(org, member, units[member.unit_id], phone, MemberChanged)
        words.append((state, moments.get(member.id, member.changed_at)))
    words += await _gone(session)
    if words:
        await remember_told(session, words)  # type: ignore[arg-type]  # moments are datetimes
    return bool(words)


async def _moments(session: AsyncSession, ids: Sequence[UUID]) -> dict[UUID, object]:
    rows = await session.execute(
        select(MemberTold.member_id, MemberTold.at).where(MemberTold.member_id.in_(ids))
    )
    return {row.member_id: row.at for row in rows}


async def _gone(session: AsyncSession) -> list[tuple[Word, object]]:
    """Told of, and no longer on the roll or no longer to be shared: tombstones nobody wrote."""
    query = select(MemberTold).outerjoin(Member, Member.id == MemberTold.member_id)
    gone = query.where(MemberTold.withdrawn.is_(False), Member.shared.is_not(True)).limit(CHUNK)
    old = query.where(MemberTold.withdrawn, MemberTold.form != FORM, Member.shared.is_not(True)).limit(CHUNK)
    return [
        *(
            (MemberWithdrawn(member_id=r.member_id, version=r.version), r.at)
            for r in await session.scalars(gone)
        ),
        *(
            (MemberWithdrawn(member_id=r.member_id, version=r.version), r.at)
            for r in await session.scalars(old)
        ),
    ]
