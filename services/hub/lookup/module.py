"""Mounts the unified member lookup."""

import asyncio
from pathlib import Path

from services.hub.db import HubBase
from services.hub.lookup import api, pages
from services.hub.lookup.live import sweep
from services.hub.lookup.recent import forget_old
from services.hub.lookup.rules import TITLES
from shared.contracts.lookups import LookupRecorded
from shared.kit.audit import describe
from shared.kit.audit.titles import describe_values, describe_words
from shared.kit.context import Kit
from shared.kit.events.steps import first_of
from shared.kit.module import Module
from shared.kit.web import NavItem

EVERY = 600.0

describe(
    {
        "lookup.searched": "统一查询",
        "lookup.read": "查看查询结果",
        "lookup.opened": "查看人员详情",
        "lookup.limited": "按号码查询超过次数",
    }
)
describe_words({"found": "结果"})
describe_values("kind", {kind.value: title for kind, title in TITLES.items()})


def lookup(kit: Kit) -> Module:
    """One box, compulsory purpose, masked results, a record of every answer."""

    async def tidy(stop: asyncio.Event) -> None:
        while not stop.is_set():
            async with kit.database.transaction() as session:
                await sweep(session)
                await forget_old(session)
            await first_of(EVERY, stop)

    return Module(
        name="lookup",
        title="统一查询",
        api=api.router,
        pages=pages.router,
        metadata=(HubBase.metadata,),
        publishes=(LookupRecorded,),
        loops=(tidy,),
        templates=Path(__file__).parent / "templates",
        nav=(NavItem("lookup", "查询", "/lookup", "people", "lookup.search"),),
    )
