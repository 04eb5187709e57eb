"""The hub's pages and API over HTTP: refusals, records, addresses without personal data, empty states."""

import logging
import re
from html import unescape
from uuid import UUID

import pytest
from sqlalchemy import text

from services.hub.directory import known_codes
from services.hub.lookup import totals
from services.hub.persons.incoming import affiliation_id
from shared.kit.events.models import SourceRow
from tests.hub.conftest import Hub
from tests.hub.site import BASE, Forms, clients
from tests.hub.telling import announced, state


async def test_empty_hub_says_what_to_do(hub: Hub) -> None:
    async with clients(hub, "clerk", "steward", "admin") as [clerk, steward, admin]:
        assert "还没有组织接入" in (await clerk.get("/")).text
        assert "还没有组织接入" in (await clerk.get("/organisations")).text
        assert "还没有查询过" in (await clerk.get("/lookup")).text
        assert "还没有查询过" in (await clerk.get("/lookup/recent")).text
        assert "没有待核对的记录" in (await steward.get("/candidates")).text
        assert "没有隔离的消息" in (await admin.get("/ops")).text
        assert (await clerk.api("GET", "/api/v1/organisations")).json() == []


async def test_an_organisation_appears_by_its_announcement_alone(hub: Hub) -> None:
    await hub.tell("delta", announced("delta", "残", "green"))
    async with clients(hub, "clerk") as [clerk]:
        page = (await clerk.get("/organisations")).text
        assert "残市总会" in page
        assert 'data-palette="green"' in page
        [row] = (await clerk.api("GET", "/api/v1/organisations")).json()
        assert (row["code"], row["units"]) == ("delta", 0)


async def test_organisations_stand_in_the_order_they_joined(hub: Hub) -> None:
    joined = ["zeta", "alpha", "mu"]
    for code, letter in zip(joined, "妇团工", strict=True):
        await hub.tell(code, announced(code, letter), state("张伟", identity="1"))
    async with hub.database.transaction() as session:
        assert await known_codes(session) == joined
        session.add_all(SourceRow(source=code, seq=1) for code in joined)
    async with clients(hub, "clerk", "admin") as [clerk, admin]:
        found = (await clerk.api("POST", "/api/v1/lookup", json={"text": "张伟", "purpose": "visit"})).json()
        path = f"/api/v1/lookup/{found['lookup_id']}/persons/{found['rows'][0]['id']}"
        records = (await clerk.api("GET", path)).json()["records"]
        badges = found["rows"][0]["badges"]
        assert [r["org"] for r in records] == [b["org"] for b in badges] == joined
        for page in (await admin.get("/ops")).text, (await clerk.get("/organisations")).text:
            places = [page.rindex(f"{letter}市总会") for letter in "妇团工"]
            assert places == sorted(places)


async def test_a_lookup_by_page(hub: Hub, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    await hub.tell("alpha", announced("alpha", "甲"))
    await hub.tell("alpha", *[state("欧阳娜娜", phone=f"1200000{i:04}") for i in range(25)])
    async with clients(hub, "clerk", "steward") as [clerk, other]:
        answer = await clerk.post("/lookup", q="欧阳娜", purpose="visit")
        assert answer.status_code == 303
        address = answer.headers["location"]
        assert re.fullmatch(r"/lookup/[0-9a-f-]{36}", address)
        page = (await clerk.get(address)).text
        assert page.count("row-link row-side") == 20
        assert "<mark>欧阳娜</mark>娜" in page
        assert "120****0000" in page
        assert "1200000" not in page
        links = re.findall(r'href="([^"]+)"', page)
        following = next(link.replace("&amp;", "&") for link in links if "page=" in link)
        assert (await clerk.get(following)).text.count("row-link row-side") == 5
        person = next(link.replace("&amp;", "&") for link in links if link.startswith("/lookup/persons/"))
        details = await clerk.get(person)
        assert "本次查看已登记" in details.text
        assert "<html" in details.text
        part = await clerk.get(person, headers={"hx-request": "true"})
        assert "<html" not in part.text
        for link in links:
            assert (
                not re.search(r"[\u4e00-\u9fff]|%E[0-9A-F]", link) or "district=" in link or "next=" in link
            )
        assert (await other.get(address)).status_code == 404
        assert "走访慰问" in (await clerk.get("/lookup")).text
    told = "\n".join(r.getMessage() + str(vars(r)) for r in caplog.records if r.name.startswith("quntuan"))
    assert "欧阳" not in told
    assert "ouyang" not in told


async def test_no_purpose_no_answer(hub: Hub) -> None:
    async with clients(hub, "clerk") as [clerk]:
        for fields, said in (
            ({"q": "张伟", "purpose": ""}, "请选择查询用途"),
            ({"q": "张伟", "purpose": "other"}, "请写明事由"),
            ({"q": "", "purpose": "visit"}, "请输入要查询的内容"),
            ({"q": "12", "purpose": "visit"}, "号码太短"),
            ({"q": "张" * 101, "purpose": "visit"}, "太长"),
            ({"q": "张" * 20_000, "purpose": "visit"}, "太长"),
            ({"q": "\ufdfa" * 60, "purpose": "visit"}, "最多输入 100 个字"),
            ({"q": "张\u0000伟", "purpose": "visit"}, "控制字符"),
            ({"q": "张\u202e伟", "purpose": "visit"}, "控制字符"),
            ({"q": "<script>alert(1)</script>", "purpose": "visit"}, "号码太短或含有不该出现的符号"),
            ({"q": "·。•", "purpose": "visit"}, "看不懂这个内容"),
            ({"q": "12000000001", "purpose": "visit"}, "暂时不能按号码查询"),
        ):
            answer = await clerk.post("/lookup", **fields)
            assert answer.status_code in (422, 503)
            assert said in answer.text
        refused = await clerk.api("POST", "/api/v1/lookup", json={"text": "张伟", "purpose": "nonsense"})
        assert refused.status_code == 422
        assert refused.json()["errors"] == [{"field": "purpose", "message": "请选择查询用途"}]
        async with hub.database.transaction() as session:
            assert await session.scalar(text("select count(*) from lookup_record")) == 0


async def test_a_lookup_by_api(hub: Hub) -> None:
    await hub.tell("alpha", announced("alpha", "甲"))
    await hub.tell("alpha", state("张伟"))
    async with clients(hub, "clerk", "viewer", "admin") as [clerk, viewer, admin]:
        codes = [p["code"] for p in (await clerk.api("GET", "/api/v1/lookup/purposes")).json()]
        assert codes == ["joint_activity", "service_order", "visit", "transfer", "statistics", "other"]
        ask = {"text": "zw", "purpose": "other", "reason": "核对名单"}
        found = (await clerk.api("POST", "/api/v1/lookup", json=ask)).json()
        assert (found["kind"], found["total"], found["rows"][0]["name"]) == ("initials", 1, "张伟")
        assert found["as_of"] == [
            {"org": "alpha", "name": "甲会", "event_at": None, "state": "away", "lag_seconds": None}
        ]
        path = f"/api/v1/lookup/{found['lookup_id']}"
        assert (await clerk.api("GET", f"{path}?org=alpha")).json()["total"] == 1
        unknown = await clerk.api("GET", f"{path}?org=nobody")
        assert (unknown.status_code, unknown.json()["title"]) == (404, "没有接入这个组织")
        details = await clerk.api("GET", f"{path}/persons/{found['rows'][0]['id']}")
        assert details.json()["records"][0]["org"] == "alpha"
        assert (await viewer.api("GET", f"{path}/persons/{found['rows'][0]['id']}")).status_code == 403
        assert (await admin.api("POST", "/api/v1/lookup", json=ask)).status_code == 403


async def test_a_steward_decides_and_undoes(hub: Hub) -> None:
    await hub.tell("alpha", announced("alpha", "甲"))
    a, b = state("张伟", birth="1990-01-01", identity="1"), state("张伟", birth="1990-01-01")
    await hub.tell("beta", announced("beta", "乙"))
    await hub.tell("alpha", a)
    await hub.tell("beta", b)
    async with clients(hub, "steward", "clerk", "auditor") as [steward, clerk, auditor]:
        assert (await clerk.get("/candidates")).status_code == 403
        assert "可能是同一人" not in (await steward.get("/")).text  # nobody has met them yet
        assert (await steward.post("/candidates/take")).status_code == 303
        assert "有1组记录可能是同一人" in (await steward.get("/")).text
        assert "姓名、出生日期和性别一致" in (await steward.get("/candidates")).text
        first, second = sorted([affiliation_id("alpha", a.member_id), affiliation_id("beta", b.member_id)])
        fields = {"a": first, "b": second, "says": "same"}
        assert (await steward.post("/candidates", **fields)).status_code == 422  # no reason
        assert (await steward.post("/candidates", **fields, reason="电话核实")).status_code == 303
        page = (await steward.get("/candidates")).text
        row = page[: page.index("电话核实</td>")].rpartition("<tr>")[2]
        assert all(said in row for said in ("甲会", "乙会", ">张伟</a>"))
        async with hub.database.transaction() as session:
            [person] = await session.scalars(text("select id from person"))
            old = await session.scalar(text("select home from belonging where home <> :id"), {"id": person})
        assert (await steward.get(re.findall(r'href="(/persons/[^"]+)"', row)[0])).status_code == 200
        assert "由工作人员确认" in (await steward.get(f"/persons/{person}")).text
        moved = await steward.get(f"/persons/{old}")
        assert (moved.status_code, moved.headers["location"]) == (303, f"/persons/{person}")
        done = await steward.post(f"/persons/{person}/separate", affiliation=second, reason="本人否认")
        assert done.status_code == 303
        async with hub.database.transaction() as session:
            assert await session.scalar(text("select count(*) from person")) == 2
            verdict = await session.scalar(text("select id from verdict where undone_at is null"))
        assert (await steward.post(f"/verdicts/{verdict}/undo", reason="弄错了")).status_code == 303
        async with hub.database.transaction() as session:
            again = await session.scalar(
                text("select id from verdict where undone_at is null and says = 'same'")
            )
            assert await session.scalar(text("select count(*) from person")) == 1, "as it was decided before"
        assert (await steward.post(f"/verdicts/{again}/undo", reason="弄错了")).status_code == 303
        async with hub.database.transaction() as session:
            people = list(await session.scalars(text("select id from person")))
        joined = await steward.post(f"/persons/{people[0]}/join", other=people[1], reason="见到本人")
        assert joined.status_code == 303
        async with hub.database.transaction() as session:
            assert await session.scalar(text("select count(*) from person")) == 1
            actions = set(await session.scalars(text("select action from audit_entry")))
        assert {
            "person.same",
            "person.never",
            "person.undone",
            "person.explained",
            "review.opened",
        } <= actions
        assert (await steward.get(f"/persons/{UUID(int=5)}")).status_code == 404
        for action, whom in (("person.never", ["张*", "张*"]), ("person.undone", ["张*", "张*"]),
                             ("person.explained", ["张*"])):  # fmt: skip
            log = (await auditor.get(f"/audit?action={action}")).text
            row = log.partition("<tbody>")[2].partition("</tr>")[0]
            assert re.findall(r"张\*", row) == whom, action
            assert "/persons/" not in row  # an auditor reads the log and nothing else


async def test_every_route_asks_who_is_there(hub: Hub) -> None:
    from services.hub.service import build
    from shared.kit.staff import access_of

    service = build(hub.kit.settings)
    undeclared = [
        a.path
        for a in access_of(service.app.routes)
        if not a.public
        and a.permissions is None
        and a.path not in ("/healthz", "/readyz", "/metrics", "/lang/{locale}")
    ]
    assert undeclared == []
    await service.kit.database.close()


async def test_filter_forms_are_sent_with_their_empty_fields(hub: Hub) -> None:
    await hub.tell("alpha", announced("alpha", "甲"))
    await hub.tell("alpha", *[state("欧阳娜娜", phone=f"1200000{i:04}") for i in range(3)])
    async with clients(hub, "clerk", "steward", "auditor") as [clerk, steward, auditor]:
        address = (await clerk.post("/lookup", q="欧阳", purpose="visit")).headers["location"]
        page = (await clerk.get(address)).text
        chosen = await clerk.choose(page, address, district="锦江区")
        assert (chosen.status_code, chosen.text.count("row-link row-side")) == (200, 3)
        left = await clerk.choose(chosen.text, address, standing="left", within="")
        assert "去掉筛选条件" in left.text
        assert (await clerk.choose(left.text, address, standing="", district="")).text.count("row-side") == 3
        blank = "?org=&many=&district=&standing=&unit=&page=&within="
        assert (await clerk.get(address + blank)).status_code == 200
        assert (await clerk.api("GET", f"/api/v1{address}?standing=&unit=")).json()["total"] == 3
        wrong = await clerk.get(f"{address}?standing=nonsense&unit=x")
        assert wrong.status_code == 422
        assert "<li>状态：不在可选范围内</li><li>所在单位：编号不正确</li>" in wrong.text
        assert (await steward.get("/candidates?tab=&rule=&org=&age=&search=&pair=")).status_code == 200
        assert (await steward.get("/quality/samples/" + "0" * 32 + "?number=")).status_code == 404
        assert (await clerk.get("/rooms?view=&day=&org=&people=&q=")).status_code == 200
        assert (await clerk.get("/rooms/find?day=&hours=&people=&district=")).status_code == 200
        found = re.findall(r'href="(/lookup/persons/[^"]+)"', page)[0]
        assert (await clerk.get(unescape(found))).status_code == 200
        log = re.sub("<code>.*?</code>", "", (await auditor.get("/audit?action=lookup.opened")).text)
        assert "查询 欧阳** 0" in log
        assert not re.search(r"[0-9a-f]{8}-[0-9a-f]{4}", log.partition("<tbody>")[2])
        log = (await auditor.get("/audit?action=lookup.searched")).text
        assert "方式：姓名" in log
        assert "结果：3" in log
        assert (await auditor.get("/audit?action=&actor=&target=&since=&until=&at=")).status_code == 200


@pytest.mark.parametrize(
    ("most", "everybody"), [(4000, r"约1,[0-9]00"), (20, r"320\+")], ids=["about", "over"]
)
async def test_filters_and_honest_numbers_stay_above_a_thousand(
    hub: Hub, monkeypatch: pytest.MonkeyPatch, most: int, everybody: str
) -> None:
    monkeypatch.setattr(totals, "MOST", most)
    await hub.tell("alpha", announced("alpha", "甲"))
    await hub.tell("alpha", *[state("李娜") for _ in range(1395)])
    # the last in the order of names, beyond all that is read
    await hub.tell("alpha", *[state("李娜", district="青羊区", standing="left") for _ in range(5)])
    async with clients(hub, "clerk") as [clerk]:
        address = (await clerk.post("/lookup", q="李娜", purpose="visit")).headers["location"]
        page = (await clerk.get(address)).text
        assert re.search(rf'全部 <span class="num">{everybody}</span>', page)
        assert re.search(r'甲会 <span class="num">(约1,[0-9]00|[0-9,]+\+)</span>', page)
        assert re.search(r">锦江区 (约1,[0-9]00|[0-9,]+\+)</option>", page)
        assert re.search(r">在册 (约1,[0-9]00|[0-9,]+\+)</option>", page)
        narrowed = await clerk.choose(page, address, standing="left")
        assert narrowed.text.count("row-side") == 5
        assert {"district", "standing", "within"} <= Forms(narrowed.text).found[address].keys()
        counts = (await clerk.api("GET", f"/api/v1{address}")).json()["facets"]
        assert counts["least"]["orgs"]["alpha"] >= 1001
        assert (counts["orgs"]["alpha"] is None) == (most == 20)


async def test_answers_to_forms_lead_to_pages_that_open(hub: Hub) -> None:
    async with clients(hub, "clerk", "steward") as [clerk, steward]:
        for client, path in ((clerk, "/lookup"), (steward, "/candidates/search"), (steward, "/candidates/later"),
                             (steward, "/verdicts/1/undo"), (steward, f"/persons/{UUID(int=5)}/join"),
                             (steward, "/quality/samples"), (clerk, "/rooms/ask")):  # fmt: skip
            for referer in (None, f"{BASE}/rooms?q=x", f"{BASE}{path}", "https://other.test/rooms"):
                headers = {"referer": referer} if referer else {}
                data = {"csrf_token": client.csrf}
                answer = await client.http.post(path, data=data, headers=headers)
                assert answer.status_code in (409, 422), path
                [switch] = set(re.findall(r'href="(/lang/en[^"]+)"', answer.text))
                back = (await client.get(switch)).headers["location"]
                if referer and referer.endswith("/rooms?q=x") and "other" not in referer:
                    assert back == "/rooms?q=x"
                await client.get("/lang/zh-CN")
                shown = await client.get(back)
                assert shown.status_code == (404 if back.startswith("/persons/") else 200), (path, back)
            again = await client.get(path)  # refreshed by the address bar, or opened as a bookmark
            assert again.status_code == (200 if path == "/lookup" else 303), path
        assert "next=/rooms%3Fq%3Dx" in (await clerk.get("/rooms?q=x")).text  # filters survive the switch
        assert (await clerk.api("GET", "/candidates/later")).status_code == 405
