"""One person's pages and API: admission, the masked file, corrections, revealing, leaving, consent."""

import re
from uuid import UUID

from sqlalchemy import func, select

from shared.kit.events.models import OutboxRow
from shared.org.members import standing_title
from shared.org.members.models import Member, MemberChange
from tests.org.people import identity_number, person
from tests.org.web import Browser, OrgWorld, audited, fill, form_of


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


async def test_what_must_and_what_may_be_filled_in_is_marked(here: OrgWorld) -> None:
    page = (await (await here.signed_in("clerk")).get("/members/new")).text
    form = page.split('action="/members/new"')[1]
    labels = re.findall(r'<label for="f-([^"]+)">(.*?)</label>', form)
    must = [code for code, text in labels if "必填" in text]
    assert must == ["name", "kind"]
    assert [code for code, text in labels if "必填" not in text and "选填" not in text] == [
        "birth",
        "identity",
    ]
    assert "有身份证号码时可不填" in form
    assert "没有号码的，须填写出生日期" in form
    assert '<span class="sr">必填</span></legend>' in form


async def test_a_form_sent_without_a_change_says_so_and_writes_nothing(here: OrgWorld) -> None:
    (member,) = await fill(here)
    browser = await here.signed_in("clerk")
    given = {"name": member.name, "kind": member.kind, "birth": "2005-06-15", "sex": "女"}
    counts = [select(func.count()).select_from(table) for table in (MemberChange, OutboxRow)]

    async def written() -> list[int | None]:
        async with here.org.kit.database.transaction() as session:
            return [await session.scalar(count) for count in counts]

    before = await written()
    form = {**given, "joined_on": "2024-10-08", "version": "1", "reason": "本人来电"}
    sent = await browser.post(f"/members/{member.id}/edit", form)
    page = (await browser.get(sent.headers["location"])).text
    assert ("没有改动" in page, "已更正" in page) == (True, False)
    assert await written() == before
    assert not await audited(here, "member.changed")


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
    assert "吴保管查看了完整信息" in page
    assert number not in page


async def test_the_form_of_a_correction_shows_no_secret_and_keeps_what_is_left_empty(here: OrgWorld) -> None:
    (member,) = await fill(here, card_no="519900011015")
    keeper = await here.signed_in("keeper")
    path = f"/members/{member.id}"
    page = (await keeper.get(f"{path}/edit")).text
    assert ("2005-06-15" in page, "519900011015" in page) == (False, False)
    assert "现为 2005年6月，不改请留空" in page
    assert "现为 5199 **** 1015，不改请留空" in page
    form = {"name": "单文慧", "kind": member.kind, "sex": "女", "joined_on": "2024-10-08", "post": "组长"}
    wrong = await keeper.post(f"{path}/edit", {**form, "version": "1", "phone": "1"})
    assert ("2005-06-15" in wrong.text, "519900011015" in wrong.text) == (False, False)
    kept = await keeper.post(f"{path}/edit", {**form, "version": "1", "birth": "", "card_no": ""})
    assert kept.status_code == 303, kept.text
    async with here.org.kit.database.transaction() as session:
        stored = await session.get_one(Member, member.id)
        assert (stored.birth, stored.card_no, stored.post) == (member.birth, member.card_no, "组长")
    shown = (await keeper.post(f"{path}/reveal", {"reason": "核对"})).text
    assert ("2005年6月15日" in shown, "519900011015" in shown) == (True, True)
    emptied = {**form, "version": "2", "clear_card_no": "1", "birth": "2005-06-15"}
    assert (await keeper.post(f"{path}/edit", emptied)).status_code == 303
    async with here.org.kit.database.transaction() as session:
        stored = await session.get_one(Member, member.id)
        assert (stored.birth, stored.card_no) == (member.birth, None)


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


async def test_the_api_tells_month_not_day_of_birth(here: OrgWorld) -> None:
    (member,) = await fill(here)
    viewer = await here.signed_in("viewer")
    told = (await viewer.api("GET", f"/api/v1/members/{member.id}")).text
    assert '"birth_month":"2005-06"' in told
    assert "2005-06-15" not in told


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
