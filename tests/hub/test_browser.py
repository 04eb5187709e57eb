"""The hub in Debian's Chromium: lookup by hand at the desk and on a phone, accessible, nothing sideways."""

import asyncio
import os
import re
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, Route, async_playwright, expect

from services.hub.service import build
from shared.kit.staff import ensure_accounts
from tests.hub.conftest import Hub
from tests.hub.site import ACCOUNTS, PASSWORD
from tests.hub.telling import announced, state

pytestmark = pytest.mark.browser

UNDER_A_MESSAGE = """() => [...document.querySelectorAll('input:not([type=hidden]), select, textarea')].filter(i =>
  [...document.querySelectorAll('.toast')].some(t => { const a = i.getBoundingClientRect(), b = t.getBoundingClientRect();
    return a.width && a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom; })).map(i => i.name)"""
DESK, PHONE = (1366, 768), (390, 844)
ARGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
SURNAMES, GIVEN = (
    ("单", "善", "山"),
    ("文慧", "嘉树", "立诚", "思琪", "月华", "雨涵", "振国", "静", "博远", "可欣", "一诺"),
)


async def a_town(hub: Hub) -> None:
    """Three organisations, namesakes by sound, people in one, two and three of them, and one in doubt."""
    for code, letter, palette in (("alpha", "工", "blue"), ("beta", "团", "teal"), ("gamma", "妇", "plum")):
        await hub.tell(code, announced(code, letter, palette))
    for number in range(27):
        name = SURNAMES[number % 3] + GIVEN[number % len(GIVEN)]
        mine: dict[str, Any] = {"identity": f"51990119900{number % 9}01{1000 + number}", "phone": f"120{number:04}{number + 5000}",
                "birth": f"19{60 + number}-03-01", "sex": "fm"[number % 2], "post": "委员" if number % 4 == 0 else None}  # fmt: skip
        await hub.tell(
            "alpha", state(name, unit_names=("市总会", "锦江区星河电子公司"), kind_title="工会会员", **mine)
        )
        if number % 2:
            away: dict[str, Any] = (
                {"standing": "left", "standing_title": "已离团"} if number % 3 else {"standing_title": "正常"}
            )
            await hub.tell(
                "beta",
                state(name, unit_names=("团市委", "锦城理工大学"), kind_title="共青团员", **mine, **away),
            )
        if number % 3 == 0:
            await hub.tell(
                "gamma", state(name, unit_names=("市妇联", "桂溪街道妇联"), kind_title="妇联执委", **mine)
            )
    await hub.tell("alpha", state("钟意", birth="1993-04-01", identity="519901199304010628"))
    await hub.tell(
        "gamma",
        state("钟意", birth="1993-04-01", phone="12700005530", unit_names=("市妇联", "猛追湾街道妇联")),
    )


@pytest.fixture
async def address(hub: Hub) -> AsyncIterator[str]:
    await a_town(hub)
    async with hub.database.transaction() as session:
        await ensure_accounts(session, ACCOUNTS)
    service = build(hub.kit.settings)
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    config = uvicorn.Config(service.app, log_level="error", timeout_graceful_shutdown=1, lifespan="off")
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve(sockets=[listening]))
    while not server.started:  # noqa: ASYNC110 - uvicorn has no event to wait for
        await asyncio.sleep(0.02)
    yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    server.should_exit = True
    await task
    await service.kit.database.close()


@pytest.fixture
async def chromium() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path="/usr/bin/chromium", args=ARGS)
        yield browser
        await browser.close()


async def sign_in(page: Page, address: str, login: str) -> None:
    await page.goto(f"{address}/signin")
    await page.fill("[name=login]", login)
    await page.fill("[name=password]", PASSWORD)
    await page.press("[name=password]", "Enter")
    await page.wait_for_url(f"{address}/")


async def check(page: Page, width: int, name: str) -> None:
    """No violation of axe, nothing wider than the window; a picture when QUNTUAN_SCREENSHOTS names a folder."""
    if folder := os.environ.get("QUNTUAN_SCREENSHOTS"):
        await page.screenshot(path=Path(folder) / f"{name}-{width}.png", full_page=True)
    violations = (await Axe().run(page)).response["violations"]
    assert [(v["id"], [n["html"] for n in v["nodes"]]) for v in violations] == []
    assert await page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("size", [DESK, PHONE])
async def test_a_clerk_looks_somebody_up(chromium: Browser, address: str, size: tuple[int, int]) -> None:
    context = await chromium.new_context(
        viewport={"width": size[0], "height": size[1]}, reduced_motion="reduce"
    )
    page = await context.new_page()
    complaints: list[str] = []
    page.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
    await sign_in(page, address, "clerk")
    await context.clear_cookies()
    await sign_in(page, address, "clerk")
    await expect(page.locator(".toast", has_text="上次登录")).to_be_visible()
    await check(page, size[0], "home")
    covered = await page.evaluate(UNDER_A_MESSAGE)
    assert covered == []
    await page.goto(f"{address}/lookup")
    await page.fill("[name=q]", "shan")
    await page.select_option("[name=purpose]", "joint_activity")
    await page.press("[name=q]", "Enter")
    await expect(page.locator(".people tbody tr")).to_have_count(20)
    await check(page, size[0], "lookup")
    for row in await page.locator(".people tbody tr").all():  # namesakes are told apart, on a phone too
        await expect(row).to_contain_text(
            re.compile("[男女]，\\d+—\\d+岁.*\\*.*(公司|大学|妇联)", re.DOTALL), use_inner_text=True
        )
    await page.locator(
        ".row-link:visible"
    ).first.click()  # beside the list at a desk, a page of its own on a phone
    await expect(page.locator(".who h2")).to_be_visible()
    await check(page, size[0], "lookup-drawer")
    if size == PHONE:
        await page.go_back()
    await page.get_by_role("link", name="下一页").click()
    await expect(page.locator(".people tbody tr")).to_have_count(7)
    await page.go_back()
    await expect(page.locator(".people tbody tr")).to_have_count(20)
    await page.goto(f"{address}/organisations")
    await check(page, size[0], "organisations")
    await page.goto(f"{address}/lookup/recent")
    await check(page, size[0], "recent")
    assert complaints == []
    await context.close()


async def late(route: Route) -> None:
    await asyncio.sleep(0.2)
    await route.continue_()


@pytest.mark.parametrize("size", [DESK, PHONE])
async def test_a_steward_judges(chromium: Browser, address: str, size: tuple[int, int]) -> None:
    context = await chromium.new_context(
        viewport={"width": size[0], "height": size[1]}, reduced_motion="reduce"
    )
    page = await context.new_page()
    await page.route("**/js/app*.js*", late)  # a letter typed as soon as something can be read is not lost
    await sign_in(page, address, "steward")
    await page.goto(f"{address}/candidates")
    await check(page, size[0], "candidates-empty")
    await page.get_by_role("button", name="再调入20组").click()
    await expect(page.get_by_role("heading", name="这两条记录是同一个人吗")).to_be_visible()
    await check(page, size[0], "candidates")
    await page.keyboard.press("l")  # put off, by keys alone
    await expect(page.get_by_label("推迟到")).to_be_focused()
    await check(page, size[0], "candidates-later")
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("没有待核对的记录")).to_be_visible()
    await page.get_by_role("link", name="以后再说 1").click()
    await page.wait_for_url("**tab=later**")
    await page.locator(".q-list a").click()
    await page.wait_for_url("**pair=**")
    await page.keyboard.press("l")
    await expect(page.get_by_text("已放回待核对")).to_be_visible()
    await page.goto(f"{address}/candidates")
    await expect(page.get_by_role("heading", name="这两条记录是同一个人吗")).to_be_visible()
    await page.keyboard.press("y")  # no reason yet: it asks for one and decides nothing
    await expect(page.locator(".decide [name=reason]")).to_be_focused()
    await page.locator("main h1").click()
    await page.keyboard.press("r")
    await page.keyboard.type("电话核实为同一人")
    await page.locator("main h1").click()
    await page.keyboard.press("y")
    await expect(page.get_by_text("没有待核对的记录")).to_be_visible()
    await check(page, size[0], "decided")
    await page.keyboard.press("z")
    await expect(page.locator("#f-undo-reason")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="这两条记录是同一个人吗")).to_be_visible()
    await page.keyboard.press("r")
    await page.keyboard.type("见到本人")
    await page.get_by_role("button", name="确认同一人").click()
    await expect(page.get_by_text("没有待核对的记录")).to_be_visible()
    await page.goto(f"{address}/quality")
    await page.fill("[name=size]", "3")
    await check(page, size[0], "quality-empty")
    await page.get_by_role("button", name="随机抽样").click()
    await expect(page.get_by_role("heading", name="这两条记录确实是同一个人吗")).to_be_visible()
    await check(page, size[0], "sample")
    for number, found in enumerate("yln", 1):
        await page.keyboard.press(found)
        await expect(page.get_by_text(f"已判断{number}条，共3条")).to_be_visible(timeout=30_000)
    await expect(page.get_by_text("全部判断完了")).to_be_visible()
    await page.get_by_role("link", name="看结果").click()
    await expect(page.get_by_text("50.00%").first).to_be_visible()
    await check(page, size[0], "quality")
    await page.goto(f"{address}/lookup")
    await page.fill("[name=q]", "钟意")
    await page.select_option("[name=purpose]", "visit")
    await page.press("[name=q]", "Enter")
    await page.locator(".row-link:visible").click()
    await page.get_by_role("link", name="为什么是同一人").click()
    await expect(page.get_by_role("heading", name="为什么是同一人")).to_be_visible()
    await check(page, size[0], "person")
    await context.close()


async def test_a_lookup_works_without_scripts(chromium: Browser, address: str) -> None:
    context = await chromium.new_context(viewport={"width": 1366, "height": 768}, java_script_enabled=False)
    page = await context.new_page()
    await sign_in(page, address, "clerk")
    await page.goto(f"{address}/lookup")
    await page.fill("[name=q]", "单文慧")
    await page.select_option("[name=purpose]", "visit")
    await page.get_by_role("button", name="查询").click()
    await page.locator(".row-link:visible").first.click()
    await expect(page.get_by_text("本次查看已登记")).to_be_visible()
    await context.close()


async def test_signed_out_meanwhile_a_row_leads_to_the_sign_in(chromium: Browser, address: str) -> None:
    context = await chromium.new_context(viewport={"width": 1366, "height": 768})
    page = await context.new_page()
    await sign_in(page, address, "clerk")
    await page.goto(f"{address}/lookup")
    await page.fill("[name=q]", "单文慧")
    await page.select_option("[name=purpose]", "visit")
    await page.press("[name=q]", "Enter")
    await page.wait_for_url("**/lookup/*")
    back = page.url.removeprefix(address)
    await context.clear_cookies()
    await page.locator(".row-link:visible").first.click()
    await page.wait_for_url("**/signin?next=*")
    await expect(page.locator("[name=next]")).to_have_value(back)
    await context.close()
