"""What others may know of a member, and telling them: every change goes out through `tell`."""

import asyncio
from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from shared.contracts.event import Event
from shared.contracts.members import (
    MemberAdmitted,
    MemberChanged,
    MemberLeft,
    MemberState,
    MemberWithdrawn,
    Tokens,
)
from shared.kit.events.outbox import emit_many
from shared.kit.pii import Phone, Sex, mask_card, mask_identity
from shared.org.bulk import breathing
from shared.org.kit import OrgKit
from shared.org.members.filling import phone_of
from shared.org.members.kinds import kind_of, standing_title
from shared.org.members.models import Member
from shared.org.members.newcomers import Arrival, Newcomer
from shared.org.members.rules import may_be_shared
from shared.org.members.told import remember
from shared.org.units import Unit, units_by_id

_IDENTITY_LENGTH = 18
_TOLD_AT_ONCE = 100
"""Events written by one statement: their encoding must not hold up the pages of this process."""


def identity_mask(member: Member | Newcomer) -> str | None:
    """Stars and the last four; nothing is decrypted for it."""
    if not member.identity_last4:
        return None
    if member.identity_kind == "passport":
        return mask_identity("*" * 5 + member.identity_last4)
    return "*" * (_IDENTITY_LENGTH - 4) + member.identity_last4


def tokens_of(org: OrgKit, member: Member | Newcomer, phone: Phone | None) -> Tokens:
    """Keyed hashes for linking and search at places that hold no key."""
    make = org.tokens
    sex: Sex | None = {"f": "female", "m": "male"}.get(member.sex or "")  # type: ignore[assignment]
    birth = member.birth
    return Tokens(
        identity=member.identity_token,
        phone=member.phone_token,
        card=make.card_token(member.card_no) if member.card_no else None,
        name_birth_phone=make.name_birth_phone(member.name, birth, phone) if birth and phone else None,
        birth_phone_sex=make.birth_phone_sex(birth, phone, sex) if birth and phone and sex else None,
        name_birth_sex=make.name_birth_sex(member.name, birth, sex) if birth and sex else None,
    )


def state_of(
    org: OrgKit, member: Member | Newcomer, unit: Unit, phone: Phone | None, as_: type[MemberState]
) -> MemberState:
    """The whole shareable state as one event."""
    kind = kind_of(org, member.kind)
    return as_(
        member_id=member.id,
        version=member.version,
        standing=member.standing,  # type: ignore[arg-type]  # the column holds these only
        standing_title=standing_title(org, member.kind, member.standing),
        kind=kind.code,
        kind_title=kind.title,
        counted=kind.counted,
        name=member.name,
        former_names=tuple(member.former_names),
        sex=member.sex,  # type: ignore[arg-type]
        birth_year=member.birth.year if member.birth else None,
        identity_mask=identity_mask(member),
        phone_mask=member.phone_mask,
        card_mask=mask_card(member.card_no) if member.card_no else None,
        identity_last4=member.identity_last4,
        phone_last4=member.phone_last4,
        tokens=tokens_of(org, member, phone),
        unit_id=unit.id,
        unit_names=tuple(unit.names),
        unit_path=unit.path,
        district=unit.district,
        post=member.post,
        joined_on=member.joined_on,
        left_on=member.left_on,
    )


async def tell(session: AsyncSession, org: OrgKit, members: Sequence[Member]) -> None:
    """Tell the change of each member if it may be shared, take it back if it may no longer be."""
    units = await units_by_id(session, {m.unit_id for m in members})
    due = [(m.id, _event(org, m, units[m.unit_id])) async for m in breathing(members)]
    events: list[tuple[UUID | str, Event]] = [(member_id, event) for member_id, event in due if event]
    await session.flush()
    await emit(session, events)


async def tell_arrivals(
    session: AsyncSession, org: OrgKit, arrivals: Sequence[Arrival], units: Mapping[UUID, Unit]
) -> None:
    """Tell who came, as far as it may be shared; remembered in `shared` as it is for everybody."""
    events: list[tuple[UUID | str, Event]] = []
    async for each in breathing(arrivals):
        member = each.member
        if may_be_shared(kind_of(org, member.kind), member.consent):
            unit = units[member.unit_id]
            events.append((member.id, state_of(org, member, unit, each.phone, MemberAdmitted)))
    await emit(session, events)


async def emit(session: AsyncSession, events: Sequence[tuple[UUID | str, Event]]) -> None:
    """Events in order, in portions that leave the others a turn; remembered for the recount."""
    await remember(session, [event for _, event in events])
    for start in range(0, len(events), _TOLD_AT_ONCE):
        await emit_many(session, events[start : start + _TOLD_AT_ONCE])
        await asyncio.sleep(0)


def _event(org: OrgKit, member: Member, unit: Unit) -> Event | None:
    """The event that is due, keeping in mind (`shared`) whether the hub knows the affiliation as present."""
    if not may_be_shared(kind_of(org, member.kind), member.consent):
        known, member.shared = member.shared, False
        return MemberWithdrawn(member_id=member.id, version=member.version) if known else None
    known, member.shared = member.shared, True
    number = phone_of(org, member)
    phone = Phone(number, "mobile") if number else None
    if member.standing == "left":
        return state_of(org, member, unit, phone, MemberLeft)
    return state_of(org, member, unit, phone, MemberChanged if known else MemberAdmitted)
