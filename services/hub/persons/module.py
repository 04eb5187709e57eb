"""Mounts persons: the projection of affiliations and the links between them."""

import asyncio
from pathlib import Path

from services.hub.db import HubBase
from services.hub.persons import api, linking, naming, pages, units
from services.hub.persons.incoming import prepared
from shared.contracts.members import MemberAdmitted, MemberChanged, MemberLeft, MemberWithdrawn
from shared.kit.audit import describe
from shared.kit.context import Kit
from shared.kit.module import Module, Projection

describe(
    {
        "person.explained": "查看同一人依据",
        "person.same": "确认为同一人",
        "person.never": "确认不是同一人",
        "person.undone": "撤销同一人判断",
    }
)


def persons(kit: Kit) -> Module:
    """Which records of several organisations are one person, and why."""

    async def keep_up(stop: asyncio.Event) -> None:
        await units.keep_up(kit.database, stop)

    return Module(
        name="persons",
        title="同一人",
        api=api.router,
        pages=pages.router,
        metadata=(HubBase.metadata,),
        projections=(
            Projection((MemberAdmitted, MemberChanged, MemberLeft, MemberWithdrawn), linking.apply, prepared),
        ),
        loops=(keep_up,),
        templates=Path(__file__).parent / "templates",
        namings={"person": naming.persons, "affiliation": naming.records, "other": naming.records},
    )
