"""The members module as a service mounts it."""

import asyncio
from pathlib import Path

from fastapi import APIRouter

from shared.contracts.members import MemberAdmitted, MemberChanged, MemberLeft, MemberWithdrawn
from shared.kit.module import Module
from shared.kit.web import NavItem
from shared.org.db import OrgBase
from shared.org.kit import OrgKit
from shared.org.members import tally
from shared.org.members.api import api
from shared.org.members.auditing import names
from shared.org.members.bulk_pages import bulk_pages
from shared.org.members.handlers import lookups, token_responder
from shared.org.members.list_pages import list_pages
from shared.org.members.pages import pages
from shared.org.members.step_pages import step_pages


def members(org: OrgKit) -> Module:
    """Roll, history, search, export; answers token requests and notes who looked."""
    html = APIRouter()

    async def keep_few(stop: asyncio.Event) -> None:
        await tally.keep_few(org.kit.database, stop)

    for router in (list_pages(org), bulk_pages(org), pages(org), step_pages(org)):
        html.include_router(router)
    return Module(
        name="members",
        title=org.profile.terms.roll,
        api=api(org),
        pages=html,
        metadata=(OrgBase.metadata, *org.policy.metadata),
        publishes=(MemberAdmitted, MemberChanged, MemberLeft, MemberWithdrawn),
        projections=(lookups(),),
        responders=(token_responder(org),),
        loops=(keep_few,),
        templates=Path(__file__).parent / "templates",
        nav=(NavItem("members", org.profile.terms.person, "/members", "people", "members.read"),),
        namings={"member": names},
    )
