"""Records of lookups stay as long as the law asks and not a day longer."""

from datetime import timedelta

from sqlalchemy import select, update

from services.hub.lookup.models import LookupRecord
from services.hub.lookup.recent import forget_old
from shared.kit import clock
from tests.hub.asking import look
from tests.hub.conftest import Hub
from tests.hub.telling import state

THREE_YEARS = timedelta(days=3 * 365)


async def test_records_are_kept_three_years(hub: Hub) -> None:
    await hub.tell("alpha", state("张伟"))
    ages = (timedelta(days=1), THREE_YEARS - timedelta(days=2), THREE_YEARS + timedelta(days=10))
    for age in ages:
        found = await look(hub, "张伟")
        async with hub.database.transaction() as session:
            at = clock.now() - age
            await session.execute(
                update(LookupRecord).where(LookupRecord.id == found.lookup_id).values(at=at)
            )
    async with hub.database.transaction() as session:
        await forget_old(session)
    async with hub.database.transaction() as session:
        kept = list(await session.scalars(select(LookupRecord.at)))
    assert len(kept) == 2
    assert min(kept) > clock.now() - THREE_YEARS
