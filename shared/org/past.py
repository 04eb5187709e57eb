"""What was done to a unit or a venue, as its audit entries tell it."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from shared.kit.audit import AuditEntry
from shared.kit.audit.titles import title
from shared.kit.web import gettext as _
from shared.kit.web import translate

SHOWN, LATEST = 20, 3


@dataclass(frozen=True)
class Step:
    """One entry of the time line; `kind` is `now`, `quiet` or empty."""

    at: datetime
    text: str
    detail: str
    kind: str = ""


async def past_of(session: AsyncSession, kind: str, thing: UUID, most: int = SHOWN) -> list[Step]:
    """The newest first. Who did it, what, why; names only, as everybody who sees the thing may know."""
    entries = select(AuditEntry).where(
        AuditEntry.target_id == str(thing), AuditEntry.action.startswith(f"{kind}.")
    )
    found = await session.scalars(entries.order_by(AuditEntry.seq.desc()).limit(most))
    return [Step(e.at, _text(e), e.purpose or e.detail.get("reason", "")) for e in found]


def _text(entry: AuditEntry) -> str:
    said = f"{entry.actor_name} {translate(title(entry.action))}"
    if (old := entry.detail.get("from")) and (new := entry.detail.get("to")):
        return f"{said}{_('：')}{old} → {new}"
    name = entry.detail.get("to") or entry.detail.get("name")
    return f"{said}{_('：')}{name}" if name else said
