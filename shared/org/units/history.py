"""What was done to a unit, as its audit entries tell it."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from shared.kit.audit import AuditEntry
from shared.kit.audit.titles import title
from shared.kit.web import translate
from shared.org.units.models import Unit

SHOWN = 20


@dataclass(frozen=True)
class Step:
    """One entry of the time line."""

    at: datetime
    text: str
    detail: str
    kind: str = ""


async def history_of(session: AsyncSession, unit: Unit) -> list[Step]:
    """The newest first. Who did it, what, why; names only, as everybody who sees the unit may know."""
    entries = select(AuditEntry).where(
        AuditEntry.target_id == str(unit.id), AuditEntry.action.startswith("unit.")
    )
    found = await session.scalars(entries.order_by(AuditEntry.seq.desc()).limit(SHOWN))
    return [Step(e.at, _text(e), e.purpose) for e in found]


def _text(entry: AuditEntry) -> str:
    said = f"{entry.actor_name} {translate(title(entry.action))}"
    if (old := entry.detail.get("from")) and (new := entry.detail.get("to")):
        return f"{said}：{old} → {new}"
    name = entry.detail.get("to") or entry.detail.get("name")
    return f"{said}：{name}" if name else said
