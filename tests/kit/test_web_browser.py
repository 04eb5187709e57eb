"""The shell and every macro in Debian's Chromium: accessible, no sideways scroll, usable with and without scripts."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Route,
    async_playwright,
    expect,
)

from tests.fixtures.serving import serving
from tests.kit.web_app import build

pytestmark = pytest.mark.browser

DESK, PHONE = (1366, 768), (390, 844)
ARGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


@pytest.fixture(scope="module")
async def address() -> AsyncIterator[str]:
    async with serving(build()) as at:
        yield at


@pytest.fixture(scope="module")
async def chromium() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path="/usr/bin/chromium", args=ARGS)
        yield browser
        await browser.close()


async def context_of(chromium: Browser, size: tuple[int, int], scripts: bool = True) -> BrowserContext:
    viewport = {"width": size[0], "height": size[1]}
    return await chromium.new_context(viewport=viewport, java_script_enabled=scripts)  # type: ignore[arg-type]


async def look(page: Page, width: int) -> None:
    """No violation of axe, nothing wider than the window."""
    violations = (await Axe().run(page)).response["violations"]
    assert [(v["id"], [n["html"] for n in v["nodes"]]) for v in violations] == []
    assert await page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("size", [DESK, PHONE])
@pytest.mark.parametrize("path", ["every", "gate", "refused", "live"])
async def test_accessible_and_no_sideways_scroll(
    chromium: Browser, address: str, size: tuple[int, int], path: str
) -> None:
    complaints: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        if message.type == "error" and "409" not in message.text:
            complaints.append(message.text)

    async with await context_of(chromium, size) as context:
        page = await context.new_page()
        page.on("console", listen)
        await page.goto(f"{address}/{path}")
        await look(page, size[0])
    assert complaints == []


@pytest.mark.parametrize("size", [DESK, PHONE])
async def test_dialog_opens_by_keyboard_and_closes_by_escape(
    chromium: Browser, address: str, size: tuple[int, int]
) -> None:
    async with await context_of(chromium, size) as context:
        page = await context.new_page()
        await page.goto(f"{address}/every")
        await page.locator(".card .dialog > summary").focus()
        await page.keyboard.press("Enter")
        await page.wait_for_selector("#f-reason:focus")
        await look(page, size[0])
        await page.keyboard.press("Escape")
        assert await page.locator(".card .dialog-panel").is_hidden()
        assert await page.evaluate("document.activeElement.matches('.dialog > summary')")


async def test_without_scripts_a_dialog_opens_and_closes_and_the_bulk_bar_is_there(
    chromium: Browser, address: str
) -> None:
    async with await context_of(chromium, DESK, scripts=False) as context:
        page = await context.new_page()
        await page.goto(f"{address}/every")
        assert await page.locator(".bulk").is_visible()
        await page.locator(".card .dialog > summary").click()
        assert await page.locator(".card .dialog-panel").is_visible()
        await page.mouse.click(20, 400)  # beside the panel
        assert await page.locator(".card .dialog-panel").is_hidden()
        await page.locator(".me > summary").click()
        assert await page.get_by_text("退出登录").is_visible()


async def test_selecting_rows_shows_the_bar_with_the_figure(chromium: Browser, address: str) -> None:
    async with await context_of(chromium, DESK) as context:
        page = await context.new_page()
        await page.goto(f"{address}/every")
        assert await page.locator(".bulk").is_hidden()
        await page.locator("[data-check-row]").first.check()
        assert await page.locator(".bulk b").inner_text() == "已选1人"
        assert await page.locator("[data-check-all]").evaluate("e => e.indeterminate")
        await page.locator("[data-check-all]").check()
        assert await page.locator(".bulk b").inner_text() == "已选3人"
        await page.locator("[data-bulk-clear]").click()
        assert await page.locator(".bulk").is_hidden()


async def test_dangerous_buttons_ask_and_a_form_is_sent_once(chromium: Browser, address: str) -> None:
    async with await context_of(chromium, DESK) as context:
        page = await context.new_page()
        posts: list[str] = []
        page.on("request", lambda r: posts.append(r.post_data or "") if r.method == "POST" else None)
        await page.goto(f"{address}/every")
        asked = page.locator("details.dialog", has_text="确定停用？")
        await asked.locator("summary").click()
        assert posts == []
        async with page.expect_navigation():
            await asked.get_by_role("button", name="停用", exact=True).click()
        assert posts.pop() == "csrf_token=token-of-the-session"
        await page.locator("[data-check-row]").first.check()
        move = page.locator('.bulk button[value="move"]')
        async with page.expect_navigation():
            await move.evaluate("b => { b.click(); b.click(); }")
        assert posts == ["csrf_token=token-of-the-session&do=move&ids=1"]
        assert (await page.locator(".toasts .toast-ok").inner_text()).startswith("已保存 <b>")


async def test_password_can_be_seen(chromium: Browser, address: str) -> None:
    async with await context_of(chromium, PHONE) as context:
        page = await context.new_page()
        await page.goto(f"{address}/gate")
        await page.fill("#f-pw", "x")
        await page.locator("[data-toggle-password]").click()
        assert await page.get_attribute("#f-pw", "type") == "text"


async def test_the_rest_of_the_rail_is_a_menu_on_a_phone(chromium: Browser, address: str) -> None:
    async with await context_of(chromium, PHONE) as context:
        page = await context.new_page()
        await page.goto(f"{address}/every")
        shown = page.locator(".rail-in > a:visible")
        assert await shown.count() == 4
        await page.locator(".rail-more summary").click()
        assert await page.locator(".rail-more a:visible").count() == 5
        await look(page, PHONE[0])


async def test_a_live_part_changes_and_keeps_what_is_typed(chromium: Browser, address: str) -> None:
    async with await context_of(chromium, DESK) as context:
        page, other = await context.new_page(), await context.new_page()
        await page.goto(f"{address}/live")
        await page.fill("#note", "还没有保存")
        await page.locator("#note").evaluate("e => e.setSelectionRange(2, 2)")
        await asyncio.sleep(0.3)
        await other.request.post(f"{address}/value", form={"value": "7"})
        await expect(page.locator("#value")).to_have_text("7")
        kept = await page.evaluate("(n => [n.value, n.selectionStart, n === document.activeElement])(note)")
        assert kept == ["还没有保存", 2, True]


async def test_a_hidden_page_holds_no_stream_and_catches_up(chromium: Browser, address: str) -> None:
    hide = "h => { Object.defineProperty(document, 'hidden', {value: h, configurable: true});"
    hide += " document.dispatchEvent(new Event('visibilitychange')); }"
    async with await context_of(chromium, DESK) as context:
        page = await context.new_page()
        streams: list[str] = []
        page.on("request", lambda r: streams.append(r.url) if r.url.endswith("/events") else None)
        await page.goto(f"{address}/live")
        await page.evaluate(hide, True)
        await page.request.post(f"{address}/value", form={"value": "41"})
        await asyncio.sleep(0.3)
        assert await page.inner_text("#value") != "41"
        await page.evaluate(hide, False)
        await expect(page.locator("#value")).to_have_text("41")
        assert len(streams) == 2


async def test_without_a_stream_the_parts_are_polled(chromium: Browser, address: str) -> None:
    async with await context_of(chromium, DESK) as context:
        page = await context.new_page()
        await page.route("**/events", lambda route: route.fulfill(status=404))
        await page.clock.install()
        await page.goto(f"{address}/live")
        await page.request.post(f"{address}/value", form={"value": "52"})
        await page.clock.run_for(11_000)
        await expect(page.locator("#value")).to_have_text("52")


@pytest.mark.parametrize("failure", [{"status": 503}, None])
async def test_a_part_that_cannot_be_fetched_is_tried_again_and_not_called_live(
    chromium: Browser, address: str, failure: dict[str, int] | None
) -> None:
    async with await context_of(chromium, DESK) as context:
        page = await context.new_page()
        failing = [True]

        async def answer(route: Route) -> None:
            if not failing:
                await route.continue_()
            elif failure:
                await route.fulfill(**failure)  # type: ignore[arg-type]
            else:
                await route.abort()

        await page.route("**/part", answer)
        await page.clock.install()
        await page.goto(f"{address}/live")
        await expect(page.locator(".sync:not(.off)")).to_be_visible()
        await asyncio.sleep(0.3)
        await page.request.post(f"{address}/value", form={"value": "71"})
        await expect(page.locator(".sync.off")).to_be_visible()
        failing.clear()
        await page.clock.run_for(6_000)
        await expect(page.locator("#value")).to_have_text("71")
        await expect(page.locator(".sync:not(.off)")).to_be_visible()


async def test_an_answer_that_comes_late_does_not_hide_a_newer_one(chromium: Browser, address: str) -> None:
    async with await context_of(chromium, DESK) as context:
        page = await context.new_page()
        asked: asyncio.Queue[Route] = asyncio.Queue()
        await page.route("**/part", asked.put)
        await page.goto(f"{address}/live")
        held = []
        for value in ("61", "62"):
            await asyncio.sleep(0.3)
            await page.request.post(f"{address}/value", form={"value": value})
            held.append(await asked.get())
        for route, value in ((held[1], "62"), (held[0], "61")):
            async with page.expect_response("**/part"):
                await route.fulfill(body=f'<p id="value">{value}</p>', content_type="text/html")
            await asyncio.sleep(0.2)
        assert await page.inner_text("#value") == "62"
