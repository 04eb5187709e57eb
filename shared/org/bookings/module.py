"""The bookings module as a service mounts it."""

import asyncio
from pathlib import Path

from shared.contracts.bookings import BookingChanged
from shared.kit.events.steps import first_of
from shared.kit.module import Module
from shared.kit.web import NavItem
from shared.org.bookings.api import api
from shared.org.bookings.handlers import responders
from shared.org.bookings.pages import pages
from shared.org.bookings.using import tidy
from shared.org.db import OrgBase
from shared.org.kit import OrgKit

EVERY = 10.0


def bookings(org: OrgKit) -> Module:
    """Who has which venue when; answers what others ask over the bus."""

    async def keep_tidy(stop: asyncio.Event) -> None:
        while not stop.is_set():
            async with org.kit.database.transaction() as session:
                await tidy(session, org)
            await first_of(EVERY, stop)

    return Module(
        name="bookings",
        title="场地预订",
        api=api(org),
        pages=pages(org),
        metadata=(OrgBase.metadata,),
        publishes=(BookingChanged,),
        responders=responders(org),
        loops=(keep_tidy,),
        templates=Path(__file__).parent / "templates",
        nav=(NavItem("venues", "阵地", "/venues", "place", "venues.read"),),
    )
