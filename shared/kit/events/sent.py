"""How far what was recorded has gone out: for pages that say whether others know already."""

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.kit.events.models import ChannelRow

# one statement sees outbox and numbers at one instant: a row is either still there or numbered
_RECORDED = text(
    "select coalesce((select newest from event_channel where channel = ''), 0)"
    " + (select count(*) from outbox where channel = '')"
)


async def recorded(session: AsyncSession) -> int:
    """The number that the last event recorded for everybody has, or will have at most."""
    return int(await session.scalar(_RECORDED) or 0)


async def unsent(session: AsyncSession, number: int) -> int:
    """How many events up to this number the bus has not yet acknowledged."""
    published = await session.scalar(select(ChannelRow.published).where(ChannelRow.channel == ""))
    return max(0, number - (published or 0))
