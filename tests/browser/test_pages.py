"""Every page that staff meet: accessible, nothing sideways, no complaint, at the desk and on a phone."""

import pytest
from playwright.async_api import FilePayload

from tests.browser.conftest import Open
from tests.browser.met import CASES

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]


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


@pytest.mark.parametrize("size", ["desk", "phone"])
async def test_one_event_of_the_ledger(sheet: Open, size: str) -> None:
    ops = await sheet("hub", "ops", size)
    await ops.go("/ops/ledger?state=applied")
    await ops.press("table.list tbody a >> nth=0")
    await ops.sound("hub-ops-ledger-event")


async def test_one_member_from_list_to_history(sheet: Open) -> None:
    """Register by hand, correct, look at the history: the form keeps what was typed when something is wrong."""
    clerk = await sheet("union", "clerk")
    page = await clerk.go("/members/new")
    await page.fill("[name=unit_q]", "锦城市总工会")
    await page.check("[name=unit_id] >> nth=0")
    await page.fill("[name=name]", "单文慧")
    await page.fill("[name=phone]", "1")
    await clerk.press("main button.btn-primary")
    assert await page.input_value("[name=name]") == "单文慧"
    await clerk.sound("union-member-refused")
    await page.fill("[name=phone]", "12300009876")
    await page.fill("[name=birth]", "1990-06-15")
    await page.click("main button.btn-primary")
    await page.wait_for_url(lambda url: "/members/" in url and "new" not in url)
    await clerk.sound("union-member")
    assert "单文慧" in await page.inner_text("main")
    assert "12300009876" not in await page.content()


async def test_from_a_free_slot_to_a_booking(sheet: Open) -> None:
    """At the organisation's own grid: pick, see that it is free, book, look at it; then the taken time is told."""
    clerk = await sheet("league", "clerk")
    page = await clerk.go("/venues")
    await clerk.press("text=往后")
    await page.click(".wg-cell:not(.past) a.free >> nth=2")
    await page.wait_for_selector("#panel")
    await page.fill("#panel [name=title]", "团干部读书会")
    await clerk.sound("league-venues-panel")
    await page.click("#panel button.btn-primary")
    await page.wait_for_url(lambda url: "/venues/bookings/" in url)
    await clerk.sound("league-booking")
    assert "团干部读书会" in await page.inner_text("main")


async def test_two_owners_in_one_request(sheet: Open) -> None:
    """At the hub: free slots of two venues, one request, the owners' answers."""
    clerk = await sheet("hub", "clerk")
    page = await clerk.go("/rooms")
    await clerk.press("text=往后")
    await page.wait_for_selector(".wg tbody tr")
    await page.click(".wg tbody tr:nth-child(2) .wg-cell:nth-child(6) a.free >> nth=0")
    await page.wait_for_selector("#panel")
    await page.click(".wg tbody tr:nth-child(5) .wg-cell:nth-child(6) a.free >> nth=0")
    await page.wait_for_selector(".basket .chip:nth-of-type(2)")
    await page.fill("#panel [name=title]", "三方联谊")
    await clerk.sound("hub-rooms-panel")
    await page.click("#panel button.btn-primary")
    await page.wait_for_url(lambda url: "/rooms/requests/" in url)
    await clerk.sound("hub-rooms-request")
    text = await page.inner_text("main")
    assert "全部生效" in text or "待场地方审批" in text


@pytest.mark.parametrize("size", ["desk", "phone"])
async def test_a_recount_from_the_button_to_its_result(sheet: Open, size: str) -> None:
    """Who runs the platform begins one and sees that it came out equal."""
    ops = await sheet("hub", "ops", size)
    page = await ops.go("/ops/recount")
    await ops.press("main form[action='/ops/recount'] button")
    await ops.sound("hub-recount-waiting")
    done = page.locator("section[aria-labelledby=h-run] header", has_text="完全一致")
    await done.wait_for(timeout=30_000)  # the page looks again by itself
    await ops.sound("hub-recount")


@pytest.mark.parametrize("size", ["desk", "phone"])
async def test_one_unbroken_word_widens_no_page(sheet: Open, size: str) -> None:
    clerk = await sheet("union", "clerk", size)
    page = await clerk.go("/imports")
    text = f"姓名,手机号,单位,职务\n{'Abcdefghij' * 6},12000055501,锦城市总工会,{'x' * 3000}\n"
    sent = FilePayload(name=f"{'N' * 140}.csv", mimeType="text/csv", buffer=text.encode("utf-8-sig"))
    await page.set_input_files("input[type=file]", files=[sent])
    await page.get_by_role("button", name="上传并核对").click()
    await page.get_by_text("太长").first.wait_for()
    found = await clerk.faults("import-long")
    await clerk.go("/imports")
    assert found + await clerk.faults("imports-long") == []
