"""What waits for a person of the staff and a few figures, all below their scope."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from shared.kit import clock
from shared.kit.pagination import CAP
from shared.org.bookings import Booking, count_waiting, waiting_for_approval
from shared.org.imports.models import ImportBatch
from shared.org.kit import OrgKit
from shared.org.members import Member
from shared.org.members.listing import JOINED
from shared.org.members.rules import birthday, on_roll
from shared.org.members.tally import Tally
from shared.org.units import Unit, below

SHOWN = 5
AHEAD = timedelta(days=60)
RECENT = timedelta(days=30)
_WITH_HEAD = "$[*].head ? (@ > 0)"


@dataclass(frozen=True)
class Waiting:
    """How many there are of something, and the first of them."""

    number: int
    first: Sequence[Booking | ImportBatch]


@dataclass(frozen=True)
class Ageing:
    """Somebody near or past the age at which a decision is due; `due` is the birthday."""

    id: UUID
    name: str
    unit: str
    due: date
    over: bool


@dataclass(frozen=True)
class Figures:
    """Numbers of the scope today. `others` are relations that are no membership."""

    people: int
    others: int
    joined: int
    left: int
    units: int


@dataclass(frozen=True)
class Gaps:
    """People whose files lack something, counted up to the cap."""

    phone: int
    identity: int
    consent: int
    pending: int


async def approvals(session: AsyncSession, scope: str) -> Waiting:
    """Bookings somebody must decide."""
    return Waiting(
        await count_waiting(session, scope), await waiting_for_approval(session, scope, most=SHOWN)
    )


async def imports_waiting(session: AsyncSession, scope: str) -> Waiting:
    """Rosters somebody must map or confirm, the oldest first; files without a head may be none at all."""
    mapping = (ImportBatch.status == "mapping") & ImportBatch.tables.path_exists(_WITH_HEAD)
    where = [(ImportBatch.status == "ready") | mapping, below(ImportBatch.scope, scope)]
    query = select(ImportBatch).where(*where).order_by(ImportBatch.id).limit(SHOWN)
    number = await session.scalar(select(func.count()).select_from(ImportBatch).where(*where))
    return Waiting(number or 0, list(await session.scalars(query)))


async def imports_refused(session: AsyncSession, scope: str) -> Waiting:
    """Lines refused in the rosters of the last days; the newest of these."""
    lines = ImportBatch.sums["refused"].as_integer()
    where = [
        ImportBatch.status == "applied",
        ImportBatch.applied_at > clock.now() - RECENT,
        lines > 0,
        below(ImportBatch.scope, scope),
    ]
    query = select(ImportBatch).where(*where).order_by(ImportBatch.id.desc()).limit(SHOWN)
    number = await session.scalar(select(func.sum(lines)).where(*where))
    return Waiting(number or 0, list(await session.scalars(query)))


def born_to(org: OrgKit) -> date | None:
    """Who was born by this day is past the age limit or will be within 60 days; None without a limit."""
    limit = org.policy.age_limit(clock.today())
    return None if limit is None else birthday(clock.today() + AHEAD, -limit)


async def ageing(session: AsyncSession, org: OrgKit, scope: str) -> tuple[int, list[Ageing]]:
    """How many are past the age limit, or will be within 60 days, without a post; the nearest of them."""
    today, born = clock.today(), born_to(org)
    limit = org.policy.age_limit(today)
    if limit is None or born is None:
        return 0, []
    where = [*_on_roll(scope), Member.birth <= born, Member.post.is_(None)]
    number = await _count(session, where)
    query = select(Member, Unit.name).join(Unit, Unit.id == Member.unit_id).where(*where)
    rows = await session.execute(query.order_by(Member.birth, Member.id).limit(SHOWN))
    return number, [_ageing(member, unit, limit, today) for member, unit in rows]


def _ageing(member: Member, unit: str, limit: int, today: date) -> Ageing:
    due = birthday(member.birth or today, limit)
    return Ageing(member.id, member.name, unit, due, due <= today)


async def gaps(session: AsyncSession, org: OrgKit, scope: str, there: Tally) -> Gaps:
    """What is missing in the files; `there`: the scope's `tally`."""
    asked = [k.code for k in org.policy.kinds if k.needs_consent]
    return Gaps(
        phone=await _count(session, [*_on_roll(scope), Member.phone_token.is_(None)]),
        identity=await _count(session, [*_on_roll(scope), Member.identity_token.is_(None)]),
        pending=min(sum(n for (_, standing), n in there.items() if standing == "pending"), CAP),
        consent=await _count(session, [*_on_roll(scope), Member.consent.is_(None), Member.kind.in_(asked)]),
    )


async def figures(session: AsyncSession, org: OrgKit, scope: str, there: Tally) -> Figures:
    """People on the roll, this month's comings and goings, units; `there` as for `gaps`."""
    month = clock.today().replace(day=1)
    counted = {k.code for k in org.policy.kinds if k.counted}
    people = sum(n for (kind, standing), n in there.items() if on_roll(standing) and kind in counted)
    others = sum(n for (kind, standing), n in there.items() if on_roll(standing) and kind not in counted)
    came = [*_on_roll(scope), Member.kind.in_(counted), month <= JOINED]
    joined = await session.scalar(select(func.count()).select_from(Member).where(*came))
    gone = [below(Member.unit_path, scope), Member.standing == "left", Member.left_on >= month]
    left = await session.scalar(select(func.count()).select_from(Member).where(*gone))
    units = await session.scalar(
        select(func.count()).select_from(Unit).where(Unit.status == "active", below(Unit.path, scope))
    )
    return Figures(people, others, joined or 0, left or 0, units or 0)


def _on_roll(scope: str) -> list[ColumnElement[bool]]:
    return [below(Member.unit_path, scope), Member.standing != "left"]


async def _count(session: AsyncSession, where: Sequence[ColumnElement[bool]]) -> int:
    """A count that stops at the cap: what is more than a thousand needs no exact figure here."""
    capped = select(Member.id).where(*where).limit(CAP).subquery()
    return await session.scalar(select(func.count()).select_from(capped)) or 0
