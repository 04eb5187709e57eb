"""The hub's pages over HTTP, in process: signed-in members of staff as clients."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from html.parser import HTMLParser
from typing import Any

import httpx

from services.hub.service import build
from shared.kit.settings import Settings
from shared.kit.staff import NewAccount, ensure_accounts
from tests.hub.conftest import Hub

PASSWORD = "tianfu-jinjiang-27-qiao"
ACCOUNTS = (
    NewAccount("clerk", "何静怡", "市妇联办公室", ("clerk",), PASSWORD),
    NewAccount("viewer", "文可", "统计组", ("viewer",), PASSWORD),
    NewAccount("steward", "季云舟", "联席办信息组", ("approver",), PASSWORD),
    NewAccount("admin", "高远", "信息中心", ("admin",), PASSWORD),
    NewAccount("auditor", "段明", "纪检组", ("auditor",), PASSWORD),
)
_TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')
BASE = "https://hub.test"


class Forms(HTMLParser):
    """The forms of a page with what a browser would send of them: by their address."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: dict[str, dict[str, str]] = {}
        self._fields, self._select = dict[str, str](), ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {k: v or "" for k, v in attrs}
        if tag == "form":
            self._fields = self.found[said["action"]] = {}
        elif tag == "input" and "name" in said:
            self._fields[said["name"]] = said.get("value", "")
        elif tag == "select":
            self._select = said["name"]
        elif tag == "option" and ("selected" in said or self._select not in self._fields):
            self._fields[self._select] = said.get("value", "")


class Client:
    """One signed-in member of staff."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self.http, self.csrf = http, ""

    async def sign_in(self, login: str, password: str = PASSWORD) -> "Client":
        form = await self.http.get("/signin")
        found = _TOKEN.search(form.text)
        assert found, form.text[:500]
        data = {"csrf_token": found[1], "login": login, "password": password, "next": "/"}
        answer = await self.http.post("/signin", data=data)
        assert answer.status_code == 303, answer.text[:500]
        page = _TOKEN.search(
            (await self.http.get("/account", follow_redirects=True)).text
        )  # or the new password
        assert page
        self.csrf = page[1]
        return self

    async def get(self, path: str, **options: Any) -> httpx.Response:
        return await self.http.get(path, **options)

    async def choose(self, page: str, action: str, **chosen: str) -> httpx.Response:
        """Submit a filter form of the page as a browser does: every field of it, empty ones too."""
        return await self.http.get(action, params=Forms(page).found[action] | chosen)

    async def post(self, path: str, **fields: Any) -> httpx.Response:
        return await self.http.post(path, data={"csrf_token": self.csrf, **fields})

    async def api(self, method: str, path: str, **options: Any) -> httpx.Response:
        headers = {"accept": "application/json", "x-csrf-token": self.csrf}
        return await self.http.request(method, path, headers=headers, **options)


def settings_of(hub: Hub) -> Settings:
    """The settings the hub fixture runs with."""
    return hub.kit.settings


@asynccontextmanager
async def clients(hub: Hub, *logins: str) -> AsyncIterator[list[Client]]:
    """Signed-in clients of one running app."""
    service = build(settings_of(hub))
    async with hub.database.transaction() as session:
        await ensure_accounts(session, ACCOUNTS)
    opened = []
    for login in logins:
        transport = httpx.ASGITransport(service.app)
        http = httpx.AsyncClient(
            transport=transport, base_url=BASE, headers={"accept": "text/html", "origin": BASE}
        )
        opened.append(await Client(http).sign_in(login))
    yield opened
    for client in opened:
        await client.http.aclose()
    await service.kit.database.close()
