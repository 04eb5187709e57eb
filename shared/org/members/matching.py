"""Finding the affiliation an entry speaks of, for imports and double registrations."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, Date, Select, Text, bindparam, column, func, or_, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from shared.kit.pii import name_key
from shared.org.bulk import among, breathing
from shared.org.kit import OrgKit
from shared.org.members.models import Member
from shared.org.policy import Entry

Why = Literal["identity", "name+birth+phone", "name+birth+unit"]
CHUNK = 2000
NAMESAKES = 1000
"""People of one name born on one day: far more than there are."""


@dataclass(frozen=True)
class Match:
    """The member found and what it was found by; all but the identity number deserve a look by staff."""

    member: Member
    why: Why


@dataclass(frozen=True)
class _Asked:
    entry: Entry
    key: str
    identity: UUID | None
    phone: UUID | None


async def find_same(session: AsyncSession, org: OrgKit, entries: Sequence[Entry]) -> list[Match | None]:
    """For each entry the member on the roll it speaks of, or None. Name and birth date alone never suffice.

    People have several typed relations with some organisations: the same person counts as the same member
    only if the policy would let both stand in the same place (equal exclusive keys).
    """
    out: list[Match | None] = []
    for start in range(0, len(entries), CHUNK):
        asked = [_asked(org, entry) async for entry in breathing(entries[start : start + CHUNK])]
        by_identity, by_name = await _candidates(session, asked)
        out += [_best(org, a, by_identity, by_name) for a in asked]
    return out


def _asked(org: OrgKit, entry: Entry) -> _Asked:
    return _Asked(
        entry=entry,
        key=name_key(entry.name),
        identity=org.tokens.identity_token(entry.identity) if entry.identity else None,
        phone=org.tokens.phone_token(entry.phone) if entry.phone else None,
    )


async def _candidates(
    session: AsyncSession, asked: Sequence[_Asked]
) -> tuple[dict[UUID, list[Member]], dict[tuple[str, object], list[Member]]]:
    by_identity: dict[UUID, list[Member]] = {}
    by_name: dict[tuple[str, object], list[Member]] = {}
    tokens = {a.identity for a in asked if a.identity}
    names = {(a.key, a.entry.birth) for a in asked if a.entry.birth}
    where: list[ColumnElement[bool]] = [among(Member.identity_token, tokens)] if tokens else []
    if names and (known := list(await session.scalars(_namesakes(names)))):
        where.append(among(Member.id, known))
    if not where:
        return by_identity, by_name
    query = select(Member).where(Member.standing != "left", or_(*where)).order_by(Member.id)
    for member in await session.scalars(query):
        if member.identity_token:
            by_identity.setdefault(member.identity_token, []).append(member)
        by_name.setdefault((member.name_key, member.birth), []).append(member)
    return by_identity, by_name


def _namesakes(names: Collection[tuple[str, date]]) -> Select[tuple[UUID]]:
    """Ids of people on the roll with one of these names and that birth date: index look-ups, however many.

    A list of pairs was planned anew each time, and a join may read the whole roll; with a limit inside not.
    """
    keys, births = zip(*names, strict=True)
    given = (
        bindparam("keys", list(keys), ARRAY(Text)),
        bindparam("births", list(births), ARRAY(Date)),
    )
    columns = (column("key", Text), column("birth", Date))
    asked = func.unnest(*given).table_valued(*columns, name="asked").render_derived()
    same = select(Member.id).where(
        Member.name_key == asked.c.key, Member.birth == asked.c.birth, Member.standing != "left"
    )
    found = same.correlate(asked).limit(NAMESAKES).lateral()
    return select(found.c.id).select_from(asked.join(found, true()))


def _best(
    org: OrgKit,
    asked: _Asked,
    by_identity: dict[UUID, list[Member]],
    by_name: dict[tuple[str, object], list[Member]],
) -> Match | None:
    for member in by_identity.get(asked.identity, []) if asked.identity else []:
        if _same_place(org, asked.entry, member):
            return Match(member, "identity")
    if asked.entry.birth is None:
        return None
    fitting = [
        m
        for m in by_name.get((asked.key, asked.entry.birth), [])
        if _agree(asked.identity, m.identity_token) and _same_place(org, asked.entry, m)
    ]
    for member in fitting:
        if asked.phone and asked.phone == member.phone_token:
            return Match(member, "name+birth+phone")
    for member in fitting:
        if member.unit_id == asked.entry.unit_id and _agree(asked.phone, member.phone_token):
            return Match(member, "name+birth+unit")
    return None


def _agree(one: UUID | None, other: UUID | None) -> bool:
    """Not contradicting: at least one is unknown, or both are the same."""
    return one is None or other is None or one == other


def _same_place(org: OrgKit, entry: Entry, member: Member) -> bool:
    return org.policy.exclusive_key(entry, member.identity_token, member.id) == member.exclusive_key
