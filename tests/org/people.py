"""Synthetic people and units that fit every organisation."""

import itertools
from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from shared.kit.audit import System
from shared.kit.events.models import OutboxRow
from shared.kit.pii import check_character
from shared.org.kit import OrgKit
from shared.org.members import Member, admit_many, read_entry
from shared.org.members.models import MemberChange
from shared.org.units import Unit, create_unit, ensure_top_unit

CLERK = System("沈若溪")
_serial = itertools.count(1)


def identity_number(birth: date = date(2005, 6, 15), sex: str = "f") -> str:
    """A number of the division that does not exist, unlike every other made in this process."""
    number = next(_serial)
    division = f"5199{1 + number // 400 % 90:02}"
    serial = 2 * (number % 400) + (1 if sex == "m" else 2)
    body = f"{division}{birth:%Y%m%d}{serial:03}"
    return body + check_character(body)


def phone_number() -> str:
    """A number no operator has."""
    return f"12{next(_serial):09}"


def person(org: OrgKit, **given: Any) -> dict[str, Any]:
    """What a form would send: somebody every organisation may take."""
    return {
        "name": "单文慧",
        "identity": identity_number(),
        "phone": phone_number(),
        "kind": org.policy.kinds[0].title,
        "joined_on": "2024-10-08",
        **given,
    }


async def tree(session: AsyncSession, org: OrgKit) -> tuple[Unit, Unit, Unit]:
    """The top, and two units below it of a kind that may stand there."""
    top = await ensure_top_unit(session, org, CLERK)
    kind = org.profile.kind(org.profile.top_kind).children[0]
    one = await create_unit(session, org, parent_id=top.id, name="柳江单位", kind=kind, actor=CLERK)
    two = await create_unit(session, org, parent_id=top.id, name="桂溪单位", kind=kind, actor=CLERK)
    return top, one, two


def two_levels(org: OrgKit) -> tuple[str, str]:
    """A kind below the top that has parts, and a kind that may stand below both."""
    top = org.profile.kind(org.profile.top_kind)
    for code in top.children:
        for part in org.profile.kind(code).children:
            if part in top.children:
                return code, part
    raise AssertionError(f"{org.profile.code}: no kind stands below two kinds")


async def admit(session: AsyncSession, org: OrgKit, unit: Unit, **given: Any) -> Member:
    """One person admitted to the unit."""
    entry = read_entry(org, person(org, **given), unit.id)
    (member_id,) = await admit_many(session, org, [(entry, None)], CLERK)
    return await session.get_one(Member, member_id)


async def told(session: AsyncSession, key: object) -> list[tuple[str, Mapping[str, Any]]]:
    """Types and data of the events recorded about one aggregate, in order."""
    query = select(OutboxRow).where(OutboxRow.key == str(key)).order_by(OutboxRow.id)
    return [(row.type, row.data) for row in await session.scalars(query)]


async def history(session: object, member_id: UUID) -> list[str]:
    query = select(MemberChange.fact).where(MemberChange.member_id == member_id).order_by(MemberChange.id)
    return list(await session.scalars(query))  # type: ignore[attr-defined]


async def consented(session: object, org: OrgKit, unit: object, **given: object) -> Member:
    """Somebody who agreed, so that every kind is shared."""
    return await admit(session, org, unit, consent="同意", **given)  # type: ignore[arg-type]
