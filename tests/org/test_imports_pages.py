"""The pages and the API of imports over HTTP, as a browser and a program use them."""

import re

from shared.org.imports import queries
from tests.org.imports_site import HTML, PASSWORD, Site, token_in
from tests.org.imports_tools import HEAD, csv_file, line, settle
from tests.org.web import dialog_at


async def test_from_upload_to_withdrawal_by_the_pages(site: Site) -> None:
    await site.sign_in("clerk")
    assert "还没有导入过名册" in (await site.page("/imports")).text
    at = await site.upload("名册.csv", csv_file(HEAD, line(site.org), line(site.org, "乐文博", phone="12")))
    page = (await site.page(at)).text
    for text in (
        "确认写入1人",
        "新建1个单位",
        "不予写入",
        "手机号码应为 11 位",
        "下载1行不予写入的原因",
        "星河",
    ):
        assert text in page, text
    assert " style=" not in page
    version = re.search(r'name="version" value="(\d+)"', page)
    assert version
    stale = await site.post(f"{at}/confirm", version="1")
    assert stale.status_code == 409
    assert "核对结果刚刚有变动" in stale.text
    assert (await site.post(f"{at}/confirm", version=version[1])).status_code == 303
    assert "正在写入" in (await site.page(at)).text
    await settle(site.org)
    page = (await site.page(at)).text
    assert "已写入1人" in page
    assert "整批撤回" in page
    errors = await site.page(f"{at}/errors")
    assert "attachment" in errors.headers["content-disposition"]
    assert "手机号码应为 11 位" in errors.content.decode("utf-8-sig")
    assert (await site.post(f"{at}/withdraw")).status_code == 303
    await settle(site.org)
    assert "已撤回1行" in (await site.page(at)).text
    history = (await site.page("/imports")).text
    assert "名册.csv" in history
    assert "已撤回" in history


async def test_columns_by_the_page(site: Site) -> None:
    await site.sign_in("clerk")
    at = await site.upload("名册.csv", csv_file(f"{HEAD.replace('所在组织', '单位')},组织", line(site.org)))
    page = (await site.page(at)).text
    assert "请核对" in page
    nowhere = await site.post(f"{at}/head", sheet="0", head="99999")
    assert nowhere.status_code == 422
    assert "第 99999 行是空的" in nowhere.text
    assert "请核对" in nowhere.text  # still the columns
    twice = {"width-0": "7", "use-0": "1", "c-0-0": "name", "c-0-1": "name", "c-0-3": "unit"}
    refused = await site.post(f"{at}/columns", **twice)
    assert refused.status_code == 422
    assert "有两列都对应“姓名”" in refused.text
    codes = ["name", "identity", "phone", "unit", "kind", "joined_on"]
    mapping = {f"c-0-{n}": code for n, code in enumerate(codes)}
    assert (await site.post(f"{at}/columns", **{"width-0": "7", "use-0": "1", **mapping})).status_code == 303
    await settle(site.org)
    assert "确认写入1人" in (await site.page(at)).text


async def test_a_line_is_put_aside_by_the_page(site: Site) -> None:
    await site.sign_in("clerk")
    at = await site.upload("名册.csv", csv_file(HEAD, line(site.org), line(site.org, "乐文博")))
    summary = re.compile(r'<dt>新增</dt><dd class="num">(\d+)<small>')
    assert summary.findall((await site.page(at)).text) == ["2"]
    answer = await site.post(f"{at}/rows/2", decision="skip", back="tab=new")
    assert answer.headers["location"] == f"{at}?tab=new#r2"
    page = (await site.page(f"{at}?tab=new")).text
    assert "恢复写入" in page
    assert "确认写入1人" in page
    assert summary.findall(page) == ["1"]  # who is put aside is no newcomer
    assert "1行由您选择不写入" in page
    assert '<td class="num">1</td>' in (await site.page("/imports")).text
    await site.post(f"{at}/rows/2", decision="", back="tab=new")
    assert summary.findall((await site.page(at)).text) == ["2"]
    late = await site.post(f"{at}/rows/2", decision="confirm")
    assert late.headers["location"] == at
    assert "这一行不需要确认" in (await site.page(at)).text


async def test_every_tab_of_the_check_opens_in_page_and_api(site: Site) -> None:
    await site.sign_in("clerk")
    at = await site.upload("名册.csv", csv_file(HEAD, line(site.org)))
    for tab in queries.TABS:
        assert (await site.page(f"{at}?tab={tab}")).status_code == 200, tab
        assert (await site.page(f"{at}/part/main?tab={tab}")).status_code == 200, tab
        asked = await site.client.get(f"/api/v1{at}/rows", params={"outcome": tab})
        assert asked.status_code == 200, tab


async def test_a_big_plan_has_pages(site: Site) -> None:
    await site.sign_in("clerk")
    people = [line(site.org, f"甲{chr(0x4E00 + n)}") for n in range(120)]
    at = await site.upload("名册.csv", csv_file(HEAD, *people))
    seen: list[str] = []
    address = f"{at}?tab=new"
    while address:
        page = (await site.page(address)).text
        seen += re.findall(r'id="r(\d+)"', page)
        following = re.search(r'href="([^"]+)">下一页', page)
        address = following[1].replace("&amp;", "&") if following else ""
    assert seen == [str(n) for n in range(2, 122)]
    assert len(re.findall(r'id="r(\d+)"', (await site.page(at)).text)) < 20


async def test_the_dialog_of_a_new_unit_stays_open_with_what_was_typed(site: Site) -> None:
    await site.sign_in("clerk")
    at = await site.upload("名册.csv", csv_file(HEAD, line(site.org)))
    action = re.findall(rf'action="({at}/units/[^"]+)"', (await site.page(at)).text)[0]
    kind = re.findall(r'<option value="([^"]+)" selected', (await site.page(at)).text)[0]
    for name, chosen, said in (
        ("柳江/分会", kind, "单位名称不能含有斜杠"),
        (" ", kind, "请填写单位名称"),
        ("柳江分会", "nonsense", "请从列表中选择"),
    ):
        refused = await site.post(action, name=name, kind=chosen)
        assert refused.status_code == 422, refused.text
        assert f'value="{name.strip()}"' in (dialog := dialog_at(refused.text, action))
        assert said in dialog
    assert (await site.post(action, name="柳江新单位", kind=kind)).status_code == 303
    late = await site.post(action, name="柳江/分会", kind=kind)  # it is being checked again
    assert (late.status_code, "已经到了别的步骤" in late.text) == (409, True)


async def test_only_who_may_run_imports(site: Site) -> None:
    page = await site.client.get("/signin", headers=HTML)
    form = {"login": "viewer", "password": PASSWORD, "csrf_token": token_in(page.text)}
    await site.client.post("/signin", data=form, headers=HTML)
    assert (await site.page("/imports")).status_code == 403


async def test_the_api_does_what_the_page_does(site: Site) -> None:
    await site.sign_in("clerk")
    site.client.headers["x-csrf-token"] = site.csrf
    files = {"file": ("名册.csv", csv_file(HEAD, line(site.org), line(site.org, "")))}
    made = await site.client.post("/api/v1/imports", files=files)
    assert (made.status_code, made.json()["status"]) == (201, "reading")
    await settle(site.org)
    at = f"/api/v1/imports/{made.json()['id']}"
    batch = (await site.client.get(at)).json()
    assert (batch["status"], batch["sums"]["new"], batch["sums"]["refused"]) == ("ready", 1, 1)
    (refused,) = (await site.client.get(f"{at}/rows", params={"outcome": "refused"})).json()["items"]
    assert refused["troubles"][0]["reason"] == "姓名为空"
    (unit,) = (await site.client.get(f"{at}/units")).json()
    renamed = {"name": "柳江新单位", "kind": unit["kind"]}
    assert (await site.client.put(f"{at}/units/{unit['id']}", json=renamed)).json()["status"] == "planning"
    await settle(site.org)
    batch = (await site.client.get(at)).json()
    assert (
        await site.client.post(f"{at}/confirm", json={"version": batch["version"] - 1})
    ).status_code == 409
    confirmed = await site.client.post(f"{at}/confirm", json={"version": batch["version"]})
    assert confirmed.json()["status"] == "applying"
    await settle(site.org)
    assert (await site.client.get(at)).json()["sums"]["written"] == 1
    assert (await site.client.get(f"{at}/errors")).status_code == 200
    assert (await site.client.post(f"{at}/withdraw")).json()["status"] == "withdrawing"
    assert (await site.client.get("/api/v1/imports")).json()["items"][0]["id"] == made.json()["id"]
