"""People about to come onto the roll, as plain records: written column by column, never as ORM objects."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from shared.kit import clock
from shared.kit.pii import NameKeys, Phone, mask_phone, name_keys, parse_phone
from shared.org.bulk import insert_columns
from shared.org.kit import OrgKit
from shared.org.members.filling import identity_context, phone_context, searched_by
from shared.org.members.kinds import kind_of
from shared.org.members.models import Member, MemberKey
from shared.org.members.rules import may_be_shared
from shared.org.policy import Entry
from shared.org.units import Unit


@dataclass(slots=True)
class Newcomer:
    """The columns of `member`, so that whatever reads a Member's state reads this as well."""

    id: UUID
    version: int
    unit_id: UUID
    unit_path: str
    kind: str
    standing: str
    name: str
    name_key: str
    name_py: str
    former_names: list[str]
    sex: str | None
    birth: date | None
    identity_kind: str | None
    identity_cipher: bytes | None
    identity_token: UUID | None
    identity_last4: str | None
    phone_cipher: bytes | None
    phone_token: UUID | None
    phone_last4: str | None
    phone_mask: str | None
    card_no: str | None
    post: str | None
    joined_on: date | None
    left_on: date | None
    left_reason: str | None
    consent: bool | None
    shared: bool
    exclusive_key: str | None
    batch_id: UUID | None
    created_at: datetime
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class Arrival:
    """A newcomer with what is needed once more on the way: the entry, keys of the name, phone, doubts."""

    member: Newcomer
    entry: Entry
    keys: NameKeys
    phone: Phone | None
    doubts: Sequence[str]


def arrival(
    org: OrgKit, entry: Entry, member_id: UUID, unit: Unit, batch_id: UUID | None, doubts: Sequence[str]
) -> Arrival:
    """The record of somebody who may join; whom there are doubts about stands as pending."""
    keys, at = name_keys(entry.name), clock.now()
    # whether demo people are allowed was decided at reading
    phone = parse_phone(entry.phone, synthetic=True) if entry.phone else None
    number, cipher = entry.identity, org.kit.cipher
    token = org.tokens.identity_token(number) if number else None
    member = Newcomer(
        id=member_id, version=1, unit_id=unit.id, unit_path=unit.path, kind=entry.kind,
        standing="pending" if doubts else "active",
        name=entry.name, name_key=keys.key, name_py=keys.pinyins[0], former_names=[],
        sex=entry.sex, birth=entry.birth,
        identity_kind=number.kind.value if number else None,
        identity_cipher=cipher.encrypt(number.number, identity_context(member_id)) if number else None,
        identity_token=token,
        identity_last4=number.last4 if number else None,
        phone_cipher=cipher.encrypt(phone.number, phone_context(member_id)) if phone else None,
        phone_token=org.tokens.phone_token(phone) if phone else None,
        phone_last4=phone.last4 if phone else None,
        phone_mask=mask_phone(phone.number) if phone else None,
        card_no=entry.card_no, post=entry.post, joined_on=entry.joined_on, left_on=None, left_reason=None,
        consent=entry.consent, shared=may_be_shared(kind_of(org, entry.kind), entry.consent),
        exclusive_key=org.policy.exclusive_key(entry, token, member_id),
        batch_id=batch_id, created_at=at, changed_at=at,
    )  # fmt: skip
    return Arrival(member, entry, keys, phone, doubts)


async def write(session: AsyncSession, arrivals: Sequence[Arrival]) -> None:
    """Rows of member and member_key. IntegrityError when somebody came in between onto the same place."""
    people = [a.member for a in arrivals]
    names = [f.name for f in fields(Newcomer)]
    await insert_columns(session, Member.__table__, {n: [getattr(p, n) for p in people] for n in names})
    rows: list[tuple[UUID, str, str]] = []
    for each in arrivals:
        rows += [(each.member.id, kind, key) for kind, key in searched_by([each.keys])]
    ids, kinds, keys = zip(*rows, strict=True)
    columns: dict[str, Sequence[Any]] = {"member_id": ids, "kind": kinds, "key": keys}
    await insert_columns(session, MemberKey.__table__, columns)
