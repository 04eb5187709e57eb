"""Venues on the running suite: a seasonal round, opened by one organisation and wished for from another; photos."""

import io
from datetime import timedelta
from pathlib import Path

import openpyxl
import pytest
from PIL import Image

from shared.kit import clock
from tests.browser.conftest import Open

pytestmark = pytest.mark.browser


async def test_a_round_of_one_organisation_is_wished_for_from_another(sheet: Open) -> None:
    owner = await sheet("union", "clerk")
    page = await owner.go("/venues/rounds/new")
    first = clock.today() + timedelta(days=10)
    await page.fill("[name=title]", "春季轮次")
    await page.check("[name=venues] >> nth=0")
    await page.fill("[name=first]", first.isoformat())
    await page.fill("[name=last]", (first + timedelta(days=20)).isoformat())
    await page.fill("[name=closes_on]", (first - timedelta(days=5)).isoformat())
    await owner.sound("round-new")
    await owner.press(".venue-form button[type=submit]")
    await owner.sound("round-open")
    other = await sheet("league", "clerk", "phone")
    there = await other.go("/venues/rounds")
    await other.sound("rounds")
    await other.press("main a:has-text('春季轮次')")
    await there.select_option("[name=weekday]", str(first.weekday()))
    await there.fill("[name=title]", "读书会")
    await other.press("form[action$='/wishes'] button[type=submit]")
    assert "读书会" in await there.inner_text("main")
    await other.sound("round-wished")
    await owner.go("/venues/rounds")
    await owner.sound("rounds")


@pytest.mark.parametrize("size", ["desk", "phone"])
async def test_the_joint_office_wishes_too_and_takes_it_back(sheet: Open, size: str) -> None:
    office = await sheet("hub", "clerk", size)
    page = await office.go("/rooms")
    await office.press("main a:has-text('场地轮次')")
    await office.press("main a:has-text('春季青年之家开放时段')")
    await page.fill("[name=title]", "三方联谊")
    await office.press("form[action$='/wishes'] button[type=submit]")
    assert "请选择每周的一天" in await page.inner_text("form[action$='/wishes']")
    await office.sound("round-hub-refused")
    await page.select_option("[name=weekday]", "5")
    await office.press("form[action$='/wishes'] button[type=submit]")
    assert "三方联谊" in await page.inner_text("main table")
    await office.sound("round-hub")
    await office.press("form[action$='/withdraw'] button")
    assert "三方联谊" not in await page.inner_text("main")
    auditor = await sheet("hub", "auditor", size)
    log = await (await auditor.go("/audit")).inner_text("main")
    assert "向其他组织的轮次填报志愿" in log
    assert "撤回在其他组织轮次中的志愿" in log


async def test_the_result_of_a_round_is_a_file_for_every_organisation(sheet: Open) -> None:
    for code, place in (
        ("union", "/venues/rounds/"), ("womens", "/venues/rounds/of/union/"), ("hub", "/rooms/rounds/union/")
    ):  # fmt: skip
        reader = await sheet(code, "viewer")
        page = await reader.go("/rooms/rounds" if code == "hub" else "/venues/rounds")
        await reader.press("main a:has-text('冬春季热门时段轮次')")
        assert place in page.url
        await reader.sound(f"round-published-{code}")
        await page.emulate_media(media="print")  # all of the paper, the dates left out unfolded
        assert await page.evaluate("document.querySelector('main').offsetWidth") > 1200
        assert all([await day.is_visible() for day in await page.locator("main details div").all()])
        await page.emulate_media(media="screen")
        async with page.expect_download() as begun:
            await page.click("a[href$='/result.xlsx']")
        file = await begun.value
        sheets = openpyxl.load_workbook(io.BytesIO((await file.path()).read_bytes()))
        assert sheets["结果"].max_row == 7
        assert file.suggested_filename == "冬春季热门时段轮次-结果.xlsx"


@pytest.mark.parametrize("size", ["desk", "phone"])
async def test_photos_of_a_venue(sheet: Open, tmp_path: Path, size: str) -> None:
    Image.new("RGB", (1200, 800), "teal").save(tmp_path / "hall.jpg")
    keeper = await sheet("union", "clerk", size)
    page = await keeper.go("/venues/list")
    await keeper.press("main td.p-main a >> nth=0")
    await page.click("summary:has-text('添加照片')")
    await page.set_input_files("[name=file]", str(tmp_path / "hall.jpg"))
    await page.fill("[name=alt]", "二楼多功能厅")
    await keeper.press("form[action='/venues/photos'] button.btn-primary")
    image = page.locator("img[alt='二楼多功能厅']")
    await image.scroll_into_view_if_needed()
    await page.wait_for_function("document.querySelector('.photos img').naturalWidth > 0")
    await keeper.sound("photos")
