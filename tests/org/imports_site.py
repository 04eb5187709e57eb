"""The pages of imports as a browser sees them: signed in, uploading, posting forms."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx
import pytest

from shared.kit.staff import NewAccount, ensure_accounts
from shared.org.kit import OrgKit
from shared.org.units import ensure_top_unit
from tests.org.imports_tools import settle
from tests.org.people import CLERK
from tests.org.pool import Orgs
from tests.org.web import service_of

PASSWORD = "plum-river-lantern-7"
HTML = {"accept": "text/html", "sec-fetch-site": "same-origin"}


@dataclass
class Site:
    """One organisation's pages and a browser signed in there."""

    org: OrgKit
    client: httpx.AsyncClient
    csrf: str = ""

    async def sign_in(self, login: str) -> None:
        page = await self.client.get("/signin", headers=HTML)
        form = {"login": login, "password": PASSWORD, "csrf_token": token_in(page.text)}
        answer = await self.client.post("/signin", data=form, headers=HTML)
        assert answer.status_code == 303, answer.text
        self.csrf = token_in((await self.page("/imports")).text)

    async def page(self, path: str) -> httpx.Response:
        return await self.client.get(path, headers=HTML)

    async def post(self, path: str, **form: str) -> httpx.Response:
        return await self.client.post(path, data={"csrf_token": self.csrf, **form}, headers=HTML)

    async def upload(self, name: str, data: bytes) -> str:
        files = {"file": (name, data)}
        answer = await self.client.post("/imports", data={"csrf_token": self.csrf}, files=files, headers=HTML)
        assert answer.status_code == 303, answer.text
        await settle(self.org)
        return str(answer.headers["location"])


def token_in(html: str) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', html)
    return found[1] if found else ""


@pytest.fixture
async def site(orgs: Orgs) -> AsyncIterator[Site]:
    org = await orgs.empty("union")
    service = service_of(org)
    async with org.kit.database.transaction() as session:
        await ensure_top_unit(session, org, CLERK)
        accounts = [
            NewAccount("clerk", "沈若溪", "组织部", ("clerk",), PASSWORD),
            NewAccount("viewer", "林查看", "办公室", ("viewer",), PASSWORD),
        ]
        await ensure_accounts(session, accounts)
    transport = httpx.ASGITransport(app=service.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://union.test") as client:
        yield Site(org, client)
    await service.kit.database.close()
    await org.kit.database.close()
