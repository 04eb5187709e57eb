"""Lists of people: scope, search, pages, export, work on many at once."""

import io
import re

import openpyxl
import pytest
from sqlalchemy import insert, select

from shared.org.members.models import Member, MemberQuery
from tests.org.people import admit, identity_number
from tests.org.web import OrgWorld, audited, fill

NUMBER = "51990620000318002X"
PAYLOADS = ['=HYPERLINK("http://x")', "+1+1", "-2", "@SUM(A1)", "＝1+1", "＋1", "－1", "＠x", "\tx"]


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
        "０８８８",
        "120****0888",
        "单0888",
        "單文 0888",
        "0888单",
        "002X",
        "002x",
        "**************002X",
        "５１９９０００１",
        "5199-0001",
    ],
)
async def test_search_by_every_way_of_writing(here: OrgWorld, typed: str) -> None:
    await fill(here, phone="12000000888", card_no="51990001", identity=NUMBER)
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


async def test_the_export_says_how_many_and_counts_on_when_its_dialog_opens(here: OrgWorld) -> None:
    (member,) = await fill(here)
    clerk = await here.signed_in("clerk")
    assert "按现在的条件和排序导出，共1人；" in (await clerk.get("/members")).text
    async with here.org.kit.database.transaction() as session:
        own = ("id", "exclusive_key", "card_no")
        shared = {c.name: getattr(member, c.name) for c in Member.__table__.columns if c.name not in own}
        await session.execute(insert(Member), [shared] * 1000)
    page = (await clerk.get("/members?sex=f")).text
    asks = re.search(
        r'导出，<span hx-get="([^"]+)" hx-trigger="toggle from:[^"]+">1,000人以上</span>；', page
    )
    assert asks, page
    assert (await clerk.get(asks[1].replace("&amp;", "&"))).text == "共1,001人"
    assert (await clerk.get("/members/export/number?sex=m")).text == "共0人"
    assert (await (await here.signed_in("viewer")).get("/members/export/number")).status_code == 403


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


async def test_a_name_is_found_half_written_half_spelt(here: OrgWorld) -> None:
    await fill(here)
    browser = await here.signed_in("clerk")
    for typed, found in (("单wen", True), ("单wh", True), ("王wen", False), ("单xiao", False)):
        page = await browser.post("/members/search", {"q": typed})
        assert ("Shàn Wénhuì" in (await browser.get(page.headers["location"])).text) is found, typed
