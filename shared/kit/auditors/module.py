"""The audit log's pages as a module."""

import asyncio
from pathlib import Path

from fastapi import APIRouter

from shared.kit.auditors import handing, pages
from shared.kit.auditors.elsewhere import Elsewhere, ends_responder, keep, keep_telling
from shared.kit.auditors.verifying import verifying
from shared.kit.context import Kit
from shared.kit.module import Module, Projection
from shared.kit.web import NavItem


def auditors(kit: Kit, elsewhere: Elsewhere) -> Module:
    """List, export and verify, for those who may `audit.read`; the log's end is kept by other services."""
    html = APIRouter()
    for router in (pages.router, handing.router, verifying(kit, elsewhere)):
        html.include_router(router)

    async def tell(stop: asyncio.Event) -> None:
        await keep_telling(kit, elsewhere, stop)

    return Module(
        name="auditors",
        title="审计日志",
        pages=html,
        publishes=(elsewhere.tells,),
        projections=(Projection((elsewhere.hears,), keep),),
        responders=(ends_responder(kit.database),),
        loops=(tell,),
        templates=Path(__file__).parent / "templates",
        nav=(NavItem("audit", "审计", "/audit", "shield", "audit.read"),),
    )
