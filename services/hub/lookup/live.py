"""A lookup in progress: its record, and the query behind its address, sealed for its owner."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.hub.lookup import plans
from services.hub.lookup.models import LookupRecord, LookupSession
from services.hub.lookup.rules import HINT, Kind, Query, classify
from services.hub.lookup.schemas import Facets
from shared.kit import clock
from shared.kit.context import Kit
from shared.kit.errors import Invalid, NotFound
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
class Live:
    """A lookup in progress."""

    record: LookupRecord
    session: LookupSession
    query: Query
    kept: Kept

    @property
    def text(self) -> str:
        return self.kept.text

    @property
    def plan(self) -> plans.Plan:
        return plan_of(self.query, self.kept.tokens)


def sealed(kit: Kit, kept: Kept) -> bytes:
    """As the database may hold it."""
    return kit.cipher.encrypt(kept.model_dump_json(), _CONTEXT)


async def live_lookup(kit: Kit, session: AsyncSession, staff: Staff, lookup_id: UUID) -> Live:
    """A lookup of one's own that is still open; anybody else's does not exist."""
    statement = (
        select(LookupRecord, LookupSession)
        .join(LookupSession, LookupSession.id == LookupRecord.id)
        .where(
            LookupRecord.id == lookup_id,
            LookupSession.staff_id == staff.id,
            LookupSession.expires_at > clock.now(),
        )
    )
    found = (await session.execute(statement)).one_or_none()
    if found is None:
        raise NotFound("这次查询已失效", hint="查询结果只保留两小时，且只有本人能看。请重新查询。")
    record, row = found
    kept = Kept.model_validate_json(kit.cipher.decrypt(row.query, _CONTEXT))
    return Live(record, row, classify(kept.text, kept.kind), kept)


async def sweep(session: AsyncSession) -> None:
    """Forget queries whose time is over."""
    await session.execute(delete(LookupSession).where(LookupSession.expires_at <= clock.now()))


def plan_of(query: Query, tokens: dict[str, UUID]) -> plans.Plan:
    """Which index answers; a name that cannot be one is refused."""
    try:
        return plans.plan(query, tokens)
    except ValueError as error:
        raise Invalid("看不懂这个内容", hint=HINT, fields={"text": str(error)}) from error
