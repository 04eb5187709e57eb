"""Units by page: founding, renaming, closing, finding, moving."""

from sqlalchemy import select

from shared.org.units.models import Unit
from tests.org.web import OrgWorld, dialog_at, fill


async def test_units_by_page(here: OrgWorld) -> None:
    browser = await here.signed_in("keeper")
    kind = here.org.profile.kind(here.org.profile.top_kind).children[0]
    made = await browser.post(f"/units/{here.top.id}/units", {"name": "新都单位", "kind": kind})
    assert made.status_code == 303, made.text
    twin = await browser.post(f"/units/{here.top.id}/units", {"name": "新都单位", "kind": kind})
    assert twin.status_code == 409
    assert "同级单位名称不能相同" in twin.text
    async with here.org.kit.database.transaction() as session:
        unit = (await session.scalars(select(Unit).where(Unit.name == "新都单位"))).one()
    path = f"/units/{unit.id}"
    assert (await browser.post(f"{path}/rename", {"name": "新区单位", "version": "1"})).status_code == 303
    assert (await browser.post(f"{path}/rename", {"name": "又一单位", "version": "1"})).status_code == 409
    assert "新区单位" in (await browser.get("/units?q=xqdw")).text
    assert (await browser.post(f"{path}/close", {"version": "2", "reason": ""})).status_code == 422
    assert (await browser.post(f"{path}/close", {"version": "2", "reason": "合并"})).status_code == 303
    viewer = await here.signed_in("viewer")
    assert (await viewer.post(f"{path}/rename", {"name": "x", "version": "3"})).status_code == 403


async def test_who_was_slower_sees_what_the_other_did_before_saving(here: OrgWorld) -> None:
    first, second = await here.signed_in("keeper"), await here.signed_in("clerk")
    path = f"/units/{here.one.id}"
    assert (await first.post(f"{path}/rename", {"name": "新区单位", "version": "1"})).status_code == 303
    late = await second.post(f"{path}/rename", {"name": "柳江新单位", "version": "1"})
    dialog = dialog_at(late.text, f"{path}/rename")
    for said in ("吴保管 单位更名", "柳江单位 → 新区单位", "现在是“新区单位”", 'value="柳江新单位"'):
        assert said in dialog, said
    late = await second.post(f"{path}/close", {"version": "1", "reason": "合并"})
    assert "吴保管 单位更名" in dialog_at(late.text, f"{path}/close")
    assert (await second.post(f"{path}/rename", {"name": "柳江新单位", "version": "2"})).status_code == 303
    assert (await first.post(f"{path}/close", {"version": "3", "reason": "合并"})).status_code == 303
    gone = await second.post(f"{path}/rename", {"name": "又一单位", "version": "3"})
    assert (gone.status_code, "“柳江新单位”已撤销" in gone.text) == (409, True)


async def test_looking_for_a_unit_stays_on_the_page(here: OrgWorld) -> None:
    await fill(here)
    viewer = await here.signed_in("viewer")
    for path, link in (
        ("/members?sort=name&find=ljdw", "/members?sort=name&amp;unit="),
        ("/units?q=ljdw", "/units?at="),
    ):
        page = (await viewer.get(path)).text
        nav = page[page.index("tree-find") : page.index("</nav></details>")]
        assert f'href="{link}{here.one.id}"' in nav, path
        assert "桂溪单位" not in nav

    assert '<input type="hidden" name="sort" value="name">' in (await viewer.get("/members?sort=name")).text
    assert "没有找到" in (await viewer.get("/members?find=没有这个")).text


async def test_a_unit_moves_neither_below_itself_nor_hides_its_refusal(here: OrgWorld) -> None:
    browser = await here.signed_in("clerk")
    offered = await browser.get(f"/units/options?unit_q=柳江单位&without={here.one.id}")
    assert "柳江单位" not in offered.text
    assert "桂溪单位" in (await browser.get(f"/units/options?unit_q=桂溪单位&without={here.one.id}")).text
    form = {"version": "1", "unit_id": str(here.one.id), "reason": "并入"}
    refused = await browser.post(f"/units/{here.one.id}/move", form)
    assert refused.status_code == 409
    dialog = refused.text.split(f'action="/units/{here.one.id}/move"')[1].split("</form>")[0]
    assert 'class="note' in dialog


async def test_a_closed_unit_is_found_below_its_place_and_reopened_by_page(here: OrgWorld) -> None:
    keeper, path = await here.signed_in("keeper"), f"/units/{here.two.id}"
    assert (await keeper.post(f"{path}/close", {"version": "1", "reason": "撤并"})).status_code == 303
    above = (await keeper.get(f"/units?at={here.top.id}")).text
    assert "已撤销的下级单位" in above
    assert f'href="/units?at={here.two.id}"' in above
    page = (await keeper.get(f"/units?at={here.two.id}")).text
    assert "撤销单位" in page
    assert "撤并" in page
    bare = await keeper.post(f"{path}/reopen", {"version": "2", "reason": ""})
    assert (bare.status_code, "请写明恢复的原因" in bare.text) == (422, True)
    assert (await keeper.post(f"{path}/reopen", {"version": "2", "reason": "误撤"})).status_code == 303
    assert "恢复单位" in (await keeper.get(f"/units?at={here.two.id}")).text
