"""Use cases on the roll, set-based: each is one transaction's work on many people, told as events.

The caller gives the actor (`Staff`, or `audit.System`) and, for a person's own request, the scope: a unit
outside it is as unknown as one that does not exist.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from shared.kit import audit, clock
from shared.kit.errors import Invalid, NotFound, Refused
from shared.kit.pii.free_text import refuse_number
from shared.org.bulk import insert_columns
from shared.org.kit import OrgKit
from shared.org.members.auditing import record_facts
from shared.org.members.guards import refuse_taken, told_apart
from shared.org.members.models import Member, MemberChange
from shared.org.members.newcomers import Newcomer
from shared.org.members.rules import on_roll, standing_after
from shared.org.members.state import tell
from shared.org.policy import Entry
from shared.org.units import Unit, in_scope, lock_units

NO_SUCH_MEMBER = "没有这个人"

Step = Literal["retain", "resume", "restore"]
_FACT: Mapping[Step, str] = {"retain": "retained", "resume": "resumed", "restore": "restored"}


async def leave_many(
    session: AsyncSession,
    org: OrgKit,
    members: Sequence[Member],
    left_on: date,
    reason: str,
    actor: audit.Actor,
    batch_id: UUID | None = None,
    *,
    scope: str = "",
) -> list[Member]:
    """The affiliations end on a day, for a reason; the rows stay as history."""
    if not reason.strip():
        raise Invalid("请选择或写明原因", fields={"reason": "请选择或写明原因"})
    if left_on > clock.today():
        raise Invalid("日期不能晚于今天", fields={"left_on": "不能晚于今天"})
    held = await lock_members(session, [m.id for m in members], scope)
    for member in held:
        if not on_roll(member.standing):
            raise Refused(f"{member.name}已不在册")
        if member.joined_on and left_on < member.joined_on:
            raise Invalid(
                "日期早于加入时间",
                fields={"left_on": f"{member.name}于 {member.joined_on} 加入，离开不能更早"},
            )
        member.standing, member.left_on, member.left_reason = "left", left_on, reason.strip()
    _touch(held, batch_id)
    await flush(session)
    detail = {"on": left_on.isoformat()}
    await note(session, [(m, "left", detail) for m in held], actor, reason, batch_id)
    await tell(session, org, held)
    return held


async def move_many(
    session: AsyncSession,
    org: OrgKit,
    members: Sequence[Member],
    unit_id: UUID,
    actor: audit.Actor,
    reason: str | None = None,
    batch_id: UUID | None = None,
    *,
    scope: str = "",
) -> list[Member]:
    """People go to another unit; who is there already stays untouched."""
    target = (await open_units(session, {unit_id}, scope))[unit_id]
    held = [m for m in await lock_members(session, [m.id for m in members], scope) if m.unit_id != unit_id]
    names = await _unit_names(session, {m.unit_id for m in held})
    facts = []
    for member in held:
        if not on_roll(member.standing):
            raise Refused(f"{member.name}已不在册，不能调整单位")
        facts.append((member, "moved", {"from": names[member.unit_id], "to": target.name}))
        member.unit_id, member.unit_path = target.id, target.path
        member.exclusive_key = key_of(org, member)
    await refuse_taken(session, org, held, scope=scope)
    _touch(held, batch_id)
    await flush(session)
    await note(session, facts, actor, reason, batch_id)
    await tell(session, org, held)
    return held


async def step_many(
    session: AsyncSession,
    org: OrgKit,
    members: Sequence[Member],
    step: Step,
    actor: audit.Actor,
    reason: str | None = None,
    *,
    scope: str = "",
) -> list[Member]:
    """Retain an affiliation, take it up again, or undo a leaving."""
    held = await lock_members(session, [m.id for m in members], scope)
    was = {member.id: member.standing for member in held}
    if step == "restore":
        await open_units(session, {m.unit_id for m in held}, scope)
    for member in held:
        standing = standing_after(member.standing, step)
        if standing is None or standing not in org.policy.standings:
            raise Refused(f"{member.name}现在的状态不能这样办理", hint="请刷新页面，查看最新状态。")
        member.standing = standing
        if step == "restore":
            member.left_on = member.left_reason = None
            member.exclusive_key = key_of(org, member)
    if step == "restore":
        await _ask_policy(session, org, held)
        await refuse_taken(session, org, held, scope=scope)
    _touch(held, None)
    await flush(session)
    await note(session, [(m, _FACT[step], {"was": was[m.id]}) for m in held], actor, reason, None)
    await tell(session, org, held)
    return held


async def set_consent(
    session: AsyncSession,
    org: OrgKit,
    member: Member,
    consent: bool,
    actor: audit.Actor,
    reason: str | None = None,
    *,
    scope: str = "",
) -> Member:
    """The person agreed, or does not agree (any more), to be shown at the hub."""
    (held,) = await lock_members(session, [member.id], scope)
    if held.consent == consent:
        return held
    held.consent = consent
    _touch([held], None)
    await flush(session)
    await note(session, [(held, "consented" if consent else "withdrawn", {})], actor, reason, None)
    await tell(session, org, [held])
    return held


async def lock_members(session: AsyncSession, ids: Sequence[UUID], scope: str = "") -> list[Member]:
    """The members, locked, as they are now and in the order given: whoever writes their events holds them.

    Who went to a unit outside the scope while the lock was waited for is as unknown as who never was.
    """
    query = select(Member).where(Member.id.in_(ids)).order_by(Member.id).with_for_update()
    found = {m.id: m for m in await session.scalars(query.execution_options(populate_existing=True))}
    if missing := [i for i in ids if i not in found or not in_scope(found[i].unit_path, scope)]:
        raise NotFound(NO_SUCH_MEMBER, rows=[ids.index(i) for i in missing])
    return [found[i] for i in dict.fromkeys(ids)]


async def open_units(session: AsyncSession, ids: set[UUID], scope: str) -> dict[UUID, Unit]:
    """The active units of these ids, held until the transaction ends; NotFound outside the scope."""
    units = await lock_units(session, ids)
    for unit_id in ids:
        unit = units.get(unit_id)
        if unit is None or not in_scope(unit.path, scope):
            raise NotFound("没有这个单位", hint="它可能不在您的管理范围内。")
        if unit.status != "active":
            raise Refused(f"“{unit.name}”已撤销", hint="请改选别的单位。")
    return units


async def note(
    session: AsyncSession,
    facts: Sequence[tuple[Member | Newcomer, str, Mapping[str, Any]]],
    actor: audit.Actor,
    reason: str | None,
    batch_id: UUID | None,
) -> None:
    """History rows of one instant, and the log; everybody who may see the person reads the reason."""
    refuse_number(reason)
    record_facts(session, facts, actor, reason, batch_id)
    number = len(facts)
    columns: dict[str, Sequence[Any]] = {
        "member_id": [member.id for member, _, _ in facts],
        "at": [clock.now()] * number,
        "fact": [fact for _, fact, _ in facts],
        "actor": [actor.name] * number,
        "reason": [(reason or "").strip() or None] * number,
        "detail": [dict(detail) for _, _, detail in facts],
        "batch_id": [batch_id] * number,
    }
    await insert_columns(session, MemberChange.__table__, columns)


async def _ask_policy(session: AsyncSession, org: OrgKit, members: Sequence[Member]) -> None:
    """Who comes back may be on the roll today: nobody who left because of age returns by this way."""
    facts = await org.policy.load(session, [member.id for member in members])
    for member in members:
        org.policy.check(entry_of(member, facts.get(member.id, {})), clock.today())


def entry_of(member: Member, facts: Mapping[str, Any]) -> Entry:
    """What is on file about a member, as the policy is asked about it."""
    return Entry(
        name=member.name, unit_id=member.unit_id, kind=member.kind, birth=member.birth,
        sex=member.sex,  # type: ignore[arg-type]  # the column holds these only
        post=member.post, joined_on=member.joined_on, facts=facts,
    )  # fmt: skip


def key_of(org: OrgKit, member: Member) -> str | None:
    """The member's exclusive key, computed again from what is stored."""
    return org.policy.exclusive_key(entry_of(member, {}), member.identity_token, member.id)


async def flush(session: AsyncSession) -> None:
    """Write; who came in between onto the same place is told apart from a fault."""
    with told_apart():
        await session.flush()


def _touch(members: Sequence[Member], batch_id: UUID | None) -> None:
    at = clock.now()
    for member in members:
        member.version += 1
        member.changed_at = at
        member.batch_id = batch_id or member.batch_id


async def _unit_names(session: AsyncSession, ids: set[UUID]) -> dict[UUID, str]:
    rows = await session.execute(select(Unit.id, Unit.name).where(Unit.id.in_(ids)))
    return {row.id: row.name for row in rows}


audit.describe(
    {
        "member.viewed": "查看人员",
        "member.searched": "查找人员",
        "member.revealed": "查看完整信息",
        "member.exported": "导出名册",
    }
)
