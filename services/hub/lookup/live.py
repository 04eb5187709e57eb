"""A lookup in progress: its record, and the query behind its address, sealed for its owner."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ValidationError
from sqlalchemy import bindparam, delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.hub.lookup import plans
from services.hub.lookup.models import LookupRecord, LookupSession
from services.hub.lookup.rules import HINT, Kind, Query, classify
from services.hub.lookup.schemas import Accuracy, Facets, PurposeChoice
from shared.kit import clock
from shared.kit.context import Kit
from shared.kit.errors import Invalid, NotFound
from shared.kit.fast import fetch
from shared.kit.pagination import CAP
from shared.kit.staff import Staff

LIVES = timedelta(hours=2)
"""How long the address of a lookup works: long enough for paging and the back button."""
_CONTEXT = "lookup_session.query"


class Kept(BaseModel):
    """What is sealed: the text, how it was understood, its tokens, what was counted."""

    text: str
    kind: Kind
    tokens: dict[str, UUID]
    facets: Facets


@dataclass(frozen=True)
class Recorded:
    """What stays of a lookup, and when its address ends."""

    id: UUID
    at: datetime
    purpose: str
    purpose_title: str
    reason: str
    staff_name: str
    expires_at: datetime


@dataclass(frozen=True)
class Live:
    """A lookup in progress."""

    record: Recorded
    query: Query
    kept: Kept

    @property
    def text(self) -> str:
        return self.kept.text

    @property
    def plan(self) -> plans.Plan:
        return plan_of(self.query, self.kept.tokens)


_RECORD = (
    "with r as (insert into lookup_record (staff_id, staff_name, staff_office, purpose, purpose_title,"
    " reason, kind, found, capped) values (:staff_id, :staff_name, :staff_office, :purpose, :purpose_title,"
    " :reason, :kind, :found, :capped) returning id, at), s as (insert into lookup_session (id, staff_id,"
    " query, expires_at) select id, :staff_id, :query, :expires_at from r) select id, at from r"
)


async def recorded(
    kit: Kit, session: AsyncSession, staff: Staff, purpose: PurposeChoice, reason: str, kept: Kept
) -> Recorded:
    """Write down who looks, what for and how many there are; the query itself sealed and for two hours."""
    expires, total = clock.now() + LIVES, kept.facets.total
    capped = total.accuracy is not Accuracy.EXACT
    values = _told(staff, purpose, reason, kept.kind, min(total.count, CAP), capped) | {
        "query": kit.cipher.encrypt(kept.model_dump_json(), _CONTEXT), "expires_at": expires,
    }  # fmt: skip
    [row] = await fetch(session, _RECORD, values)
    return Recorded(row["id"], row["at"], purpose.code, purpose.title, reason, staff.name, expires)


def _told(
    staff: Staff, purpose: PurposeChoice, reason: str, kind: Kind, found: int, capped: bool
) -> dict[str, Any]:
    return {
        "staff_id": staff.id, "staff_name": staff.name, "staff_office": staff.office,
        "purpose": purpose.code, "purpose_title": purpose.title, "reason": reason,
        "kind": kind.value, "found": found, "capped": capped,
    }  # fmt: skip


async def tried(session: AsyncSession, staff: Staff, purpose: PurposeChoice, reason: str, kind: Kind) -> UUID:
    """Write down a lookup that cannot have an answer: no address leads to it."""
    record = LookupRecord(**_told(staff, purpose, reason, kind, 0, capped=False))
    session.add(record)
    await session.flush()
    return record.id


_LIVE = (
    select(
        LookupRecord.id,
        LookupRecord.at,
        LookupRecord.purpose,
        LookupRecord.purpose_title,
        LookupRecord.reason,
        LookupRecord.staff_name,
        LookupSession.expires_at,
        LookupSession.query,
    )
    .join(LookupSession, LookupSession.id == LookupRecord.id)
    .where(
        LookupRecord.id == bindparam("lookup"),
        LookupSession.staff_id == bindparam("staff"),
        LookupSession.expires_at > bindparam("now"),
    )
)


async def live_lookup(kit: Kit, session: AsyncSession, staff: Staff, lookup_id: UUID) -> Live:
    """A lookup of one's own that is still open; anybody else's does not exist."""
    asked = {"lookup": lookup_id, "staff": staff.id, "now": clock.now()}
    found = (await session.execute(_LIVE, asked)).one_or_none()
    if found is None:
        raise _gone()
    try:
        kept = Kept.model_validate_json(kit.cipher.decrypt(found.query, _CONTEXT))
    except ValidationError:  # sealed by an earlier version of this program
        raise _gone() from None
    record = Recorded(*found[:-1])
    return Live(record, classify(kept.text, kept.kind), kept)


def _gone() -> NotFound:
    return NotFound("这次查询已失效", hint="查询结果只保留两小时，且只有本人能看。请重新查询。")


async def sweep(session: AsyncSession) -> None:
    """Forget queries whose time is over."""
    await session.execute(delete(LookupSession).where(LookupSession.expires_at <= clock.now()))


def plan_of(query: Query, tokens: dict[str, UUID]) -> plans.Plan:
    """Which index answers; a name that cannot be one is refused."""
    try:
        return plans.plan(query, tokens)
    except ValueError as error:
        raise Invalid("看不懂这个内容", hint=HINT, fields={"text": str(error)}) from error
