"""What stands around every result, read in one statement: organisations, their bits, today's purposes."""

from datetime import date
from typing import Annotated

from pydantic import Field, TypeAdapter
from pydantic.dataclasses import dataclass
from sqlalchemy.ext.asyncio import AsyncSession

from services.hub.directory import Known
from services.hub.lookup.schemas import PurposeChoice
from shared.kit import clock
from shared.kit.fast import fetch


@dataclass(frozen=True)
class Frame:
    """Organisations in the order they first announced themselves; purposes in the order they are offered."""

    orgs: Annotated[list[Known], Field(default_factory=list)]
    bits: Annotated[dict[str, int], Field(default_factory=dict)]
    purposes: Annotated[list[PurposeChoice], Field(default_factory=list)]


_FRAME = TypeAdapter(Frame)
_READ = (
    "select json_build_object("
    "'orgs', coalesce((select json_agg(o order by o.first_seen_at, o.code) from (select o.*, s.event_at,"
    "  s.applied_at, coalesce(s.seq, 0) events from organisation o"
    "  left join projection_source s on s.source = o.code and s.channel = '') o), '[]'),"
    "'bits', coalesce((select json_object_agg(org, bit) from org_bit), '{}'),"
    "'purposes', coalesce((select json_agg(p order by p.position) from lookup_purpose p where p.valid_from"
    "  <= cast(:day as date) and (p.valid_to is null or p.valid_to >= cast(:day as date))), '[]'))::text"
)


async def frame(session: AsyncSession, day: date | None = None) -> Frame:
    """As it is now."""
    [found] = await fetch(session, _READ, {"day": day or clock.today()})
    return _FRAME.validate_json(found[0])
