"""Seasonal rounds: wishes, the drawing, undoing it, bookings of what was given, reasons for everybody."""

import asyncio
import io
import re
from datetime import timedelta
from uuid import UUID

import openpyxl
import pytest
from sqlalchemy import select

from shared.joint.rounds.lots import hash_of, lot
from shared.kit.errors import Forbidden, Invalid, NotFound, Refused
from shared.kit.web.filters import day
from shared.org.bookings import Booking
from shared.org.kit import OrgKit
from shared.org.rounds.drawing import confirm, draw_round, undo
from shared.org.rounds.models import SeasonWish
from shared.org.rounds.reading import state_for
from shared.org.rounds.service import cancel, get_round, wish, withdraw
from shared.org.venues import Venue
from tests.org.people import CLERK, tree
from tests.org.rooms import at, booked, booker, venue
from tests.org.seasons import FIRST, KEEPER, STRANGER, closed, drawn, new_round, season, wanted, wished
from tests.org.web import Browser, audited, dialog_at, org_world


async def test_a_wish_is_refused_with_its_reason_and_sent_twice_is_one(org: OrgKit) -> None:
    async with org.kit.database.transaction() as session:
        _, one, _ = await tree(session, org)
        hall = await venue(session, org, one, sharing={"share": "some", "partners": ("friends",)})
        other = await venue(session, org, one, name="西楼")
        opened = await season(session, hall)
        with pytest.raises(Refused, match="没有对您的组织开放"):
            await wished(session, org, opened, hall, STRANGER)
        with pytest.raises(Refused, match="最多容纳"):
            await wished(session, org, opened, hall, people=301)
        with pytest.raises(Invalid, match="使用期间"):
            await wished(session, org, opened, hall, weekday=None, on=at(FIRST - 1, 0).date())
        with pytest.raises(NotFound, match="不在本轮次"):
            await wished(session, org, opened, other)
        given = wanted(hall)
        who = booker(org).model_copy(update={"staff_id": KEEPER.id})
        for _ in range(2):
            await wish(session, org, opened.id, given, who, CLERK)
        with pytest.raises(Forbidden):
            await wish(session, org, opened.id, given, booker(org, "friends"), CLERK)
        with pytest.raises(Forbidden, match="自己填报"):
            await withdraw(session, opened.id, given.wish_id, booker(org), CLERK)
        assert len(list(await session.scalars(select(SeasonWish)))) == 1
        await withdraw(session, opened.id, given.wish_id, who, CLERK)
        assert list(await session.scalars(select(SeasonWish))) == []
        with pytest.raises(Refused, match="还没有截止"):
            await draw_round(session, org, opened.id, 1, KEEPER)


async def test_after_the_deadline_nothing_is_entered_or_taken_back(org: OrgKit) -> None:
    async with org.kit.database.transaction() as session:
        _, one, _ = await tree(session, org)
        hall = await venue(session, org, one)
        opened = await season(session, hall)
        made = await wished(session, org, opened, hall)
        await closed(session, opened.id)
        await session.refresh(made)
        with pytest.raises(Refused, match="已经截止"):
            await wished(session, org, opened, hall)
        who = booker(org).model_copy(update={"staff_id": KEEPER.id})
        with pytest.raises(Refused, match="已经截止"):
            await withdraw(session, opened.id, made.id, who, CLERK)


async def test_from_wishes_to_bookings_with_every_reason(org: OrgKit) -> None:
    database = org.kit.database
    async with database.transaction() as session:
        _, one, _ = await tree(session, org)
        hall = await venue(session, org, one, sharing={"horizon_days": 5})
        await booked(session, org, hall, at(4, 9), 3)  # of days to come: no use in the past year
        opened = await season(session, hall)
        mine = await wished(session, org, opened, hall, title="我们的")
        theirs = await wished(session, org, opened, hall, STRANGER, title="他们的")
        second = await wished(session, org, opened, hall, STRANGER, rank=2, opens=720, closes=780)
        await closed(session, opened.id)
        await draw_round(session, org, opened.id, 1, KEEPER)
        ids = [mine.id, theirs.id, second.id]
        # until it is published, others see nothing of it
        seen = await state_for(session, org, await get_round(session, opened.id), STRANGER)
        assert [w.outcome for w in seen.wishes] == ["", ""]
        assert seen.seed == ""
    async with database.transaction() as session:  # somebody books one of the dates meanwhile
        place = await session.get_one(Venue, hall.id)
        place.sharing = {**place.sharing, "horizon_days": 90}
        await session.flush()
        await booked(session, org, place, at(FIRST + 7, 9), 4, title="插进来的")
    await confirm(org, opened.id, 2, KEEPER)
    async with database.transaction() as session:
        result = await state_for(session, org, await get_round(session, opened.id), STRANGER)
        assert (result.status, hash_of(result.seed)) == ("published", result.seed_hash)
        by_title = {w.title: w for w in result.wishes}
        outcomes = sorted(w.outcome for w in (by_title["我们的"], by_title["他们的"]))
        assert outcomes == ["given", "taken"]
        lost = next(w for w in result.wishes if w.outcome == "taken")
        assert any(w.title in lost.before for w in result.wishes if w.outcome == "given")
        for each in (w for w in result.wishes if w.outcome == "given"):
            assert each.booked == 2
            assert each.left_out == {at(FIRST + 7, 0).date(): "meanwhile"}
        made = list(await session.scalars(select(Booking).where(Booking.request_id.in_(ids))))
        assert len(made) == 4
        assert {b.status for b in made} == {"confirmed"}
        assert {b.org for b in made} >= {STRANGER}
        with pytest.raises(Refused, match="已经确认"):
            await cancel(session, opened.id, 4, "不办了", KEEPER)


async def test_an_interrupted_confirmation_goes_on_and_two_at_once_book_once(org: OrgKit) -> None:
    database = org.kit.database
    async with database.transaction() as session:
        _, one, _ = await tree(session, org)
        opened, _ = await drawn(session, org, one)
        opened.status = "confirming"  # as if it had died right after this
    done = await asyncio.gather(
        *(confirm(org, opened.id, 2, KEEPER) for _ in range(2)), return_exceptions=True
    )
    assert [type(d) for d in done if d is not None] == [Refused]
    async with database.transaction() as session:
        assert (await get_round(session, opened.id)).status == "published"
        assert len(list(await session.scalars(select(Booking)))) == 3


async def test_an_undone_drawing_is_told_and_drawn_with_another_seed(org: OrgKit) -> None:
    async with org.kit.database.transaction() as session:
        _, one, _ = await tree(session, org)
        hall = await venue(session, org, one)
        opened = await season(session, hall)
        first_seed = opened.seed
        await booked(session, org, hall, at(FIRST, 9))
        await wished(session, org, opened, hall)
        await wished(session, org, opened, hall, rank=2, weekday=None, on=at(FIRST, 0).date())
        await closed(session, opened.id)
        await draw_round(session, org, opened.id, 1, KEEPER)
        season_wishes = list(await session.scalars(select(SeasonWish).order_by(SeasonWish.rank)))
        assert [w.outcome for w in season_wishes] == ["given", "booked"]
        assert season_wishes[0].left_out == {at(FIRST, 0).date().isoformat(): "booked"}
        with pytest.raises(Refused, match="刚被别人改过"):
            await undo(session, opened.id, 1, at(2, 18), "漏了一家", KEEPER)
        await undo(session, opened.id, 2, at(2, 18), "漏了一家", KEEPER)
        again = await get_round(session, opened.id)
        assert (again.status, again.undone[0]["seed"], again.undone[0]["reason"]) == (
            "open",
            first_seed,
            "漏了一家",
        )
        assert again.seed != first_seed
        assert {w.outcome for w in season_wishes} == {""}
        assert (await state_for(session, org, again, STRANGER)).undone[0]["seed"] == first_seed


async def _all_faults_at_once(keeper: Browser, form: dict[str, str]) -> None:
    """Nobody should learn of the second fault only after mending the first."""
    empty = await keeper.post("/venues/rounds/new", {"title": " ", "closes_at": "18"})
    assert empty.status_code == 422
    for name in ("title", "first", "last", "closes_on", "closes_at"):
        assert f'id="e-{name}"' in empty.text, name
    assert "请至少选择一个场地" in empty.text
    backwards = {
        **form, "title": "12000000888", "venues": [], "last": "2026-01-01", "closes_on": "2026-01-01"
    }  # fmt: skip
    wrong = await keeper.post("/venues/rounds/new", backwards)
    for said in (
        "这里不能写证件号或手机号", "请至少选择一个场地", "结束日期不能早于开始日期",
        "截止时间应在现在之后、使用期间之前",
    ):  # fmt: skip
        assert said in wrong.text, said


async def test_pages_from_the_form_to_the_published_reasons(org: OrgKit) -> None:
    async with org_world(org) as world:
        async with org.kit.database.transaction() as session:
            hall = await venue(session, org, world.one)
        keeper = await world.signed_in("keeper")
        assert "现在看不到其他组织的轮次" in (await keeper.get("/venues/rounds")).text  # no bus here
        await keeper.get("/venues/rounds/new")
        new = new_round(hall)
        form = {
            "title": "春季轮次", "venues": str(hall.id), "first": new.first.isoformat(),
            "last": new.last.isoformat(), "closes_on": at(1, 0).date().isoformat(), "closes_at": "18:00",
        }  # fmt: skip
        for field, bad, said in (
            ("closes_at", "18", "请按“9:00”的样式填写"), ("venues", [], "请至少选择一个场地"),
            ("last", (new.first - timedelta(days=1)).isoformat(), "结束日期不能早于开始日期"),
        ):  # fmt: skip
            wrong = await keeper.post("/venues/rounds/new", {**form, field: bad})
            assert wrong.status_code == 422
            assert said in wrong.text
        await _all_faults_at_once(keeper, form)
        made = await keeper.post("/venues/rounds/new", form)
        assert made.status_code == 303, made.text
        path = made.headers["location"]
        await _wished_by_page(keeper, path, hall.id, new.first.weekday())
        assert (await keeper.post(f"{path}/draw", {"version": "1"})).status_code == 409
        async with org.kit.database.transaction() as session:
            await closed(session, UUID(path.rsplit("/", 1)[1]))
        assert (await keeper.post(f"{path}/draw", {"version": "1"})).status_code == 303
        assert "这是预览" in (await keeper.get(path)).text
        wrong = await keeper.post(f"{path}/undo", {"version": "2", "closes_at": "18", "reason": " "})
        dialog = dialog_at(wrong.text, f"{path}/undo")
        assert [f'id="e-{name}"' in dialog for name in ("closes_on", "closes_at", "reason")] == [True] * 3
        clerk = await world.signed_in("clerk")
        assert (await clerk.post(f"{path}/confirm", {"version": "2"})).status_code == 403
        assert (await keeper.post(f"{path}/confirm", {"version": "2"})).status_code == 303
        shown = (await (await world.signed_in("viewer")).get(path)).text
        for text in (
            "第1轮，订到3次",
            "发布人",
            "分配时间",
            "公布时间",
            "抽签种子",
            "结果与理由",
            "导出结果",
            f"{org.profile.short_name} 0",
        ):
            assert text in shown


async def _wished_by_page(keeper: Browser, path: str, hall: UUID, weekday: int) -> None:
    """Refused with the field named and nothing typed lost, then entered."""
    found = re.search(r'name="wish_id" value="([^"]+)"', (await keeper.get(path)).text)
    assert found
    entry = {
        "wish_id": found[1], "venue": str(hall), "weekday": str(weekday), "opens": "9:00",
        "closes": "11:00", "rank": "1", "title": "读书会",
    }  # fmt: skip
    assert (await keeper.post(f"{path}/wishes", {**entry, "people": "999"})).status_code == 409
    for field, bad, said in (
        ("opens", "9", "的样式填写"), ("venue", "", "请选择场地"), ("title", "", "请填写用途"),
        ("title", "问12812345678", "不能写证件号或手机号"), ("weekday", "", "请选择每周的一天"),
        ("rank", "x", "请填写1到40的整数"), ("rank", "", "请填写1到40的整数"), ("on", "2027-01-01", "只能填一样"),
        ("closes", "8:00", "结束时间应晚于开始时间"),
    ):  # fmt: skip
        refused = await keeper.post(f"{path}/wishes", {**entry, "people": "7", field: bad})
        assert refused.status_code == 422
        assert said in refused.text
        assert f'name="wish_id" value="{found[1]}"' in refused.text  # nothing typed is lost
        assert re.search(r'name="people"[^>]*value="7"', refused.text)
    all_wrong = {**dict.fromkeys(entry, ""), "wish_id": found[1], "opens": "9"}
    wrong = await keeper.post(f"{path}/wishes", all_wrong)
    for name in ("venue", "title", "weekday", "opens", "closes", "rank"):
        assert f'id="e-{name}"' in wrong.text, name
    assert (await keeper.post(f"{path}/wishes", entry)).status_code == 303
    page = (await keeper.get(path)).text
    assert "读书会" in page
    assert re.search(r'name="rank"[^>]*value="2"', page)  # behind the first


async def test_the_result_as_a_file_can_be_checked_again(org: OrgKit) -> None:
    async with org_world(org) as world:
        async with org.kit.database.transaction() as session:
            hall = await venue(session, org, world.one)
            opened = await season(session, hall)
            for code, title in (("", "=1+1"), (STRANGER, "他们的")):
                await wished(session, org, opened, hall, code, title=title)
            await closed(session, opened.id)
        path = f"/venues/rounds/{opened.id}/result.xlsx"
        viewer = await world.signed_in("viewer")
        assert "结果还没有公布" in (early := await viewer.get(path)).text
        assert early.status_code == 409
        async with org.kit.database.transaction() as session:
            await booked(session, org, hall, at(FIRST + 7, 9))  # one of the dates wished for
            await draw_round(session, org, opened.id, 1, KEEPER)
        await confirm(org, opened.id, 2, KEEPER)
        answer = await viewer.get(path)
        assert answer.status_code == 200, answer.text
        book = openpyxl.load_workbook(io.BytesIO(answer.content))
        assert {c.data_type for sheet in book for row in sheet.iter_rows() for c in row if c.value} == {"s"}
        head, *wishes = book["结果"].iter_rows(values_only=True)
        lines = {line["用途"]: line for line in (dict(zip(head, w, strict=True)) for w in wishes)}
        assert {(w["组织"], w["用途"]) for w in lines.values()} == {("本会", "=1+1"), (STRANGER, "他们的")}
        assert all(c.quotePrefix for row in book["结果"].iter_rows() for c in row if c.value == "=1+1")
        given, lost = sorted(lines.values(), key=lambda w: w["结果"] != "给了")
        assert (given["第几轮"], given["订到次数"], lost["结果"]) == ("1", "2", "没给")
        assert given["除外的日期"] == f"{day(at(FIRST + 7, 0))} 分配前已有预订"
        assert lost["理由"] == f"轮到时已给了{given['组织']}“{given['用途']}”"
        check = [[c for c in row if c is not None] for row in book["规则与核对"].iter_rows(values_only=True)]
        facts = {row[0]: row[1] for row in check if len(row) == 2}
        assert hash_of(facts["抽签种子"]) == facts["抽签种子的校验值（SHA-256，发布时已定）"]
        lots = [row for row in check if len(row) == 4 and row[1] in (org.profile.code, STRANGER)]
        assert lots == sorted(
            ([name, code, "0", lot(facts["抽签种子"], code)] for name, code in
             (("本会", org.profile.code), (STRANGER, STRANGER))), key=lambda row: row[3],
        )  # fmt: skip
        assert lots[0][0] == given["组织"]  # nobody used the hall yet: the smaller lot begins
        (entry,) = await audited(world, "round.exported")
        assert entry.detail == {"title": "春季轮次", "owner": org.profile.code, "wishes": 2}
