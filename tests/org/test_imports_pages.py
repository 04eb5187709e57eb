"""The pages and the API of imports over HTTP, as a browser and a program use them."""

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from uuid import UUID

import httpx
import pytest
from sqlalchemy import select, update

from shared.kit import clock
from shared.kit.pii import derive_key  # noqa: F401 - keys come from the settings
from shared.kit.staff import NewAccount, ensure_accounts
from shared.kit.staff.models import StaffSession
from shared.org.imports import pages as import_pages
from shared.org.imports import queries
from shared.org.imports.models import ImportBatch
from shared.org.imports.worker import ImportWorker
from shared.org.kit import OrgKit
from shared.org.units import ensure_top_unit
from tests.org.imports_tools import CLERK_1, HEAD, csv_file, line, settle
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


async def test_from_upload_to_withdrawal_by_the_pages(site: Site) -> None:
    await site.sign_in("clerk")
    assert "还没有导入过名册" in (await site.page("/imports")).text
    at = await site.upload("名册.csv", csv_file(HEAD, line(site.org), line(site.org, "乐文博", phone="12")))
    page = (await site.page(at)).text
    for text in (
        "确认写入1人",
        "新建1个单位",
        "不予写入",
        "手机号码应为 11 位",
        "下载1行不予写入的原因",
        "星河",
    ):
        assert text in page, text
    assert " style=" not in page
    version = re.search(r'name="version" value="(\d+)"', page)
    assert version
    stale = await site.post(f"{at}/confirm", version="1")
    assert stale.status_code == 409
    assert "核对结果刚刚有变动" in stale.text
    assert (await site.post(f"{at}/confirm", version=version[1])).status_code == 303
    assert "正在写入" in (await site.page(at)).text
    await settle(site.org)
    page = (await site.page(at)).text
    assert "已写入1人" in page
    assert "整批撤回" in page
    errors = await site.page(f"{at}/errors")
    assert "attachment" in errors.headers["content-disposition"]
    assert "手机号码应为 11 位" in errors.content.decode("utf-8-sig")
    assert (await site.post(f"{at}/withdraw")).status_code == 303
    await settle(site.org)
    assert "已撤回1行" in (await site.page(at)).text
    history = (await site.page("/imports")).text
    assert "名册.csv" in history
    assert "已撤回" in history


async def test_columns_by_the_page(site: Site) -> None:
    await site.sign_in("clerk")
    at = await site.upload("名册.csv", csv_file(f"{HEAD.replace('所在组织', '单位')},组织", line(site.org)))
    page = (await site.page(at)).text
    assert "请核对" in page
    twice = {"width-0": "7", "use-0": "1", "c-0-0": "name", "c-0-1": "name", "c-0-3": "unit"}
    refused = await site.post(f"{at}/columns", **twice)
    assert refused.status_code == 422
    assert "有两列都对应“姓名”" in refused.text
    codes = ["name", "identity", "phone", "unit", "kind", "joined_on"]
    mapping = {f"c-0-{n}": code for n, code in enumerate(codes)}
    assert (await site.post(f"{at}/columns", **{"width-0": "7", "use-0": "1", **mapping})).status_code == 303
    await settle(site.org)
    assert "确认写入1人" in (await site.page(at)).text


async def test_a_line_is_put_aside_by_the_page(site: Site) -> None:
    await site.sign_in("clerk")
    at = await site.upload("名册.csv", csv_file(HEAD, line(site.org), line(site.org, "乐文博")))
    answer = await site.post(f"{at}/rows/2", decision="skip", back="tab=new")
    assert answer.headers["location"] == f"{at}?tab=new#r2"
    page = (await site.page(f"{at}?tab=new")).text
    assert "恢复写入" in page
    assert "确认写入1人" in page


async def test_every_tab_of_the_check_opens_in_page_and_api(site: Site) -> None:
    await site.sign_in("clerk")
    at = await site.upload("名册.csv", csv_file(HEAD, line(site.org)))
    for tab in queries.TABS:
        assert (await site.page(f"{at}?tab={tab}")).status_code == 200, tab
        assert (await site.page(f"{at}/part/main?tab={tab}")).status_code == 200, tab
        asked = await site.client.get(f"/api/v1{at}/rows", params={"outcome": tab})
        assert asked.status_code == 200, tab


async def test_a_big_plan_has_pages(site: Site) -> None:
    await site.sign_in("clerk")
    people = [line(site.org, f"甲{chr(0x4E00 + n)}") for n in range(120)]
    at = await site.upload("名册.csv", csv_file(HEAD, *people))
    seen: list[str] = []
    address = f"{at}?tab=new"
    while address:
        page = (await site.page(address)).text
        seen += re.findall(r'id="r(\d+)"', page)
        following = re.search(r'href="([^"]+)">下一页', page)
        address = following[1].replace("&amp;", "&") if following else ""
    assert seen == [str(n) for n in range(2, 122)]
    assert len(re.findall(r'id="r(\d+)"', (await site.page(at)).text)) < 20


async def test_bad_uploads_say_what_to_do(site: Site) -> None:
    await site.sign_in("clerk")
    nothing = await site.client.post(
        "/imports", data={"csrf_token": site.csrf}, files={"x": ("a", b"b")}, headers=HTML
    )
    assert nothing.status_code == 422
    assert "请选择要导入的名册文件" in nothing.text
    at = await site.upload("名册.xlsx", b"%PDF-1.7")
    assert "这是 PDF 文件，不是表格" in (await site.page(at)).text
    no_token = await site.client.post("/imports", files={"file": ("a.csv", b"x")}, headers=HTML)
    assert no_token.status_code == 403


OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
NO_ROSTERS = {
    "表头.csv": (csv_file(HEAD), "表头下面没有人员", "请确认上传的是填好的名册"),
    "照片.xlsx": (b"\xff\xd8\xff\xe0" + b"x" * 99, "这是图片，不是表格", "请向制表人要原来的 Excel"),
    "手机照片.xlsx": (b"\0\0\0\x18ftypheic" + b"\0" * 99, "这是图片，不是表格", "请向制表人要原来的 Excel"),
    "扫描件.csv": (b"%PDF-1.7", "这是 PDF 文件，不是表格", "请向制表人要原来的 Excel"),
    "压缩.xlsx": (b"Rar!" + b"x" * 99, "这是压缩包，不是表格", "请先解压"),
    "说明.txt": ("请各单位周五前报送\r\n".encode(), "没有认出表头", "如果选错了文件，请取消导入"),
    "加密.xlsx": (OLE + "EncryptedPackage".encode("utf-16-le"), "文件设置了打开密码", "请取消密码"),
    "空白.csv": (b"\r\n , \r\n", "文件里没有任何内容", "请确认上传的是填好的名册"),
    "别家.csv": (
        "姓名,性别,所在妇联组织\r\n单文慧,女,春熙社区妇联\r\n".encode(),
        "整份文件没有一行可以写入", "如果这是其他组织的名册",
    ),
    "别家又一.csv": (
        "姓名,性别,所属商会\r\n单文慧,女,春熙商会\r\n".encode(),
        "没有认出哪一列是所在单位", "如果这是其他组织的名册",
    ),
}  # fmt: skip


async def test_a_file_that_is_no_roster_says_what_to_do_next(site: Site) -> None:
    await site.sign_in("clerk")
    for name, (data, said, hint) in NO_ROSTERS.items():
        page = (await site.page(await site.upload(name, data))).text
        assert said in page, name
        assert hint in page, name
        assert "文件与名册一致" not in page, name
    files = {"file": ("空.xlsx", b"")}
    empty = await site.client.post("/imports", data={"csrf_token": site.csrf}, files=files, headers=HTML)
    assert (empty.status_code, "文件是空的，请重新选择" in empty.text) == (422, True)


async def test_only_who_may_run_imports(site: Site) -> None:
    page = await site.client.get("/signin", headers=HTML)
    form = {"login": "viewer", "password": PASSWORD, "csrf_token": token_in(page.text)}
    await site.client.post("/signin", data=form, headers=HTML)
    assert (await site.page("/imports")).status_code == 403


async def test_the_api_does_what_the_page_does(site: Site) -> None:
    await site.sign_in("clerk")
    site.client.headers["x-csrf-token"] = site.csrf
    files = {"file": ("名册.csv", csv_file(HEAD, line(site.org), line(site.org, "")))}
    made = await site.client.post("/api/v1/imports", files=files)
    assert (made.status_code, made.json()["status"]) == (201, "reading")
    await settle(site.org)
    at = f"/api/v1/imports/{made.json()['id']}"
    batch = (await site.client.get(at)).json()
    assert (batch["status"], batch["sums"]["new"], batch["sums"]["refused"]) == ("ready", 1, 1)
    (refused,) = (await site.client.get(f"{at}/rows", params={"outcome": "refused"})).json()["items"]
    assert refused["troubles"][0]["reason"] == "姓名为空"
    (unit,) = (await site.client.get(f"{at}/units")).json()
    renamed = {"name": "柳江新单位", "kind": unit["kind"]}
    assert (await site.client.put(f"{at}/units/{unit['id']}", json=renamed)).json()["status"] == "planning"
    await settle(site.org)
    batch = (await site.client.get(at)).json()
    assert (
        await site.client.post(f"{at}/confirm", json={"version": batch["version"] - 1})
    ).status_code == 409
    confirmed = await site.client.post(f"{at}/confirm", json={"version": batch["version"]})
    assert confirmed.json()["status"] == "applying"
    await settle(site.org)
    assert (await site.client.get(at)).json()["sums"]["written"] == 1
    assert (await site.client.get(f"{at}/errors")).status_code == 200
    assert (await site.client.post(f"{at}/withdraw")).json()["status"] == "withdrawing"
    assert (await site.client.get("/api/v1/imports")).json()["items"][0]["id"] == made.json()["id"]


async def test_the_stream_tells_when_the_import_moves_on(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_pages, "BUSY", 0.02)
    monkeypatch.setattr(import_pages, "IDLE", 0.02)
    await site.sign_in("clerk")
    at = await site.upload("名册.csv", csv_file(HEAD, line(site.org)))
    batch_id, org = UUID(at.rsplit("/", 1)[1]), site.org
    async with org.kit.database.transaction() as session:
        opened = await session.scalar(select(StaffSession.id))
        version = await session.scalar(select(ImportBatch.version))
    assert version is not None
    reader = replace(CLERK_1, session_id=opened)
    stream = import_pages._versions(org, reader, batch_id, version)
    told = asyncio.ensure_future(anext(stream))
    await asyncio.sleep(0.1)
    assert not told.done()
    await site.post(f"{at}/rows/2", decision="skip")
    assert await asyncio.wait_for(told, 5) > version
    part = await site.page(f"{at}/part/main")
    assert part.status_code == 200
    assert "<html" not in part.text
    async with org.kit.database.transaction() as session:
        await session.execute(update(StaffSession).values(revoked_at=clock.now()))
    with pytest.raises(StopAsyncIteration):  # signed out: the stream ends at its next look
        await asyncio.wait_for(anext(stream), 5)


async def test_a_stream_ends_when_the_service_stops(site: Site) -> None:
    await site.sign_in("clerk")
    at = await site.upload("名册.csv", csv_file(HEAD, line(site.org)))
    site.org.kit.stopping.set()
    try:
        stream = import_pages._versions(site.org, CLERK_1, UUID(at.rsplit("/", 1)[1]), 1)
        with pytest.raises(StopAsyncIteration):
            await asyncio.wait_for(anext(stream), 5)
    finally:
        site.org.kit.stopping.clear()


async def test_a_stream_of_no_import_is_refused_before_it_begins(site: Site) -> None:
    await site.sign_in("clerk")
    assert (await site.page(f"/imports/{UUID(int=0)}/events")).status_code == 404


async def test_the_loop_stops_when_asked(site: Site) -> None:
    stop = asyncio.Event()
    loop = asyncio.create_task(ImportWorker(site.org).loop(stop))
    await asyncio.sleep(0.2)
    stop.set()
    await asyncio.wait_for(loop, 3)
