"""Mounts shared venues."""

import asyncio
from pathlib import Path

from services.hub.db import HubBase
from services.hub.venues.answers import responders
from services.hub.venues.api import api
from services.hub.venues.moving import keep_moving
from services.hub.venues.pages import pages
from services.hub.venues.projection import apply_bookings, apply_venues
from shared.contracts.bookings import BookingChanged
from shared.contracts.venues import VenueChanged
from shared.kit.context import Kit
from shared.kit.module import Module, Projection
from shared.kit.web import NavItem


def venues(kit: Kit) -> Module:
    """Everybody's calendar; requests for several venues of several owners."""

    async def move(stop: asyncio.Event) -> None:
        await keep_moving(kit, stop)

    return Module(
        name="venues",
        title="共享阵地",
        api=api(kit),
        pages=pages(kit),
        metadata=(HubBase.metadata,),
        projections=(
            Projection((VenueChanged,), apply_venues),
            Projection((BookingChanged,), apply_bookings),
        ),
        responders=responders(kit),
        loops=(move,),
        templates=Path(__file__).parent / "templates",
        nav=(NavItem("rooms", "阵地", "/rooms", "place", "rooms.read"),),
    )
