"""An administrator limits an account to a unit found by its pinyin."""

import pytest

from tests.browser.conftest import Open

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]


@pytest.mark.parametrize("size", ["desk", "phone"])
async def test_a_unit_is_picked_by_a_few_letters(sheet: Open, size: str) -> None:
    admin = await sheet("union", "admin", size)
    page = await admin.go("/staff/new")
    await page.fill("[name=login]", f"jinjiang-{size}")
    await page.fill("[name=name]", "苏禾")
    await page.type("[name=scope_q]", "jjq")
    await page.get_by_label("锦江区总工会").first.check()
    await page.check("[name=roles][value=viewer]")
    await admin.sound("staff-new-picked")
    await page.click("main button.btn-primary")
    await page.wait_for_selector("#one-time")
    await page.goto(f"{admin.base}/staff")
    await page.get_by_role("link", name=f"jinjiang-{size}").click()
    assert await page.get_by_label("锦江区总工会").is_checked()
    await admin.sound("staff-edit")
