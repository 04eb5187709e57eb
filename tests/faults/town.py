"""What a town does: people come onto rolls, the hub hears of them, somebody looks whether it is right."""

import asyncio
import pkgutil
import time
from contextlib import AsyncExitStack
from typing import Any
from uuid import UUID

from sqlalchemy import NullPool, text
from sqlalchemy.ext.asyncio import create_async_engine

from deploy.local.bus import Bus as Nats
from deploy.services import build
from services.hub.persons.incoming import affiliation_id
from services.hub.recount import digests, service
from services.hub.recount.models import RecountDifference, RecountPart, RecountRun
from shared.kit.context import make_kit
from shared.kit.service import Service
from shared.kit.settings import Settings
from shared.org.kit import OrgKit, make_org_kit
from shared.org.members import Member, admit_many, read_entry
from shared.org.units import Unit
from tests.fixtures.databases import FreshDatabases, Urls
from tests.fixtures.settings import settings_for
from tests.org.people import CLERK, admit, identity_number, person, phone_number, tree
from tests.org.pool import policy_of

NAMES = ("单文慧", "王小明", "欧阳娜娜", "张伟", "李娜", "阿依古丽·买买提")


class Town:
    """Services by code; organisations also as a desk that writes (`orgs`)."""

    def __init__(self, databases: FreshDatabases, bus: Nats, stack: AsyncExitStack) -> None:
        self.databases, self.bus, self.stack = databases, bus, stack
        self.services: dict[str, Service] = {}
        self.running: dict[str, AsyncExitStack] = {}
        self.orgs: dict[str, OrgKit] = {}
        self.urls: dict[str, Urls] = {}
        self.units: dict[str, Unit] = {}

    async def move_in(self, code: str) -> None:
        self.urls[code] = await self.databases.fresh(code)
        await self.start(code)
        if code != "hub":
            kit = make_kit(self.settings(code))
            self.stack.push_async_callback(kit.database.close)
            profile = pkgutil.resolve_name(f"services.{code}.profile:PROFILE")
            self.orgs[code] = make_org_kit(kit, profile, policy_of(code))
            async with kit.database.transaction() as session:
                _, self.units[code], _ = await tree(session, self.orgs[code])

    def settings(self, code: str) -> Settings:
        return settings_for(code, self.urls[code], self.bus)

    async def start(self, code: str) -> None:
        self.services[code] = build(self.settings(code))
        self.running[code] = AsyncExitStack()
        await self.running[code].enter_async_context(self.services[code].running())
        self.stack.push_async_callback(self.running[code].aclose)

    async def stop(self, code: str) -> None:
        await self.running[code].aclose()

    @property
    def hub(self) -> Service:
        return self.services["hub"]

    async def admit(self, code: str, count: int, **given: Any) -> list[Member]:
        """People onto one roll, all to be shared; names go round."""
        org = self.orgs[code]
        people = []
        async with org.kit.database.transaction() as session:
            for n in range(count):
                values = {"name": NAMES[n % len(NAMES)], "consent": "是", **given}
                people.append(await admit(session, org, self.units[code], **values))
        return people

    async def settle_in(self, count: int) -> None:
        """So many on each roll, every third of them on all rolls under the same number."""
        numbers = [(identity_number(), phone_number()) for _ in range(count)]
        for code, org in self.orgs.items():
            entries = [
                read_entry(
                    org, person(org, name=NAMES[n % len(NAMES)], consent="是", **own), self.units[code].id
                )
                for n, (identity, phone) in enumerate(numbers)
                for own in [{"identity": identity, "phone": phone} if n % 3 == 0 else {}]
            ]
            async with org.kit.database.transaction() as session:
                await admit_many(session, org, [(entry, None) for entry in entries], CLERK)

    async def value(self, code: str, query: str, **values: Any) -> Any:
        async with self.services[code].kit.database.transaction() as session:
            return await session.scalar(text(query), values)

    async def rows(self, code: str, query: str, **values: Any) -> list[Any]:
        async with self.services[code].kit.database.transaction() as session:
            return list((await session.execute(text(query), values)).all())

    async def as_owner(self, code: str, *statements: str) -> None:
        engine = create_async_engine(self.urls[code].owner, poolclass=NullPool)
        try:
            async with engine.begin() as connection:
                for statement in statements:
                    await connection.execute(text(statement))
        finally:
            await engine.dispose()

    async def told(self) -> dict[UUID, int]:
        """The digest of every member ever told of, by affiliation: what the owners say."""
        out: dict[UUID, int] = {}
        for code, org in self.orgs.items():
            async with org.kit.database.transaction() as session:
                for row in await session.execute(text("select member_id, digest from member_told")):
                    out[affiliation_id(code, row.member_id)] = row.digest
        return out

    async def shown(self) -> dict[UUID, int]:
        """The same as the hub has it."""
        async with self.hub.kit.database.transaction() as session:
            ids = list(await session.scalars(text("select id from affiliation")))
            return {id_: row.digest for id_, row in (await digests.of_ids(session, ids)).items()}

    async def equal(self, seconds: float = 60) -> float:
        """Wait until the hub shows exactly what the owners told; how long it took."""
        began = time.monotonic()
        while True:
            told, shown = await self.told(), await self.shown()
            if told and told == shown:
                return time.monotonic() - began
            if time.monotonic() - began > seconds:
                wrong = [k for k in {*told, *shown} if told.get(k) != shown.get(k)]
                raise AssertionError(f"{len(wrong)} of {len(told)} differ after {seconds} s")
            await asyncio.sleep(0.2)

    async def recount(self) -> tuple[RecountRun, list[RecountPart], list[RecountDifference]]:
        """One recount, now."""
        kit = self.hub.kit
        while True:  # the service's own loop may be the one that runs it
            async with kit.database.transaction() as session:
                standing = await session.scalar(
                    text("select count(*) from recount_run where finished_at is null")
                )
                run_id = None if standing else await service.want(session, "测试")
            if run_id is not None:
                break
            await asyncio.sleep(0.1)
        while True:
            async with kit.database.transaction() as session:
                run = await session.get_one(RecountRun, run_id)
                if run.finished_at is not None:
                    parts = list(await service.parts(session, run_id))
                    return run, parts, list(await service.differences(session, run_id, 10_000))
            await asyncio.sleep(0.1)
