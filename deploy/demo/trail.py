"""What was loaded is known from the audit log: begun by which plan, and finished."""

from datetime import date

from sqlalchemy import select

from deploy.demo.city import Plan
from shared.kit import audit
from shared.kit.context import Kit

ACTOR = audit.System("演示城市")
_BEGUN, _FINISHED = "demo.begun", "demo.finished"


async def begun(kit: Kit) -> Plan | None:
    """The plan an earlier load began with."""
    query = select(audit.AuditEntry.detail).where(audit.AuditEntry.action == _BEGUN)
    async with kit.database.transaction() as session:
        detail = await session.scalar(query.order_by(audit.AuditEntry.seq).limit(1))
    if detail is None:
        return None
    return Plan(detail["people"], date.fromisoformat(detail["day"]), detail["seed"])


async def finished(kit: Kit) -> bool:
    """Whether a load came to its end."""
    query = select(audit.AuditEntry.seq).where(audit.AuditEntry.action == _FINISHED).limit(1)
    async with kit.database.transaction() as session:
        return await session.scalar(query) is not None


async def note_begin(kit: Kit, plan: Plan) -> None:
    """Once: a load that goes on keeps the plan it began with."""
    if await begun(kit) is None:
        await _note(kit, _BEGUN, plan)


async def note_end(kit: Kit, plan: Plan) -> None:
    """From now on nothing is loaded any more."""
    await _note(kit, _FINISHED, plan)


async def _note(kit: Kit, action: str, plan: Plan) -> None:
    detail = {"people": plan.people, "day": plan.day.isoformat(), "seed": plan.seed}
    async with kit.database.transaction() as session:
        audit.record(session, actor=ACTOR, action=action, target=("demo", "city"), detail=detail)
