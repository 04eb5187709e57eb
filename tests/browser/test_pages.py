"""Every page that staff meet: accessible, nothing sideways, no complaint, at the desk and on a phone."""

import pytest

from tests.browser.conftest import Open

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]

ORGANISATION = {
    None: ["/signin"],
    "clerk": ["/", "/members", "/members?standing=left", "/members/new", "/units", "/imports", "/account"],
    "district": ["/members"],
    "viewer": ["/members"],
    "admin": ["/", "/staff", "/staff/new", "/staff/tokens"],
    "auditor": ["/", "/audit"],
}
HUB = {
    None: ["/signin"],
    "clerk": ["/", "/lookup", "/lookup/recent", "/organisations"],
    "steward": ["/candidates"],
    "ops": ["/ops", "/ops/recount", "/staff"],
    "auditor": ["/audit"],
}
CASES = [
    *(
        (code, login, path)
        for code in ("union", "womens")
        for login, paths in ORGANISATION.items()
        for path in paths
    ),
    *(("hub", login, path) for login, paths in HUB.items() for path in paths),
]


@pytest.mark.parametrize("size", ["desk", "phone"])
@pytest.mark.parametrize("code", ["union", "womens", "hub"])
async def test_pages_are_sound(sheet: Open, code: str, size: str) -> None:
    found: list[str] = []
    for login in dict.fromkeys(login for c, login, _ in CASES if c == code):
        opened = await sheet(code, login, size)
        for path in [p for c, x, p in CASES if (c, x) == (code, login)]:
            await opened.go(path)
            name = f"{code}-{login or 'anybody'}{path.replace('/', '-').replace('?', '-')}"
            found += await opened.faults(name)
    assert found == []


async def test_one_member_from_list_to_history(sheet: Open) -> None:
    """Register by hand, correct, look at the history: the form keeps what was typed when something is wrong."""
    clerk = await sheet("union", "clerk")
    page = await clerk.go("/members/new")
    await page.fill("[name=unit_q]", "锦城市总工会")
    await page.check("[name=unit_id] >> nth=0")
    await page.fill("[name=name]", "单文慧")
    await page.fill("[name=phone]", "1")
    await page.click("main button.btn-primary")
    assert await page.input_value("[name=name]") == "单文慧"
    await clerk.sound("union-member-refused")
    await page.fill("[name=phone]", "12300009876")
    await page.click("main button.btn-primary")
    await page.wait_for_url(lambda url: "/members/" in url and "new" not in url)
    await clerk.sound("union-member")
    assert "单文慧" in await page.inner_text("main")
    assert "12300009876" not in await page.content()


@pytest.mark.parametrize("size", ["desk", "phone"])
async def test_a_recount_from_the_button_to_its_result(sheet: Open, size: str) -> None:
    """Who runs the platform begins one and sees that it came out equal."""
    ops = await sheet("hub", "ops", size)
    page = await ops.go("/ops/recount")
    await page.click("main form[action='/ops/recount'] button")
    await ops.sound("hub-recount-waiting")
    for _ in range(60):
        if "完全一致" in await page.inner_text("section[aria-labelledby=h-run]"):
            break
        await page.wait_for_timeout(500)
        await ops.go("/ops/recount")
    assert "完全一致" in await page.inner_text("section[aria-labelledby=h-run]")
    await ops.sound("hub-recount")
