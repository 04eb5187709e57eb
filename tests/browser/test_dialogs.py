"""Dialogs by keyboard: Enter opens, the focus goes inside, nothing is wrong with it, Escape closes and gives it back."""

import pytest

from tests.browser.conftest import Open

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]

PAGES = [
    ("union", "clerk", "/members"),
    ("union", "clerk", "/units"),
    ("hub", "clerk", "/"),
    ("hub", "ops", "/ops"),
]
INSIDE = (
    "i => document.querySelectorAll('details > summary')[i].parentElement.contains(document.activeElement)"
)
OPEN = "i => document.querySelectorAll('details > summary')[i].parentElement.open"


@pytest.mark.parametrize("size", ["desk", "phone"])
async def test_dialogs_are_sound_and_close_by_escape(sheet: Open, size: str) -> None:
    opened = 0
    for code, login, path in PAGES:
        signed_in = await sheet(code, login, size)
        page = await signed_in.go(path)
        summaries = page.locator("details > summary")
        for i in range(await summaries.count()):
            summary = summaries.nth(i)
            if not await summary.is_visible() or not await summary.evaluate(
                "s => s.parentElement.matches('.dialog, .menu')"
            ):
                continue
            await summary.focus()
            await page.keyboard.press("Enter")
            assert await page.evaluate(OPEN, i)
            assert await page.evaluate(INSIDE, i)
            await signed_in.sound(f"{code}{path.replace('/', '-')}-dialog-{i}")
            await page.keyboard.press("Escape")
            assert not await page.evaluate(OPEN, i)
            assert await summary.evaluate("s => s === document.activeElement")
            opened += 1
    assert opened >= 8
