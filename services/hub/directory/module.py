"""Mounts the directory."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncSession

from services.hub.db import HubBase
from services.hub.directory import api, pages, pulse
from services.hub.directory.answers import responders
from services.hub.directory.service import UnitKey, apply_announcements, apply_units
from shared.contracts.event import Received
from shared.contracts.orgs import OrgAnnounced
from shared.contracts.units import UnitChanged
from shared.kit.context import Kit
from shared.kit.module import Module, Projection
from shared.kit.web import NavItem

Alone = Callable[[AsyncSession], Awaitable[None]]
"""Wait until nobody writes people any more, who might have read their units a moment ago."""
Follow = Callable[[AsyncSession, Sequence[UnitKey]], Awaitable[None]]
"""Told, in the same transaction, which units have another name or district now."""


def directory(kit: Kit, alone: Alone, follow: Follow) -> Module:
    """Organisations are known by their announcements; nothing is configured per organisation."""

    async def units(session: AsyncSession, events: Sequence[Received]) -> None:
        await alone(session)
        if changed := await apply_units(session, events):
            await follow(session, changed)

    async def ask(stop: asyncio.Event) -> None:
        await pulse.keep_asking(kit, stop)

    return Module(
        name="directory",
        title="各组织",
        api=api.router,
        pages=pages.router,
        metadata=(HubBase.metadata,),
        projections=(
            Projection((OrgAnnounced,), apply_announcements),
            Projection((UnitChanged,), units),
        ),
        responders=responders(kit),
        loops=(ask,),
        templates=Path(__file__).parent / "templates",
        nav=(NavItem("organisations", "各组织", "/organisations", "tree"),),
    )
