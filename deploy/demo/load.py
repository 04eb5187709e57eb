"""Loading the city into the databases: once, resumable, through the organisations' own front doors."""

import asyncio
from collections.abc import Mapping
from contextlib import AsyncExitStack

from rich.progress import Progress

from deploy.demo import staff
from deploy.demo.city import Plan, build_city
from deploy.demo.organisations import POLICIES, PROFILES
from deploy.demo.places import ORGANISATIONS, Organisation
from deploy.demo.roll import load_roll
from deploy.demo.rooms import ensure_rooms
from deploy.demo.rounds import ensure_round
from deploy.demo.trail import begun, finished, note_begin, note_end
from deploy.demo.tree import ensure_tree
from deploy.settings import settings_of
from deploy.topology.names import HUB
from shared.kit import clock
from shared.kit.context import Kit, make_kit
from shared.kit.staff import ensure_accounts
from shared.org.kit import OrgKit, make_org_kit

Environments = Mapping[str, Mapping[str, str]]


async def ensure_demo(environments: Environments, people: int, progress: Progress) -> list[dict[str, str]]:
    """Units, staff and `people` persons, where they are not there yet; the logins to show.

    `environments` holds each service's settings by its code. What an earlier start loaded is kept as it is,
    whatever `people` says now; what it left unfinished is finished.
    """
    async with AsyncExitStack() as stack:
        kits = {code: make_kit(settings_of(environment)) for code, environment in environments.items()}
        for kit in kits.values():
            stack.push_async_callback(kit.database.close)
        organisations = {code: _org(code, kits[code]) for code in ORGANISATIONS if code in kits}
        await _ensure_staff(kits, organisations, progress)
        for code, org in organisations.items():
            await ensure_rooms(org, code)
            await ensure_round(org, code)
        await _ensure_people(organisations, people, progress)
    return staff.shown(list(environments))


def _org(code: Organisation, kit: Kit) -> OrgKit:
    return make_org_kit(kit, PROFILES[code], POLICIES[code])


async def _ensure_staff(
    kits: Mapping[str, Kit], organisations: Mapping[Organisation, OrgKit], progress: Progress
) -> None:
    """Units first: the district's clerk needs a district."""
    task = progress.add_task("单位、账号 / units, staff", total=len(kits))

    async def ensure(code: str, kit: Kit) -> None:
        known = next((known for known in organisations if known == code), None)
        district = await ensure_tree(organisations[known], known) if known else None
        logins = staff.HUB if code == HUB else staff.ORGANISATION
        async with kit.database.transaction() as session:
            await ensure_accounts(session, staff.accounts(logins, district))
        progress.advance(task)

    await asyncio.gather(*(ensure(code, kit) for code, kit in kits.items()))


async def _ensure_people(
    organisations: Mapping[Organisation, OrgKit], people: int, progress: Progress
) -> None:
    """All organisations by one plan: the one an interrupted load began with, if there is one."""
    waiting = {code: org for code, org in organisations.items() if not await finished(org.kit)}
    if not people or not waiting:
        return
    earlier = [plan for org in organisations.values() if (plan := await begun(org.kit))]
    plan = earlier[0] if earlier else Plan(people, clock.today())
    city = build_city(plan)

    async def load(code: Organisation, org: OrgKit) -> None:
        records = city.records[code]
        task = progress.add_task(f"{org.profile.terms.roll} / {code}", total=len(records))
        await note_begin(org.kit, plan)
        async for done in load_roll(org, records):
            progress.advance(task, done)
        await note_end(org.kit, plan)

    # at once: while one waits for its database, another computes
    await asyncio.gather(*(load(code, org) for code, org in waiting.items()))
