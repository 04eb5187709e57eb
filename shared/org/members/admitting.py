"""Taking people onto the roll, many at once."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.kit import audit, clock
from shared.kit.errors import Refused
from shared.kit.pii import name_key
from shared.org.bulk import breathing
from shared.org.kit import OrgKit
from shared.org.members.guards import ASK, held_by, refuse_taken, told_apart
from shared.org.members.matching import Match, find_same
from shared.org.members.newcomers import Arrival, arrival, write
from shared.org.members.reading import refuse_unborn, refuse_unknowable
from shared.org.members.service import note, open_units
from shared.org.members.state import tell_arrivals
from shared.org.policy import Entry
from shared.org.units import Unit, units_by_id

Wanted = Sequence[tuple[Entry, UUID | None]]
# the same form sent twice at once: whoever has no number is kept apart by no constraint, so the second waits
_ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(hashtextextended('admit|' || :who, 0))")


async def admit_many(
    session: AsyncSession,
    org: OrgKit,
    entries: Wanted,
    actor: audit.Actor,
    reason: str | None = None,
    batch_id: UUID | None = None,
    *,
    scope: str = "",
) -> list[UUID]:
    """New people on the roll; their ids in the order given, made where none is given. Refused as a whole.

    The policy is asked about each as of today; `Refused.extra["rows"]` holds the positions in the way.
    """
    if not entries:
        return []
    units = await open_units(session, {entry.unit_id for entry, _ in entries}, scope)
    arrivals = await _arrivals(session, org, entries, units, batch_id)
    await refuse_taken(session, org, [a.member for a in arrivals], scope=scope)
    await session.flush()
    with told_apart():
        await write(session, arrivals)
    await org.policy.store(session, [(a.member.id, a.entry.facts) for a in arrivals if a.entry.facts])
    facts = [
        (a.member, "admitted", {"unit": units[a.member.unit_id].name, "doubts": list(a.doubts)})
        for a in arrivals
    ]
    await note(session, facts, actor, reason, batch_id)
    await tell_arrivals(session, org, arrivals, units)
    return [a.member.id for a in arrivals]


async def admit_one(
    session: AsyncSession,
    org: OrgKit,
    entry: Entry,
    actor: audit.Actor,
    reason: str | None = None,
    *,
    scope: str = "",
) -> UUID:
    """Somebody registered by hand. Refused when the roll has name and birth date with the phone or unit."""
    refuse_unknowable(identity=entry.identity is not None, birth=entry.birth is not None)
    refuse_unborn(entry.joined_on, entry.birth)
    await session.execute(_ONE_AT_A_TIME, {"who": f"{name_key(entry.name)}|{entry.birth}"})
    (match,) = await find_same(session, org, [entry])
    if match and match.why != "identity":  # an equal number has a word of its own, in `refuse_taken`
        await _refuse_same(session, org, match, scope)
    (member_id,) = await admit_many(session, org, [(entry, None)], actor, reason, scope=scope)
    return member_id


async def _refuse_same(session: AsyncSession, org: OrgKit, match: Match, scope: str) -> None:
    held, roll = match.member, org.profile.terms.roll
    unit = (await units_by_id(session, {held.unit_id}))[held.unit_id]
    holder, record = held_by(held.name, held.id, unit, scope)
    if match.why == "name+birth+phone":
        title = f"姓名、出生日期和手机号码都相同的人已在{roll}：{holder}"
        hint = "请打开已有的记录，在那里补充或更正。"
    else:
        title = f"姓名、出生日期和单位都相同的人已在{roll}：{holder}"
        hint = "请打开已有的记录核对；若确是两个人，请填写证件号码或手机号码后再登记。"
    raise Refused(title, hint=hint if record else ASK, **record)


async def _arrivals(
    session: AsyncSession,
    org: OrgKit,
    entries: Wanted,
    units: Mapping[UUID, Unit],
    batch_id: UUID | None,
) -> list[Arrival]:
    today, out = clock.today(), list[Arrival]()
    fresh = iter(await _ids(session, sum(given is None for _, given in entries)))
    async for entry, given in breathing(entries):
        try:
            org.policy.check(entry, today)
        except Refused as refused:
            refused.extra["rows"] = [len(out)]
            raise
        doubts = org.policy.doubts(entry, today)
        out.append(arrival(org, entry, given or next(fresh), units[entry.unit_id], batch_id, doubts))
    return out


async def _ids(session: AsyncSession, number: int) -> list[UUID]:
    """Ids made by the database (they sort by time), so that the rows can be written in one go."""
    made = text("SELECT uuidv7() FROM generate_series(1, :n)")
    return list(await session.scalars(made, {"n": number})) if number else []
