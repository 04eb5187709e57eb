"""Pages and API of the roll and the units, through the whole service with people signed in."""

import io
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID

import openpyxl
import pytest
from sqlalchemy import func, select

from shared.kit import clock
from shared.kit.audit import AuditEntry
from shared.kit.staff import ROLES, Role
from shared.org.kit import OrgKit
from shared.org.members import standing_title
from shared.org.members.models import Member, MemberChange, MemberQuery
from shared.org.members.rules import birthday
from shared.org.units.models import Unit
from tests.org.people import admit, identity_number, person
from tests.org.rooms import at, booked, venue
from tests.org.web import Browser, OrgWorld, org_world

PAYLOADS = ['=HYPERLINK("http://x")', "+1+1", "-2", "@SUM(A1)", "＝1+1", "＋1", "－1", "＠x", "\tx"]


@pytest.fixture
async def here(org: OrgKit, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[OrgWorld]:
    keeper = Role("keeper", "档案保管", "", "business", ("members.*", "units.*", "imports.*"))
    monkeypatch.setitem(ROLES, "keeper", keeper)
    async with org_world(org) as made:
        yield made


async def fill(here: OrgWorld, number: int = 1, **given: object) -> list[Member]:
    async with here.org.kit.database.transaction() as session:
        return [await admit(session, here.org, here.one, **given) for _ in range(number)]


def form_of(here: OrgWorld, **given: str) -> dict[str, str]:
    raw = {k: v for k, v in person(here.org).items() if v is not None}
    return {**raw, "kind": here.org.policy.kinds[0].code, "unit_id": str(here.one.id), **given}


async def audited(here: OrgWorld, action: str) -> list[AuditEntry]:
    async with here.org.kit.database.transaction() as session:
        return list(await session.scalars(select(AuditEntry).where(AuditEntry.action == action)))


@pytest.mark.parametrize("path", ["/", "/members", "/members/new", "/units"])
async def test_pages_open(here: OrgWorld, path: str) -> None:
    browser = await here.signed_in("clerk")
    answer = await browser.get(path)
    assert answer.status_code == 200, answer.text
    assert here.org.name in answer.text
    assert "style=" not in answer.text


async def test_an_account_without_business_sees_an_empty_desk(here: OrgWorld) -> None:
    browser = await here.signed_in("admin")
    assert "您的账号不办理业务" in (await browser.get("/")).text
    assert (await browser.get("/members")).status_code == 403


async def test_nobody_is_told_to_do_what_the_account_may_not(here: OrgWorld) -> None:
    viewer, keeper = await here.signed_in("viewer"), await here.signed_in("keeper")
    for path, text in (("/", "先建立单位，再登记人员"), ("/members", "可以逐个登记")):
        assert text not in (await viewer.get(path)).text, path
    assert "可以逐个登记" in (await keeper.get("/members")).text
    assert "未填写" in (await viewer.get("/units")).text


async def test_who_decides_finds_on_the_desk_what_waits(here: OrgWorld) -> None:
    async with here.org.kit.database.transaction() as session:
        hall = await venue(session, here.org, here.one)
        booking = await booked(session, here.org, hall, at(5, 9), 3, title="劳模宣讲")
        booking.status = "waiting"
    desk = (await (await here.signed_in("keeper")).get("/")).text
    assert f'href="/venues/bookings/{booking.id}"' in desk
    assert "劳模宣讲" not in (await (await here.signed_in("viewer")).get("/")).text


async def test_admission_by_form_shows_a_masked_file(here: OrgWorld) -> None:
    browser = await here.signed_in("clerk")
    number = identity_number()
    answer = await browser.post(
        "/members/new", form_of(here, identity=number, phone="12000000777", post="组长")
    )
    assert answer.status_code == 303, answer.text
    page = await browser.get(answer.headers["location"])
    assert "单文慧" in page.text
    assert "Shàn Wénhuì" in page.text
    assert "120****0777" in page.text
    assert number not in page.text
    assert "12000000777" not in page.text
    assert "周经办登记" in page.text


async def test_a_refused_form_keeps_what_was_typed(here: OrgWorld) -> None:
    browser = await here.signed_in("clerk")
    answer = await browser.post(
        "/members/new", form_of(here, phone="1380000", post="质检二组组长", name="曾晓雯")
    )
    assert answer.status_code == 422
    assert "质检二组组长" in answer.text
    assert "曾晓雯" in answer.text
    assert "手机号码应为 11 位" in answer.text
    async with here.org.kit.database.transaction() as session:
        assert await session.scalar(select(func.count()).select_from(Member)) == 0


async def test_a_conflict_keeps_what_was_typed_and_says_who_was_faster(here: OrgWorld) -> None:
    (member,) = await fill(here)
    first, second = await here.signed_in("clerk"), await here.signed_in("keeper")
    for browser in (first, second):
        assert (await browser.get(f"/members/{member.id}/edit")).status_code == 200
    base = {
        "name": "单文慧",
        "kind": member.kind,
        "birth": "2005-06-15",
        "sex": "女",
        "joined_on": "2024-10-08",
    }
    done = await first.post(f"/members/{member.id}/edit", {**base, "post": "组长", "version": "1"})
    assert done.status_code == 303, done.text
    late = await second.post(f"/members/{member.id}/edit", {**base, "post": "副组长", "version": "1"})
    assert late.status_code == 409
    assert "刚被别人改过" in late.text
    assert 'value="副组长"' in late.text
    assert "周经办更正了职务" in late.text
    assert 'name="version" value="2"' in late.text
    again = await second.post(f"/members/{member.id}/edit", {**base, "post": "副组长", "version": "2"})
    assert again.status_code == 303


async def test_an_emptied_input_empties_but_numbers_stay(here: OrgWorld) -> None:
    (member,) = await fill(here, post="组长")
    browser = await here.signed_in("clerk")
    form = {"name": "单文慧", "kind": member.kind, "birth": "2005-06-15", "sex": "女", "version": "1"}
    assert (await browser.post(f"/members/{member.id}/edit", form)).status_code == 303
    async with here.org.kit.database.transaction() as session:
        stored = await session.get_one(Member, member.id)
        assert (stored.post, stored.joined_on) == (None, None)
        assert stored.identity_token == member.identity_token
        assert stored.phone_token == member.phone_token


async def test_the_scope_hides_everything_else(here: OrgWorld) -> None:
    async with here.org.kit.database.transaction() as session:
        inside = await admit(session, here.org, here.one, name="曾晓雯")
        outside = await admit(session, here.org, here.two, name="仇志远")
    browser = await here.signed_in("street")
    page = (await browser.get("/members")).text
    assert "曾晓雯" in page
    assert "仇志远" not in page
    assert "桂溪单位" not in page
    assert (await browser.get(f"/members/{inside.id}")).status_code == 200
    for path in (f"/members/{outside.id}", f"/members/{outside.id}/edit", f"/members?unit={here.two.id}"):
        assert (await browser.get(path)).status_code == 404, path
    assert (await browser.get(f"/units?at={here.two.id}")).status_code == 404
    assert (await browser.api("GET", f"/api/v1/members/{outside.id}")).status_code == 404
    for path in (f"/members/{outside.id}/leave", "/members/bulk/leave"):
        answer = await browser.post(path, {"ids": str(outside.id), "left_on": "2026-01-01", "reason": "调离"})
        assert answer.status_code == 404, path
    moved = await browser.post(f"/members/{inside.id}/move", {"unit_id": str(here.two.id)})
    assert moved.status_code == 404
    export = await browser.post("/members/export", {"ids": str(outside.id)})
    assert openpyxl.load_workbook(io.BytesIO(export.content)).active.max_row == 1


@pytest.mark.parametrize(
    "typed",
    [
        "单文慧",
        "單文慧",
        "单文",
        "shanwen",
        "danwenhui",
        "swh",
        "文慧",
        "单wen",
        "單 wenh",
        "单文h",
        "单wh",
        "12000000888",
        "0888",
        "５１９９０００１",
        "5199-0001",
    ],
)
async def test_search_by_every_way_of_writing(here: OrgWorld, typed: str) -> None:
    await fill(here, phone="12000000888", card_no="51990001")
    async with here.org.kit.database.transaction() as session:
        await admit(session, here.org, here.one, name="何静怡", phone="12000000999")
    browser = await here.signed_in("viewer")
    answer = await browser.post("/members/search", {"q": typed})
    assert answer.status_code == 303
    location = answer.headers["location"]
    assert typed not in location
    page = (await browser.get(location)).text
    assert "<b>单文慧</b>" in page
    assert "何静怡" not in page


async def test_a_search_belongs_to_who_typed_it(here: OrgWorld) -> None:
    await fill(here)
    number = identity_number()
    browser, other = await here.signed_in("viewer"), await here.signed_in("clerk")
    location = (await browser.post("/members/search", {"q": number})).headers["location"]
    assert (await browser.get(location)).status_code == 200
    assert (await other.get(location)).status_code == 404
    async with here.org.kit.database.transaction() as session:
        row = (await session.scalars(select(MemberQuery))).one()
        assert number.encode() not in row.typed


async def test_keyset_pages_show_everybody_once(here: OrgWorld) -> None:
    names = ["单文慧", "何静怡", "曾晓雯", "仇志远", "解明远", "段家豪", "温若琳", "乐嘉怡"]
    async with here.org.kit.database.transaction() as session:
        for i in range(120):
            await admit(session, here.org, here.one, name=names[i % 8])
    browser = await here.signed_in("viewer")
    for sort in ("changed", "name", "joined"):
        seen: list[str] = []
        after, path = "", ""
        while True:
            path = f"/api/v1/members?sort={sort}&after={after}"
            body = (await browser.api("GET", path)).json()
            seen += [item["id"] for item in body["items"]]
            if not body["next"]:
                break
            after = body["next"]
        assert len(seen) == len(set(seen)) == 120, sort
        back = (await browser.api("GET", f"/api/v1/members?sort={sort}&after={body['previous']}")).json()
        assert [item["id"] for item in back["items"]] == seen[50:100], sort
    assert (await browser.api("GET", "/api/v1/members?after=nonsense")).status_code == 422


async def test_export_is_masked_and_no_cell_is_a_formula(here: OrgWorld) -> None:
    number = identity_number()
    async with here.org.kit.database.transaction() as session:
        await admit(session, here.org, here.one, identity=number, phone="12000000555")
        for payload in PAYLOADS[:-1]:
            await admit(session, here.org, here.one, post=payload)
    browser = await here.signed_in("clerk")
    async with here.org.kit.database.transaction() as session:
        await admit(session, here.org, here.one, name="艾静怡")
    answer = await browser.post("/members/export?sort=name")
    assert answer.status_code == 200, answer.text
    book = openpyxl.load_workbook(io.BytesIO(answer.content))
    cells = [cell for row in book.active.iter_rows() for cell in row if cell.value is not None]
    assert {cell.data_type for cell in cells} == {"s"}
    texts = {str(cell.value) for cell in cells}
    assert book.active["A2"].value == "艾静怡", "in the order of the list"
    assert "120****0555" in texts
    assert not any(number in text or "12000000555" in text for text in texts)
    dangerous = [cell for cell in cells if str(cell.value).startswith(tuple("=+-@＝＋－＠"))]
    assert len(dangerous) == len(PAYLOADS) - 1
    assert all(cell.quotePrefix for cell in dangerous)
    (entry,) = await audited(here, "member.exported")
    assert entry.detail == {"people": len(PAYLOADS) + 1, "full": False}


async def test_full_export_needs_the_right_and_a_reason(here: OrgWorld) -> None:
    number = identity_number()
    await fill(here, identity=number)
    clerk, keeper = await here.signed_in("clerk"), await here.signed_in("keeper")
    assert (await clerk.post("/members/export", {"full": "true", "reason": "核对"})).status_code == 403
    assert (await keeper.post("/members/export", {"full": "true"})).status_code == 422
    answer = await keeper.post("/members/export", {"full": "true", "reason": "上级核对"})
    book = openpyxl.load_workbook(io.BytesIO(answer.content))
    assert number in {str(cell.value) for row in book.active.iter_rows() for cell in row}
    (entry,) = await audited(here, "member.exported")
    assert (entry.purpose, entry.detail["full"]) == ("上级核对", True)


async def test_revealing_needs_the_right_and_a_reason_and_is_on_record(here: OrgWorld) -> None:
    number = identity_number()
    (member,) = await fill(here, identity=number)
    clerk, keeper = await here.signed_in("viewer"), await here.signed_in("keeper")
    assert (await clerk.post(f"/members/{member.id}/reveal", {"reason": "核对"})).status_code == 403
    empty = await keeper.post(f"/members/{member.id}/reveal", {"reason": " "})
    assert empty.status_code == 422
    assert number not in empty.text
    shown = await keeper.post(f"/members/{member.id}/reveal", {"reason": "核对身份"})
    assert shown.status_code == 200
    assert number in shown.text
    assert shown.headers["cache-control"] == "no-store"
    (entry,) = await audited(here, "member.revealed")
    assert (entry.actor_name, entry.purpose, entry.target_id) == ("吴保管", "核对身份", str(member.id))
    page = (await keeper.get(f"/members/{member.id}")).text
    assert "吴保管查看了完整的证件号码和手机号码" in page
    assert number not in page


async def test_leave_restore_and_consent_by_page(here: OrgWorld) -> None:
    (member,) = await fill(here)
    browser = await here.signed_in("clerk")
    reason = here.org.policy.leave_reasons[0]
    early = await browser.post(f"/members/{member.id}/leave", {"left_on": "2020-01-01", "reason": reason})
    assert early.status_code == 422
    done = await browser.post(f"/members/{member.id}/leave", {"left_on": "2026-01-01", "reason": reason})
    assert done.status_code == 303
    page = (await browser.get(f"/members/{member.id}")).text
    assert standing_title(here.org, "left", member.kind) in page
    assert (await browser.post(f"/members/{member.id}/step", {"step": "restore"})).status_code == 303
    assert (await browser.post(f"/members/{member.id}/consent", {"answer": "no"})).status_code == 303
    page = (await browser.get(f"/members/{member.id}")).text
    assert "恢复在册" in page
    assert "本人不同意向协同平台提供信息" in page


async def test_bulk_work(here: OrgWorld) -> None:
    people = await fill(here, 3)
    ids = [str(m.id) for m in people]
    browser = await here.signed_in("clerk")
    ask = await browser.post("/members/bulk", {"ids": ids, "do": "move"})
    assert ask.status_code == 200
    assert "共3人" in ask.text
    unsure = await browser.post("/members/bulk/move", {"ids": ids, "unit_q": "单位"})
    assert unsure.status_code == 422
    assert "请从找到的单位中选一个" in unsure.text
    typed = await browser.post("/members/bulk/move", {"ids": ids, "unit_q": "桂溪单位", "reason": "合并"})
    assert typed.status_code == 303, typed.text
    async with here.org.kit.database.transaction() as session:
        assert set(await session.scalars(select(Member.unit_id))) == {here.two.id}
    gone = await browser.post("/members/bulk/leave", {"ids": ids, "left_on": "2026-02-01", "reason": "调离"})
    assert gone.status_code == 303, gone.text
    async with here.org.kit.database.transaction() as session:
        assert set(await session.scalars(select(Member.standing))) == {"left"}


async def test_the_api_uses_the_same_rules(here: OrgWorld) -> None:
    browser = await here.signed_in("clerk")
    fields = {k: v for k, v in person(here.org).items() if v is not None}
    made = await browser.api("POST", "/api/v1/members", {"unit_id": str(here.one.id), "fields": fields})
    assert made.status_code == 201, made.text
    body = made.json()
    assert fields["identity"] not in made.text
    again = await browser.api("POST", "/api/v1/members", {"unit_id": str(here.one.id), "fields": fields})
    assert again.status_code == 409
    wrong = await browser.api(
        "POST", "/api/v1/members", {"unit_id": str(here.one.id), "fields": {"name": ""}}
    )
    assert wrong.status_code == 422
    assert {"field": "name", "message": "姓名为空。请填写姓名。"} in wrong.json()["errors"]
    path = f"/api/v1/members/{body['id']}"
    patched = await browser.api("PATCH", path, {"version": 1, "fields": {"post": "组长"}})
    assert (patched.json()["post"], patched.json()["version"]) == ("组长", 2)
    stale = await browser.api("PATCH", path, {"version": 1, "fields": {"post": "副组长"}})
    assert (stale.status_code, stale.json()["version"]) == (409, 2)
    left = await browser.api("POST", f"{path}/leave", {"left_on": "2026-01-01", "reason": "调离"})
    assert left.json()["standing"] == "left"
    found = await browser.api("POST", "/api/v1/members/search?standing=all", {"text": "swh"})
    assert [item["id"] for item in found.json()["items"]] == [body["id"]]


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


async def test_nothing_is_written_by_a_stranger(here: OrgWorld) -> None:
    (member,) = await fill(here)
    browser: Browser = await here.signed_in("clerk")
    browser.csrf = "0" * 64
    answer = await browser.post(f"/members/{member.id}/leave", {"left_on": "2026-01-01", "reason": "调离"})
    assert answer.status_code == 403
    async with here.org.kit.database.transaction() as session:
        assert (await session.get_one(Member, member.id)).standing == "active"
        assert await session.scalar(select(func.count()).select_from(MemberChange)) == 1
    assert isinstance(member.id, UUID)


async def test_ids_of_a_file_are_one_of_each_and_no_reason_is_chosen_for_staff(here: OrgWorld) -> None:
    (member,) = await fill(here)
    browser = await here.signed_in("clerk")
    page = (await browser.get(f"/members/{member.id}")).text
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert sorted(ids) == sorted(set(ids))
    reasons = re.search(r'<select class="input" id="f-reason-leave".*?</select>', page, re.DOTALL)
    assert reasons is not None
    assert "selected" not in reasons[0]
    assert '<option value="">' in reasons[0]


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


async def test_who_is_near_the_age_limit_is_listed_from_the_desk(here: OrgWorld) -> None:
    limit = here.org.policy.age_limit(clock.today())
    soon = birthday(clock.today() + timedelta(30), -28)
    await fill(here, identity=identity_number(birth=soon))
    browser = await here.signed_in("clerk")
    desk = (await browser.get("/")).text
    link = re.search(r'href="(/members\?born_to=[^"]+)"', desk)
    assert (link is not None) == (limit is not None)
    if link:
        assert "单文慧" in (await browser.get(link[1].replace("&amp;", "&"))).text


async def test_the_api_tells_month_not_day_of_birth(here: OrgWorld) -> None:
    (member,) = await fill(here)
    viewer = await here.signed_in("viewer")
    told = (await viewer.api("GET", f"/api/v1/members/{member.id}")).text
    assert '"birth_month":"2005-06"' in told
    assert "2005-06-15" not in told


async def test_head_is_answered_without_a_body(here: OrgWorld) -> None:
    browser = await here.signed_in("clerk")
    for path in ("/members", "/healthz", "/nothing"):
        asked, head = await browser.get(path), await browser.client.head(path)
        assert (head.status_code, head.content) == (asked.status_code, b"")


async def test_who_is_not_known_is_not_admitted_by_hand_either(here: OrgWorld) -> None:
    browser = await here.signed_in("clerk")
    for wrong, said in (
        ({"identity": "", "birth": ""}, "不能确认是谁"),
        ({"name": "a"}, "只有一个字母"),
        ({"name": "<b>单</b>"}, "不会出现在姓名中的符号"),
    ):
        answer = await browser.post("/members/new", form_of(here, **wrong))
        assert answer.status_code == 422
        assert said in answer.text


async def test_a_name_is_found_half_written_half_spelt(here: OrgWorld) -> None:
    await fill(here)
    browser = await here.signed_in("clerk")
    for typed, found in (("单wen", True), ("单wh", True), ("王wen", False), ("单xiao", False)):
        page = await browser.post("/members/search", {"q": typed})
        assert ("Shàn Wénhuì" in (await browser.get(page.headers["location"])).text) is found, typed
