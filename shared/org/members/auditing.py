"""The roll's changes in the hash-chained audit log: who, what, which fields and unit, never a value."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from shared.kit import audit
from shared.kit.audit.titles import describe_words
from shared.kit.module import Named
from shared.kit.pii import mask_card, mask_name
from shared.org.members.models import Member
from shared.org.members.newcomers import Newcomer

Fact = tuple[Member | Newcomer, str, Mapping[str, Any]]

_ACTIONS: Mapping[str, str] = {
    "admitted": "登记入册",
    "changed": "更正人员信息",
    "moved": "调整单位",
    "left": "办理离册",
    "restored": "恢复在册",
    "retained": "办理保留",
    "resumed": "恢复正常",
    "consented": "登记同意提供信息",
    "withdrawn": "登记不同意提供信息",
    "unasked": "恢复为未询问",
}


def record_facts(
    session: AsyncSession,
    facts: Sequence[Fact],
    actor: audit.Actor,
    reason: str | None,
    batch_id: UUID | None,
) -> None:
    """One entry a person; of an import one entry a portion and kind of change, however many rows it has."""
    purpose = (reason or "").strip()
    told = [(member, fact, detail) for member, fact, detail in facts if fact in _ACTIONS]
    if batch_id is not None:
        for fact, people in Counter(fact for _, fact, _ in told).items():
            audit.record(
                session, actor=actor, action=f"member.{fact}", target=("import", batch_id), purpose=purpose,
                detail={"people": people},
            )  # fmt: skip
        return
    for member, fact, detail in told:
        audit.record(
            session, actor=actor, action=f"member.{fact}", target=("member", member.id), purpose=purpose,
            detail=_tellable(member, fact, detail),
        )  # fmt: skip


def _tellable(member: Member | Newcomer, fact: str, detail: Mapping[str, Any]) -> dict[str, Any]:
    """Names of fields and units; the values, even masked, stay in the person's own history."""
    out: dict[str, Any] = {"version": member.version}
    if fact in {"admitted", "moved", "restored"}:
        out["unit_id"] = member.unit_id
    if fact == "moved":
        out |= {"from": detail["from"], "to": detail["to"]}
    if fields := [each["title"] for each in detail.get("fields", ())]:
        out["fields"] = fields
    return out


async def names(session: AsyncSession, ids: Collection[UUID]) -> dict[UUID, Named]:
    """Whom an entry is about; somebody erased has no name any more."""
    found = await session.execute(select(Member.id, Member.name, Member.card_no).where(Member.id.in_(ids)))
    return {
        m.id: Named(" ".join(filter(None, (mask_name(m.name), m.card_no and mask_card(m.card_no)))),
                    f"/members/{m.id}", "members.read")
        for m in found
    }  # fmt: skip


audit.describe({f"member.{fact}": title for fact, title in _ACTIONS.items()})
describe_words({"fields": "字段", "member": "人员"})
