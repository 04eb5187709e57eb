"""Mounts recounts: the nightly loop, the page, the button."""

import asyncio
from pathlib import Path

from services.hub.db import HubBase
from services.hub.recount import pages
from services.hub.recount.service import keep_recounting
from shared.kit.audit import describe
from shared.kit.context import Kit
from shared.kit.module import Module
from shared.kit.web import NavItem

describe({"recount.wanted": "发起对账"})


def recount(kit: Kit) -> Module:
    """Proves every night that the projection is what the owners told, and puts it right where it is not."""

    async def loop(stop: asyncio.Event) -> None:
        await keep_recounting(kit, stop)

    return Module(
        name="recount",
        title="对账",
        pages=pages.router,
        metadata=(HubBase.metadata,),
        loops=(loop,),
        templates=Path(__file__).parent / "templates",
        nav=(NavItem("recount", "对账", "/ops/recount", "check", "ops.read"),),
    )
