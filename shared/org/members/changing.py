"""Changing people on the roll: what differs is written, told and remembered in words."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import delete, insert
from sqlalchemy.ext.asyncio import AsyncSession

from shared.kit import audit, clock
from shared.kit.clock import CHINA
from shared.kit.errors import Invalid, Problem, Refused, Stale
from shared.kit.pii import parse_identity
from shared.org.kit import OrgKit
from shared.org.members.changes import FieldChange, difference, with_known_days
from shared.org.members.filling import key_rows, plain_of, set_identity, set_name, set_phone
from shared.org.members.guards import refuse_taken
from shared.org.members.models import Member, MemberKey
from shared.org.members.reading import refuse_unborn, refuse_unknowable
from shared.org.members.rules import on_roll
from shared.org.members.service import (
    entry_of,
    flush,
    key_of,
    lock_members,
    note,
    open_units,
)
from shared.org.members.state import tell
from shared.org.policy import Entry
from shared.org.units import Unit, units_by_id

NOTHING_CLEARED: frozenset[str] = frozenset()
_ASKED = {"birth", "joined_on", "sex", "kind"}
"""A change of one of these is judged anew, whatever stood against the rules before."""
_ANSWERS = {True: "consented", False: "withdrawn", None: "unasked"}


async def change(
    session: AsyncSession,
    org: OrgKit,
    member: Member,
    entry: Entry,
    actor: audit.Actor,
    *,
    version: int,
    reason: str | None = None,
    clear: frozenset[str] = NOTHING_CLEARED,
    scope: str = "",
) -> Member:
    """One person, as seen at `version`: refused when somebody was faster. `clear`: fields to empty."""
    (held,) = await lock_members(session, [member.id], scope)
    if held.version != version:
        raise Stale("这条记录刚被别人改过", version=held.version)
    await change_many(session, org, [(held, entry)], actor, reason, clear=clear, scope=scope)
    return held


async def change_many(
    session: AsyncSession,
    org: OrgKit,
    wanted: Sequence[tuple[Member, Entry]],
    actor: audit.Actor,
    reason: str | None = None,
    batch_id: UUID | None = None,
    *,
    clear: frozenset[str] = NOTHING_CLEARED,
    scope: str = "",
) -> list[Member]:
    """Write what differs; returns those that changed. What an entry leaves empty keeps its value."""
    held = await lock_members(session, [member.id for member, _ in wanted], scope)
    facts = await org.policy.load(session, [m.id for m in held])
    entries = {m.id: with_known_days(m, facts.get(m.id, {}), entry) for m, entry in wanted}
    units = await _units(session, held, entries, scope)
    changed: list[tuple[Member, list[FieldChange], Unit]] = []
    for member in held:
        entry = entries[member.id]
        found = difference(org, member, facts.get(member.id, {}), entry, clear=clear, units=units)
        if not found:
            continue
        if not on_roll(member.standing):
            raise Refused(f"{member.name}已不在册，不能修改", hint="如需修改，请先恢复。")
        was, had = units[member.unit_id], entry_of(member, facts.get(member.id, {}))
        _apply(org, member, entry, {c.field for c in found}, units)
        own = {k: v for k, v in (facts.get(member.id, {}) | dict(entry.facts)).items() if k not in clear}
        _ask_again(org, member, had, own, {c.field for c in found})
        member.batch_id = batch_id or member.batch_id
        changed.append((member, found, was))
    people = [member for member, _, _ in changed]
    await refuse_taken(session, org, people, scope=scope)
    await flush(session)
    await _store_facts(session, org, people, entries, facts, clear)
    await _store_keys(session, [m for m, found, _ in changed if any(c.field == "name" for c in found)])
    await note(
        session,
        [n for m, found, was in changed for n in _notes(m, found, was, units)],
        actor,
        reason,
        batch_id,
    )
    await tell(session, org, people)
    return people


async def _units(
    session: AsyncSession, held: Sequence[Member], entries: Mapping[UUID, Entry], scope: str
) -> dict[UUID, Unit]:
    """Units people are in now, and (held, open, in scope) those they go to."""
    targets = {entries[m.id].unit_id for m in held if entries[m.id].unit_id != m.unit_id}
    return {
        **await units_by_id(session, {m.unit_id for m in held}),
        **await open_units(session, targets, scope),
    }


def _apply(org: OrgKit, member: Member, entry: Entry, fields: set[str], units: Mapping[UUID, Unit]) -> None:
    if "name" in fields:
        member.former_names = [n for n in [*member.former_names, member.name] if n != entry.name]
        set_name(member, entry.name)
    for code in fields & {"sex", "birth", "card_no", "post", "joined_on", "kind", "consent"}:
        setattr(member, code, getattr(entry, code))
    if "identity" in fields:
        set_identity(org, member, entry)
    if "phone" in fields:
        set_phone(org, member, entry.phone)
    if "unit" in fields:
        unit = units[entry.unit_id]
        member.unit_id, member.unit_path = unit.id, unit.path
    member.exclusive_key = key_of(org, member)
    member.version += 1
    member.changed_at = clock.now()


def _ask_again(org: OrgKit, member: Member, had: Entry, facts: Mapping[str, Any], fields: set[str]) -> None:
    """What was corrected is held against the rules of the day of entry, not of today:

    somebody who has grown too old since stays correctable, and what stood against the rules before is no
    reason to refuse a correction of something else. A number may be corrected, never emptied: it is what
    keeps the same person from standing on the roll twice.
    """
    if "identity" in fields and member.identity_token is None:
        said = "证件号码只能更正，不能清空"
        raise Invalid(said, hint="登记错了的，请填写正确的号码。", fields={"identity": said})
    if fields & {"birth", "identity"}:
        refuse_unknowable(identity=member.identity_token is not None, birth=member.birth is not None)
    if fields & {"birth", "joined_on"}:
        refuse_unborn(member.joined_on, member.birth)
    if fields & {"birth", "sex", "identity"}:
        _refuse_contradiction(org, member)
    if problem := _objected(org, member, had, entry_of(member, facts), fields):
        raise problem


def foreseen(
    org: OrgKit, member: Member, facts: Mapping[str, Any], entry: Entry, fields: set[str]
) -> Problem | None:
    """What the organisation's rules would refuse these changes for, before anything is written."""
    entry, had = with_known_days(member, facts, entry), entry_of(member, facts)
    given = {code: getattr(entry, code) for code in fields & _ASKED}
    return _objected(org, member, had, replace(had, **given, facts={**facts, **entry.facts}), fields)


def _objected(org: OrgKit, member: Member, had: Entry, then: Entry, fields: set[str]) -> Problem | None:
    if not fields & {*_ASKED, *(own.code for own in org.policy.own_fields)}:
        return None
    day = then.joined_on or member.created_at.astimezone(CHINA).date()
    before, now = _objection(org, had, day), _objection(org, then, day)
    standing = before is not None and now is not None and before.title == now.title
    return None if standing and not fields & _ASKED else now


def _objection(org: OrgKit, entry: Entry, day: date) -> Problem | None:
    try:
        org.policy.check(entry, day)
    except (Invalid, Refused) as problem:
        return problem
    return None


def _refuse_contradiction(org: OrgKit, member: Member) -> None:
    """What is on file must agree, also when the number was not typed again."""
    number = plain_of(org, member).identity
    if number is None:
        return
    identity = parse_identity(number, synthetic=True)
    if identity.birth and member.birth and identity.birth != member.birth:
        text = "与登记的身份证号码不一致，请核对。"
        raise Invalid("出生日期与登记的身份证号码不一致", fields={"birth": text})
    if identity.sex and member.sex and identity.sex[0] != member.sex:
        raise Invalid("性别与登记的身份证号码不一致", fields={"sex": "与登记的身份证号码不一致，请核对。"})


def _notes(
    member: Member, found: Sequence[FieldChange], was: Unit, units: Mapping[UUID, Unit]
) -> list[tuple[Member, str, dict[str, Any]]]:
    """A move and an answer about sharing are facts of their own, the rest is one correction."""
    out: list[tuple[Member, str, dict[str, Any]]] = []
    plain = [c for c in found if c.field not in {"unit", "consent"}]
    if plain:
        fields = [{"title": c.title, "old": c.old_masked, "new": c.new_masked} for c in plain]
        out.append((member, "changed", {"fields": fields}))
    if any(c.field == "unit" for c in found):
        out.append((member, "moved", {"from": was.name, "to": units[member.unit_id].name}))
    if any(c.field == "consent" for c in found):
        out.append((member, _ANSWERS[member.consent], {}))
    return out


async def _store_facts(
    session: AsyncSession,
    org: OrgKit,
    people: Sequence[Member],
    entries: Mapping[UUID, Entry],
    facts: Mapping[UUID, Mapping[str, Any]],
    clear: frozenset[str],
) -> None:
    rows: list[tuple[UUID, Mapping[str, Any]]] = []
    for member in people:
        before = facts.get(member.id, {})
        after = {k: v for k, v in before.items() if k not in clear} | dict(entries[member.id].facts)
        if after != before:
            rows.append((member.id, after))
    if rows:
        await org.policy.store(session, rows)


async def _store_keys(session: AsyncSession, people: Sequence[Member]) -> None:
    if people:
        await session.execute(delete(MemberKey).where(MemberKey.member_id.in_([m.id for m in people])))
        await session.execute(insert(MemberKey), key_rows(people))
