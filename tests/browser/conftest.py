"""Debian's Chromium on the running suite; pages of signed-in staff at the desk and on a phone."""

import os
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, ConsoleMessage, Page, async_playwright

from deploy.demo.staff import PASSWORD
from deploy.local.suite import Suite

SIZES = {"desk": (1366, 768), "phone": (390, 844), "projector": (1920, 1080)}
ARGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]

Open = Callable[..., Awaitable["Sheet"]]


class Sheet:
    """A browser page with what it complained about."""

    def __init__(self, page: Page, size: str, base: str) -> None:
        self.page, self.size, self.base = page, size, base
        self.complaints: list[str] = []
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type == "error" and "status of 4" not in message.text:
            self.complaints.append(message.text)

    async def go(self, path: str) -> Page:
        await self.page.goto(self.base + path)
        return self.page

    async def press(self, selector: str) -> None:
        """Click what leads to another document, and be there: a click alone returns before the old one is gone."""
        async with self.page.expect_navigation():
            await self.page.click(selector)

    async def sound(self, name: str) -> None:
        """No violation of axe, nothing wider than the window, no complaint; a screenshot when asked for."""
        assert await self.faults(name) == []

    async def faults(self, name: str) -> list[str]:
        """What is wrong with the page as it stands."""
        if folder := os.environ.get("QUNTUAN_SCREENSHOTS"):
            await self.page.screenshot(path=str(Path(folder) / f"{name}-{self.size}.png"))
        found = []
        if await self.page.evaluate("document.documentElement.scrollWidth") > SIZES[self.size][0]:
            found.append(f"{name}: wider than the window")
        violations = (await Axe().run(self.page)).response["violations"]
        found += [f"{name}: {v['id']} {[n['html'][:150] for n in v['nodes'][:3]]}" for v in violations]
        found += [f"{name}: {complaint}" for complaint in self.complaints]
        self.complaints.clear()
        return found


@pytest.fixture(scope="session")
async def chromium() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path="/usr/bin/chromium", args=ARGS)
        yield browser
        await browser.close()


@pytest.fixture
async def sheet(chromium: Browser, suite: Suite) -> AsyncIterator[Open]:
    """`await sheet("union", "clerk", "desk")`: a page signed in there (login None: not signed in)."""
    contexts = []

    async def open_(code: str, login: str | None, size: str = "desk") -> Sheet:
        width, height = SIZES[size]
        context = await chromium.new_context(
            viewport={"width": width, "height": height}, accept_downloads=True, reduced_motion="reduce"
        )
        contexts.append(context)
        sheet = Sheet(await context.new_page(), size, suite.url(code))
        if login:
            page = await sheet.go("/signin")
            await page.fill("[name=login]", login)
            await page.fill("[name=password]", PASSWORD)
            await page.click("form.form button.btn-primary")
            await page.wait_for_url(lambda url: "/signin" not in url)
        return sheet

    yield open_
    for context in contexts:
        await context.close()
