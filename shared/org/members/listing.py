"""The roll as lists show it: filters, order, keyset pages. Everything stays below the asker's scope."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import ColumnElement, func, literal_column, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from shared.kit import clock
from shared.kit.errors import NotFound
from shared.kit.pagination import CAP, Cursor, Page
from shared.kit.sealed import SealedCursors
from shared.org.kit import OrgKit
from shared.org.members.models import Member
from shared.org.members.rules import birthday
from shared.org.units import Unit, below

Sort = Literal["changed", "name", "joined"]
JOINED: ColumnElement[date] = func.coalesce(Member.joined_on, literal_column("'0001-01-01'::date"))
_COLUMNS: Mapping[str, tuple[tuple[Any, ...], bool]] = {
    "changed": ((Member.changed_at,), True),
    "name": ((Member.name_py, Member.name), False),
    "joined": ((JOINED,), True),
}
_READ: Mapping[str, Callable[[str], Any]] = {
    "changed": datetime.fromisoformat,
    "name": str,
    "joined": date.fromisoformat,
}


@dataclass(frozen=True)
class Filters:
    """What narrows the roll down; None = any. `path` is a unit's; an empty one the whole scope."""

    path: str = ""
    only_here: bool = False
    standing: str = "on_roll"
    kind: str | None = None
    sex: str | None = None
    age_from: int | None = None
    age_to: int | None = None
    phone: bool | None = None
    identity: bool | None = None
    consent: Literal["yes", "no", "unasked"] | None = None
    joined_from: date | None = None
    joined_to: date | None = None
    born_to: date | None = None
    post: bool | None = None
    batch: UUID | None = None


@dataclass(frozen=True)
class Row:
    """One line of the list."""

    member: Member
    unit: Unit


def conditions(filters: Filters, scope: str) -> list[ColumnElement[bool]]:
    """The filters as conditions, the scope among them."""
    f = filters
    out: list[ColumnElement[bool]] = [below(Member.unit_path, scope)]
    if f.path:
        out.append(Member.unit_path == f.path if f.only_here else below(Member.unit_path, f.path))
    if f.standing == "on_roll":
        out.append(Member.standing != "left")
    elif f.standing != "all":
        out.append(Member.standing == f.standing)
    for column, value in ((Member.kind, f.kind), (Member.sex, f.sex), (Member.batch_id, f.batch)):
        if value is not None:
            out.append(column == value)
    for column, wanted in (
        (Member.phone_token, f.phone),
        (Member.identity_token, f.identity),
        (Member.post, f.post),
    ):
        if wanted is not None:
            out.append(column.is_not(None) if wanted else column.is_(None))
    if f.consent:
        out.append(
            Member.consent.is_not_distinct_from({"yes": True, "no": False, "unasked": None}[f.consent])
        )
    return [*out, *_days(f)]


def _days(f: Filters) -> list[ColumnElement[bool]]:
    out: list[ColumnElement[bool]] = []
    today = clock.today()
    if f.age_from is not None:
        out.append(Member.birth <= _born(today, f.age_from))
    if f.age_to is not None:
        out.append(Member.birth > _born(today, f.age_to + 1))
    if f.joined_from:
        out.append(Member.joined_on >= f.joined_from)
    if f.joined_to:
        out.append(Member.joined_on <= f.joined_to)
    if f.born_to:
        out.append(Member.birth <= f.born_to)
    return out


def _born(today: date, age: int) -> date:
    """Who is that old today was born on this day or before."""
    return birthday(today, -age)


async def read_page(
    session: AsyncSession,
    org: OrgKit,
    where: list[ColumnElement[bool]],
    *,
    sort: Sort = "changed",
    after: str = "",
    size: int = 50,
) -> Page[Row]:
    """One page in the order asked for, with cursors to both sides and a total up to the cap."""
    columns, descending = _COLUMNS[sort]
    cursors = SealedCursors(org.kit.cipher, f"member.page:{sort}", len(columns) + 1)
    cursor = cursors.read(after)
    backwards = cursor.backwards if cursor else False
    down = descending != backwards
    query = select(Member, Unit).join(Unit, Unit.id == Member.unit_id).where(*where)
    if cursor:
        query = query.where(_beyond(sort, cursor, down))
    found = await session.execute(query.order_by(*_order(columns, down)).limit(size + 1))
    rows = [Row(member, unit) for member, unit in found]
    more, rows = len(rows) > size, rows[:size]
    if backwards:
        rows.reverse()
    earlier, later = more if backwards else cursor, more or backwards
    total = await count_to(session, where, CAP + 1)
    return Page(
        rows=rows,
        previous=cursors.write(Cursor(_key(sort, rows[0]), backwards=True)) if rows and earlier else None,
        next=cursors.write(Cursor(_key(sort, rows[-1]))) if rows and later else None,
        total=min(total, CAP),
        capped=total > CAP,
    )


def order_of(sort: Sort) -> list[ColumnElement[Any]]:
    """The whole list in the order of its pages."""
    return _order(*_COLUMNS[sort])


def _order(columns: Sequence[Any], down: bool) -> list[ColumnElement[Any]]:
    return [column.desc() if down else column.asc() for column in (*columns, Member.id)]


async def count_to(session: AsyncSession, where: Sequence[ColumnElement[bool]], most: int) -> int:
    """How many there are; counting stops there."""
    found = select(Member.id).where(*where).limit(most).subquery()
    return await session.scalar(select(func.count()).select_from(found)) or 0


def _beyond(sort: Sort, cursor: Cursor, down: bool) -> ColumnElement[bool]:
    """Past the place the cursor keeps, wherever the row that stood there is now."""
    columns, _ = _COLUMNS[sort]
    *values, row_id = cursor.values
    here = tuple_(*columns, Member.id)
    there = tuple_(*(_READ[sort](str(value)) for value in values), UUID(str(row_id)))
    return here < there if down else here > there


def _key(sort: Sort, row: Row) -> tuple[Any, ...]:
    member = row.member
    if sort == "name":
        return member.name_py, member.name, member.id
    return member.changed_at if sort == "changed" else member.joined_on or date.min, member.id


async def get_member(session: AsyncSession, member_id: UUID, scope: str) -> Row:
    """One person with the unit; NotFound outside the scope."""
    query = select(Member, Unit).join(Unit, Unit.id == Member.unit_id)
    found = (
        await session.execute(query.where(Member.id == member_id, below(Member.unit_path, scope)))
    ).one_or_none()
    if found is None:
        raise NotFound("没有这个人", hint="可能已调整到您管理范围以外的单位。")
    return Row(*found)
