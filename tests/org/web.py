"""One organisation's whole service in process, with accounts and a browser; the bus stays away."""

import pkgutil
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
from fastapi import FastAPI
from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from shared.kit.audit import AuditEntry
from shared.kit.service import Service
from shared.kit.settings import Settings
from shared.kit.staff import NewAccount, StaffAccount, ensure_accounts
from shared.org.kit import OrgKit
from shared.org.members.models import Member
from shared.org.units import Unit
from tests.org.people import admit, person, tree

PASSWORD = "plum-river-lantern-7"
HTML = {"accept": "text/html", "sec-fetch-site": "same-origin"}
TOKEN = re.compile(r'name="csrf_token" value="([0-9a-f]+)"')
_ready: dict[str, dict[str, Any]] = {}
_services: dict[str, Service] = {}


@dataclass
class Browser:
    """Keeps cookies, reads the form token from pages, posts forms as a page of ours would."""

    client: httpx.AsyncClient
    csrf: str = ""

    async def get(self, path: str, **more: Any) -> httpx.Response:
        answer = await self.client.get(path, headers=HTML, **more)
        if found := TOKEN.search(answer.text):
            self.csrf = found.group(1)
        return answer

    async def post(self, path: str, data: Mapping[str, Any] | None = None) -> httpx.Response:
        return await self.client.post(path, data={"csrf_token": self.csrf, **(data or {})}, headers=HTML)

    async def api(
        self, method: str, path: str, json: Any = None, headers: Mapping[str, str] | None = None
    ) -> httpx.Response:
        ours = {"accept": "application/json", "x-csrf-token": self.csrf, "sec-fetch-site": "same-origin"}
        return await self.client.request(method, path, json=json, headers={**ours, **(headers or {})})


@dataclass
class OrgWorld:
    """The service under test with its tree of units."""

    org: OrgKit
    app: FastAPI
    top: Unit
    one: Unit
    two: Unit
    _open: list[httpx.AsyncClient] = field(default_factory=list)

    async def signed_in(self, login: str) -> Browser:
        transport = httpx.ASGITransport(app=self.app, raise_app_exceptions=False)
        client = httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8009")
        self._open.append(client)
        browser = Browser(client)
        await browser.get("/signin")
        answer = await browser.post("/signin", {"login": login, "password": PASSWORD})
        assert answer.status_code == 303, answer.text
        await browser.get("/account/password")
        return browser


def accounts(one: Unit) -> list[NewAccount]:
    given = [
        ("clerk", "周经办", ("clerk",), ""),
        ("keeper", "吴保管", ("clerk", "approver"), ""),
        ("viewer", "林查看", ("viewer",), ""),
        ("street", "陈街道", ("clerk",), one.path),
        ("admin", "郑管理", ("admin",), ""),
    ]
    return [NewAccount(login, name, "组织部", roles, PASSWORD, scope) for login, name, roles, scope in given]


async def make_accounts(session: AsyncSession, one: Unit) -> None:
    """Slow hashes are made once a run and copied; paths of scope are this database's own."""
    if not _ready:
        await ensure_accounts(session, accounts(one))
        rows = await session.execute(select(*StaffAccount.__table__.columns))
        _ready.update({row["login"]: {k: v for k, v in row.items() if k != "id"} for row in rows.mappings()})
        return
    scopes = {account.login: account.scope_path for account in accounts(one)}
    await session.execute(
        insert(StaffAccount), [r | {"scope_path": scopes[r["login"]]} for r in _ready.values()]
    )


def service_of(org: OrgKit) -> Service:
    """The service over the database of `org`: built once, its connections are closed after each test."""
    settings: Settings = org.kit.settings
    if settings.database_url not in _services:
        build = pkgutil.resolve_name(f"services.{org.profile.code}.service:build")
        _services[settings.database_url] = build(settings)
    return _services[settings.database_url]


@asynccontextmanager
async def org_world(org: OrgKit) -> AsyncIterator[OrgWorld]:
    """The service over the database of `org`."""
    service = service_of(org)
    async with org.kit.database.transaction() as session:
        top, one, two = await tree(session, org)
        await make_accounts(session, one)
    made = OrgWorld(org, service.app, top, one, two)
    try:
        yield made
    finally:
        for client in made._open:
            await client.aclose()
        await service.kit.database.close()


async def fill(here: OrgWorld, number: int = 1, **given: object) -> list[Member]:
    async with here.org.kit.database.transaction() as session:
        return [await admit(session, here.org, here.one, **given) for _ in range(number)]


def dialog_at(page: str, action: str) -> str:
    """The form of the one dialog that stands open, which must be that of `action`."""
    assert page.count('<details class="dialog" open>') == 1
    dialog = page.split('<details class="dialog" open>')[1].split("</form>", maxsplit=1)[0]
    assert f'action="{action}"' in dialog
    return dialog


def form_of(here: OrgWorld, **given: str) -> dict[str, str]:
    raw = {k: v for k, v in person(here.org).items() if v is not None}
    return {**raw, "kind": here.org.policy.kinds[0].code, "unit_id": str(here.one.id), **given}


async def audited(here: OrgWorld, action: str) -> list[AuditEntry]:
    async with here.org.kit.database.transaction() as session:
        return list(await session.scalars(select(AuditEntry).where(AuditEntry.action == action)))
