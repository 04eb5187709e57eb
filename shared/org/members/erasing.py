"""Erasing people who should never have come onto the roll: nothing of them stays but that it was done."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from shared.contracts.event import Event
from shared.contracts.members import MemberWithdrawn
from shared.kit import audit
from shared.kit.errors import Invalid
from shared.org.bulk import among
from shared.org.kit import OrgKit
from shared.org.members.models import Member
from shared.org.members.service import lock_members
from shared.org.members.state import emit


async def erase_many(
    session: AsyncSession,
    org: OrgKit,
    members: Sequence[Member],
    actor: audit.Actor,
    reason: str,
    batch_id: UUID | None = None,
) -> list[UUID]:
    """Rows, search keys, history and own facts go; others forget whom they were told of. The erased ids.

    Not for affiliations that end: `leave_many` keeps those as history.
    """
    del org  # own facts and keys go with the row (ON DELETE CASCADE)
    if not reason.strip():
        raise Invalid("请写明原因", fields={"reason": "请写明原因"})
    held = await lock_members(session, [m.id for m in members])
    told: list[tuple[UUID | str, Event]] = [
        (m.id, MemberWithdrawn(member_id=m.id, version=m.version + 1)) for m in held if m.shared
    ]
    gone = [m.id for m in held]
    # one entry for all of them: a withdrawn import of a million rows must not write a million
    audit.record(
        session, actor=actor, action="member.erased", purpose=reason,
        target=("import", batch_id) if batch_id else None,
        detail={"people": len(gone), "members": gone},
    )  # fmt: skip
    for member in held:
        session.expunge(member)
    await session.execute(
        delete(Member).where(among(Member.id, gone)), execution_options={"synchronize_session": False}
    )
    await emit(session, told)
    return gone


audit.describe({"member.erased": "删除误登记的人员"})
