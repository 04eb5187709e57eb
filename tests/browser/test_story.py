"""The newcomer's story: three rosters through the pages of three services, then one person at the hub."""

from collections.abc import Callable

import pytest
from playwright.async_api import expect

from deploy.local.suite import Suite
from tests.browser.conftest import Open
from tests.journeys.visitor import ROSTERS

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]
FILES = [
    ("union", "union-会员花名册.xlsx"),
    ("league", "league-团员名册.csv"),
    ("womens", "womens-执委和联系人名册.xlsx"),
]


@pytest.fixture
def suite(new_suite: Callable[..., Suite]) -> Suite:
    """One of our own: nobody has imported anything."""
    return new_suite()


async def test_three_rosters_and_one_person(suite: Suite, sheet: Open) -> None:
    for code, name in FILES:
        clerk = await sheet(code, "clerk")
        page = await clerk.go("/imports")
        await page.set_input_files("input[type=file]", str(ROSTERS / name))
        await page.click("button:has-text('上传并核对')")
        confirm = page.locator("button:has-text('确认写入')").first
        await expect(confirm).to_be_visible(timeout=120_000)
        await clerk.sound(f"import-{code}")
        await confirm.click()
        await expect(page.locator("summary", has_text="整批撤回")).to_be_visible(timeout=180_000)
        await clerk.sound(f"imported-{code}")
        if code == "union":  # more than the list counts: the dialog counts them when it opens
            page = await clerk.go("/members")
            await page.click("summary:has-text('导出')")
            await expect(page.locator(".dialog-panel p", has_text="共4,243人")).to_be_visible()
    desk = await sheet("hub", "clerk")
    page = await desk.go("/lookup")
    await page.fill("input[name=q]", "王艳秀")
    await page.select_option("select[name=purpose]", index=1)
    await page.click("form[role=search] button.btn-primary")
    row = page.locator("tr", has_text="王艳秀").first
    await expect(row).to_be_visible()
    await desk.sound("lookup-found")
    await row.locator("a:visible").first.click()
    await expect(page.locator(".aff").first).to_be_visible()
    assert await page.locator(".aff").count() >= 2
    assert "王艳秀" not in page.url
    assert "12783159200" not in await page.content()
    await desk.sound("lookup-person")
    phone = await sheet("hub", "clerk", "phone")
    page = await phone.go("/lookup")
    await page.fill("input[name=q]", "wyx")
    await page.select_option("select[name=purpose]", index=1)
    await page.click("form[role=search] button.btn-primary")
    await expect(page.locator("tr a:visible", has_text="王艳秀").first).to_be_visible()
    await phone.sound("lookup-found")
