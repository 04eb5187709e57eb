"""A small service with sign-in and audit pages over a fresh database, and helpers to be a browser."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal
from uuid import UUID

import httpx
from fastapi import APIRouter, Depends, FastAPI, File, Request, UploadFile
from pydantic import SecretStr
from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from shared.contracts.audits import AuditAnchored, AuditSealed
from shared.kit import audit, clock, errors
from shared.kit.auditors import Elsewhere, auditors
from shared.kit.context import Kit, make_kit
from shared.kit.db import Database, Tx
from shared.kit.others import nobody
from shared.kit.settings import Settings
from shared.kit.staff import NewAccount, Staff, StaffAccount, ensure_accounts, install, public, require, staff
from shared.kit.staff.roles import grants_of
from shared.kit.web import Brand, Web, mount_web, render_problem
from tests.fixtures.databases import FreshDatabases

PASSWORD = "plum-river-lantern-7"
HTML = {"accept": "text/html", "sec-fetch-site": "same-origin"}
TEXT = {"text": "改动"}
ACCOUNTS = [
    NewAccount("viewer", "林查看", "办公室", ("viewer",), PASSWORD),
    NewAccount("clerk", "周经办", "组织部", ("clerk",), PASSWORD, "town.street"),
    NewAccount("approver", "吴审批", "组织部", ("approver",), PASSWORD),
    NewAccount("admin", "郑管理", "", ("admin",), PASSWORD),
    NewAccount("admin2", "王管理", "", ("admin",), PASSWORD),
    NewAccount("auditor", "冯审计", "", ("auditor",), PASSWORD),
]


class Clock:
    """Time that stands until it is moved."""

    def __init__(self) -> None:
        self.at = clock.now()

    def now(self) -> datetime:
        return self.at

    def pass_(self, **span: float) -> None:
        self.at += timedelta(**span)


things = APIRouter()


@things.get("/things")
async def read_things(
    staff: Annotated[Staff, Depends(require("things.read", reading=True))],
) -> dict[str, str]:
    return {"name": staff.name, "scope": staff.scope}


@things.post("/things")
async def write_things(
    request: Request, staff: Annotated[Staff, Depends(require("things.write"))]
) -> dict[str, Any]:
    form = await request.form()
    return {"text": form.get("text"), "by": staff.login}


@things.post("/api/v1/things")
async def write_by_api(staff: Annotated[Staff, Depends(require("things.write"))]) -> dict[str, str]:
    return {"by": staff.name, "via": staff.via}


@things.post("/upload")
async def upload(
    staff: Annotated[Staff, Depends(require("things.write"))], file: Annotated[UploadFile, File()]
) -> dict[str, Any]:
    return {"size": len(await file.read()), "name": file.filename, "by": staff.login}


@things.post("/streamed")
async def streamed(
    request: Request, staff: Annotated[Staff, Depends(require("things.write"))]
) -> dict[str, Any]:
    return {"size": sum([len(part) async for part in request.stream()]), "by": staff.login}


@things.post("/two", dependencies=[Depends(require("things.write")), Depends(require("things.approve"))])
async def both() -> dict[str, str]:
    return {}


@things.get("/open", dependencies=[Depends(public)])
async def open_to_all() -> dict[str, str]:
    return {}


@things.post("/record")
async def record_one(
    session: Tx, staff: Annotated[Staff, Depends(require("things.write"))]
) -> dict[str, str]:
    audit.record(session, actor=staff, action="thing.changed", target=("thing", 1), detail={"n": 1})
    return {}


async def keepers(_: AsyncSession) -> list[str]:
    """Who keeps the end of this log; the bus is away here."""
    return ["hub"]


def staff_app(kit: Kit) -> FastAPI:
    app = FastAPI()
    app.state.kit, app.state.database = kit, kit.database
    app.state.others = nobody
    app.state.namings = staff(kit).namings
    modules = (staff(kit), auditors(kit, Elsewhere(AuditSealed, AuditAnchored, keepers)))
    for module in modules:
        if module.api:
            app.include_router(module.api)
        if module.pages:
            app.include_router(module.pages, include_in_schema=False)
    app.include_router(things)
    web = Web(
        profile=Brand("club", "某某市某某会", "工作系统", "某", "blue"),
        nav=tuple(item for m in modules for item in m.nav),
        template_dirs=tuple(m.templates for m in modules if m.templates),
        account_url="/account",
        secret=kit.key("web"),
    )
    mount_web(app, web)
    errors.install(app, render_problem)
    install(app)
    return app


def settings(url: str, **more: Any) -> Settings:
    given = {
        "service": "kit",
        "database_url": url,
        "secret_key": SecretStr("a test secret that is long enough"),
        "pool_size": 10,
    }
    return Settings(**{**given, **more})


@dataclass
class Browser:
    """One browser: keeps cookies, reads the form token from pages, posts forms as a page of ours would."""

    client: httpx.AsyncClient
    csrf: str = ""

    async def get(self, path: str, **more: Any) -> httpx.Response:
        answer = await self.client.get(path, headers={**HTML, **more.pop("headers", {})}, **more)
        if found := re.search(r'name="csrf_token" value="([0-9a-f]+)"', answer.text):
            self.csrf = found.group(1)
        return answer

    async def post(self, path: str, data: dict[str, Any] | None = None, **more: Any) -> httpx.Response:
        body = {"csrf_token": self.csrf, **(data or {})}
        return await self.client.post(path, data=body, headers={**HTML, **more.pop("headers", {})}, **more)

    async def sign_in(self, login: str, password: str = PASSWORD, **data: str) -> httpx.Response:
        await self.get("/signin")
        answer = await self.post("/signin", {"login": login, "password": password, **data})
        if answer.status_code == 303 and "quntuan_kit" in self.client.cookies:
            await self.get("/account/password")
        return answer

    @property
    def session(self) -> str:
        return self.client.cookies.get("quntuan_kit") or ""


@dataclass
class World:
    """The service under test."""

    app: FastAPI
    kit: Kit
    owner_url: str
    _open: list[httpx.AsyncClient] = field(default_factory=list)

    @property
    def database(self) -> Database:
        return self.kit.database

    def browser(self) -> Browser:
        transport = httpx.ASGITransport(app=self.app, raise_app_exceptions=False)
        client = httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8009")
        self._open.append(client)
        return Browser(client)

    async def signed_in(self, login: str) -> Browser:
        browser = self.browser()
        assert (await browser.sign_in(login)).status_code == 303
        return browser

    async def audited(self, action: str) -> list[audit.AuditEntry]:
        async with self.database.transaction() as session:
            query = (
                select(audit.AuditEntry)
                .where(audit.AuditEntry.action == action)
                .order_by(audit.AuditEntry.seq)
            )
            return list(await session.scalars(query))


_ready: list[dict[str, Any]] = []


async def _accounts(session: AsyncSession) -> None:
    """The accounts; their slow hashes are made once a run and copied."""
    if _ready:
        await session.execute(insert(StaffAccount), _ready)
        return
    assert await ensure_accounts(session, ACCOUNTS) == len(ACCOUNTS)
    rows = await session.execute(select(*StaffAccount.__table__.columns))
    _ready.extend({k: v for k, v in row.items() if k != "id"} for row in rows.mappings())


@asynccontextmanager
async def world(databases: FreshDatabases, **more: Any) -> AsyncIterator[World]:
    async with databases.lent("kit") as urls:
        kit = make_kit(settings(urls.app, **more))
        async with kit.database.transaction() as session:
            await _accounts(session)
        made = World(staff_app(kit), kit, urls.owner)
        try:
            yield made
        finally:
            for client in made._open:
                await client.aclose()
            await kit.database.close()


def principal(id_: UUID, roles: tuple[str, ...], via: Literal["session", "token"]) -> Staff:
    return Staff(
        id=id_, login="x", name="某某", office="", roles=roles, scope_path="", permissions=grants_of(roles), via=via,
    )  # fmt: skip
