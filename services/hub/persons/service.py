"""Use cases of person links: explain, decide, undo, list what waits for a decision."""

# ruff: noqa: S608 - statements are put together from constants of this module; values are parameters

from collections.abc import Iterable, Sequence
from uuid import UUID, uuid4

from sqlalchemy import select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from services.hub.persons import linking, store
from services.hub.persons.models import Edge, Verdict
from services.hub.persons.rules import Pair, ordered
from services.hub.persons.schemas import Affiliated, Decided, Evidence, Explanation
from services.hub.persons.views import (
    affiliated,
    by_id,
    evidence_of,
    links_of,
    standing_verdicts,
    verdicts_of,
)
from shared.kit import audit, clock
from shared.kit.audit import Actor
from shared.kit.errors import NotFound, Refused
from shared.kit.pii.free_text import refuse_number


def missing() -> NotFound:
    """Nobody lives at this address (any more)."""
    return NotFound("没有找到这个人", hint="可能已撤回共享，或记录已变动；请重新查询。")


async def current_person(session: AsyncSession, person_id: UUID) -> UUID:
    """The person an address means now: itself, or the one that holds the record it once stood for."""
    found = await session.scalar(text("select id from person where id = :id"), {"id": person_id})
    if found is None:
        moved = text("select person_id from belonging where home = :id")
        found = await session.scalar(moved, {"id": person_id})
    if found is None:
        raise missing()
    return UUID(str(found))


async def affiliations(session: AsyncSession, person_id: UUID) -> list[Affiliated]:
    """The person's records at the organisations, those on a roll first."""
    found = await affiliated(session, [person_id])
    if not found:
        raise missing()
    return found


async def explain(session: AsyncSession, person_id: UUID) -> Explanation:
    """Why these records are one person: evidence in force, what contradicts or waits, what staff decided."""
    records = await affiliations(session, person_id)
    ids = [r.id for r in records]
    evidence = await evidence_of(session, ids)
    return Explanation(
        person_id=person_id,
        records=records,
        linked=[e for e in evidence if e.state == "linked"],
        open=[e for e in evidence if e.state != "linked"],
        verdicts=await verdicts_of(session, ids),
        past=[e for e in await links_of(session, ids) if e.revoked_at],
    )


async def reasons(session: AsyncSession, person_id: UUID) -> list[Evidence]:
    """Evidence in force between the person's records."""
    ids = [r.id for r in await affiliations(session, person_id)]
    return [e for e in await evidence_of(session, ids) if e.state == "linked"]


async def decide(
    session: AsyncSession, pair: Pair, says: str, reason: str, by: Actor, *, shown: int | None = None
) -> None:
    """Staff say `same` or `never` of two records; it stands above every rule until undone.

    `shown`: the standing decision that was shown with a waiting pair (0: none). Somebody else may have been
    quicker, or the evidence may have gone: then this one is refused.
    """
    refuse_number(reason)
    pair = ordered(*pair)
    await store.lock(session)
    await _must_exist(session, pair)
    if shown is not None:
        await _must_be_as_shown(session, pair, shown)
    await _record(session, [pair], says, reason, by)
    await linking.relink(session, pair)
    if says == "same" and not await _together(session, pair):
        raise Refused(
            "这两条记录不能确认为同一人",
            hint="两边的身份证号不同，或其中一方已被确认与另一方分开，或牵连的记录太多。请先由所属组织更正证件号，或撤销原来的判断。",
        )


async def separate(
    session: AsyncSession, affiliation: UUID, person_id: UUID, reason: str, by: Actor
) -> list[UUID]:
    """Take one record out of a person: it is kept apart from each of the others until undone.

    Gives the persons that came of it, the one with the record that was taken out last.
    """
    refuse_number(reason)
    await store.lock(session)
    members = [r.id for r in await affiliations(session, person_id)]
    if affiliation not in members or len(members) < 2:
        raise Refused("这条记录已不在这个人名下", hint="记录可能刚刚变动，请刷新后再看。")
    pairs = [ordered(affiliation, other) for other in members if other != affiliation]
    await _record(session, pairs, "never", reason, by)
    await linking.relink(session, members)
    found = {r.id: r.person_id for r in (await by_id(session, members)).values()}
    out = found.pop(affiliation)
    return [*dict.fromkeys(found[i] for i in members if i in found), out]


async def undo(session: AsyncSession, verdict_id: int, reason: str, by: Actor) -> list[Pair]:
    """Take the decision back that this verdict is of: what was decided before it holds again, else the rules.

    Gives the pairs that the rules are asked about again.
    """
    refuse_number(reason)
    await store.lock(session)
    taken_back = await _standing_with(session, verdict_id)
    pairs = [(v.a, v.b) for v in taken_back]
    if not pairs:
        raise Refused("这个判断已经撤销过了", hint="请刷新页面。")
    await _end(session, pairs, by, reason)
    decided = await _give_back(session, [v.replaced for v in taken_back if v.replaced is not None])
    for a, b in pairs:
        audit.record(session, actor=by, action="person.undone", target=("verdict", verdict_id),
                     detail={"reason": reason, "affiliation": str(a), "other": str(b)})  # fmt: skip
    await linking.relink(session, {i for pair in pairs for i in pair})
    return [pair for pair in pairs if pair not in decided]


async def recent_verdicts(session: AsyncSession, limit: int = 20) -> list[Decided]:
    """The newest decisions that stand, to undo them."""
    return await standing_verdicts(session, limit)


async def forget(session: AsyncSession) -> None:
    """Empty the projection before a replay. Homes and verdicts stay: addresses and decisions outlive it."""
    await store.lock(session)
    await session.execute(update(Edge).where(Edge.revoked_at.is_(None)).values(revoked_at=clock.now()))
    for table in ("affiliation", "person", "person_name", "person_tail"):
        await session.execute(text(f"delete from {table}"))
    await session.execute(text("update belonging set person_id = null"))


async def _must_exist(session: AsyncSession, pair: Pair) -> None:
    statement = text("select count(*) from affiliation where id = any(:ids) and not withdrawn")
    if await session.scalar(statement, {"ids": list(pair)}) != 2:
        raise missing()


async def _must_be_as_shown(session: AsyncSession, pair: Pair, shown: int) -> None:
    standing = await session.scalar(
        select(Verdict).where(Verdict.a == pair[0], Verdict.b == pair[1], Verdict.undone_at.is_(None))
    )
    if (standing.id if standing else 0) != shown:
        if standing is None:
            raise Refused("原来的判断刚刚被撤销了", hint="请刷新后再核对这一组。")
        hint = "您的判断没有保存。如有不同意见，请在判断记录里撤销后再核对。"
        if standing.says == "same":
            raise Refused(f"{standing.by_name}刚刚已经判断为同一人", hint=hint)
        raise Refused(f"{standing.by_name}刚刚已经判断为不是同一人", hint=hint)
    waits = (
        "select 1 from edge where a = :a and b = :b and state = 'candidate' and revoked_at is null limit 1"
    )
    if await session.scalar(text(waits), {"a": pair[0], "b": pair[1]}) is None:
        raise Refused("这一组已不在等待核对", hint="记录或依据刚刚变动过；请刷新后再看。")


async def _standing_with(session: AsyncSession, verdict_id: int) -> Sequence[Verdict]:
    """What stands of the decision of a verdict that stands itself."""
    standing = Verdict.undone_at.is_(None)
    decision = select(Verdict.decision).where(Verdict.id == verdict_id, standing).scalar_subquery()
    found = select(Verdict).where(Verdict.decision == decision, standing).order_by(Verdict.id)
    return (await session.scalars(found.with_for_update())).all()


async def _end(session: AsyncSession, pairs: Iterable[Pair], by: Actor, reason: str) -> dict[Pair, int]:
    """What stands of these pairs stands no more; its ids."""
    values = {"undone_at": clock.now(), "undone_by": by.name, "undone_reason": reason}
    ended: dict[Pair, int] = {}
    for a, b in pairs:
        standing = (Verdict.a == a, Verdict.b == b, Verdict.undone_at.is_(None))
        found = await session.scalar(update(Verdict).where(*standing).values(values).returning(Verdict.id))
        if found is not None:
            ended[a, b] = found
    return ended


async def _give_back(session: AsyncSession, replaced: Sequence[int]) -> set[Pair]:
    """These verdicts again, in the names and words of those who gave them; their pairs."""
    found = (await session.scalars(select(Verdict).where(Verdict.id.in_(replaced)))).all()
    decisions = {old.decision: uuid4() for old in found}
    kept = ("a", "b", "says", "reason", "by_id", "by_name", "replaced")
    for old in found:
        session.add(Verdict(decision=decisions[old.decision], **{name: getattr(old, name) for name in kept}))
    await session.flush()
    return {(old.a, old.b) for old in found}


async def _record(session: AsyncSession, pairs: Sequence[Pair], says: str, reason: str, by: Actor) -> None:
    """One decision of these pairs, in the place of what stood."""
    replaced, decision = await _end(session, pairs, by, "改判"), uuid4()
    given = {"decision": decision, "says": says, "reason": reason, "by_id": by.id, "by_name": by.name}
    session.add_all(Verdict(a=a, b=b, replaced=replaced.get((a, b)), **given) for a, b in pairs)
    await session.flush()
    for a, b in pairs:
        audit.record(session, actor=by, action=f"person.{says}", target=("affiliation", a),
                     detail={"other": str(b), "reason": reason})  # fmt: skip


async def _together(session: AsyncSession, pair: Pair) -> bool:
    statement = text("select count(distinct person_id) from belonging where affiliation_id = any(:ids)")
    return bool(await session.scalar(statement, {"ids": list(pair)}) == 1)
