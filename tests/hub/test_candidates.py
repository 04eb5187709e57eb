"""The stewards' queue: lazy, paged without loss or repeat, filtered, decided once, put off and back, kept apart."""

import re
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text

from services.hub.persons import against, by_id, says
from services.hub.persons import service as persons
from services.hub.persons.incoming import affiliation_id
from services.hub.persons.rules import ordered
from services.hub.review import backlog, compare
from services.hub.review.pages import PAGE
from shared.contracts.members import MemberAdmitted
from shared.kit import clock
from tests.hub.conftest import Hub
from tests.hub.linked import candidates, people
from tests.hub.site import Client, clients
from tests.hub.telling import announced, changed, state

PAIRS = 23


async def pair_of(hub: Hub, name: str = "张伟") -> tuple[tuple[UUID, UUID], MemberAdmitted, MemberAdmitted]:
    """Two records that may be one person."""
    a, b = state(name, birth="1990-01-01", identity=f"{name}1234"), state(name, birth="1990-01-01")
    await hub.tell("alpha", a)
    await hub.tell("beta", b)
    return ordered(affiliation_id("alpha", a.member_id), affiliation_id("beta", b.member_id)), a, b


async def many_pairs(hub: Hub) -> set[tuple[str, str]]:
    """Pairs in three batches; every second one waits for two reasons."""
    await hub.tell("alpha", announced("alpha", "甲"))
    every = set()
    for batch in (range(10), range(10, 20), range(20, PAIRS)):
        ones = [state(f"张{chr(0x4E10 + i)}", birth="1990-01-01", identity=str(i)) for i in batch]
        others = [state(f"张{chr(0x4E10 + i)}", birth="1990-01-01") for i in batch]
        await hub.tell("alpha", *ones)
        await hub.tell("beta", *others)
        every |= {
            ordered(affiliation_id("alpha", a.member_id), affiliation_id("beta", b.member_id))
            for a, b in zip(ones, others, strict=True)
        }
    two = [{"a": a, "b": b} for a, b in sorted(every)[::2]]
    async with hub.database.transaction() as session:
        await session.execute(
            text("insert into edge (a, b, rule, state) values (:a, :b, 'R1N', 'candidate')"), two
        )
    return {(str(a), str(b)) for a, b in every}


async def walked(steward: Client, address: str) -> tuple[list[int], list[tuple[str, str]]]:
    """Sizes of the pages, and the pairs on them."""
    sizes, seen = [], list[tuple[str, str]]()
    following: str | None = address
    while following:
        page = (await steward.get(following)).text
        pairs = re.findall(r"pair=([0-9a-f-]+)~([0-9a-f-]+)", page)
        sizes.append(len(pairs))
        seen += pairs
        found = re.search(r'href="(/candidates\?[^"]*page=[^"&]+)"[^>]*>下一页', page)
        following = found[1].replace("&amp;", "&") if found else None
    return sizes, seen


async def test_nothing_waits_until_it_is_met_and_every_pair_is_on_one_page(hub: Hub) -> None:
    every = await many_pairs(hub)
    async with clients(hub, "steward") as [steward]:
        assert await walked(steward, "/candidates") == ([0], [])
        for _ in range(2):
            assert (await steward.post("/candidates/take")).status_code == 303
        sizes, seen = await walked(steward, "/candidates")
        assert sizes == [PAGE, PAGE, PAIRS - 2 * PAGE]
        assert len(seen) == len(set(seen))
        assert set(seen) == every
        _, twice = await walked(steward, "/candidates?rule=R1N")
        assert len(twice) == PAIRS - PAIRS // 2
        assert (await walked(steward, "/candidates?org=alpha"))[0] == sizes
        assert (await walked(steward, "/candidates?org=gamma"))[0] == [0]
        assert (await walked(steward, "/candidates?age=7"))[0] == [0]
        async with hub.database.transaction() as session:
            old = "update raised set raised_at = now() - interval '8 days' where (a, b) in (select a, b from raised limit 3)"
            await session.execute(text(old))
            found = await backlog(session)
            assert (found.waiting, found.over_week, found.over_month) == (PAIRS, 3, 0)
        assert (await walked(steward, "/candidates?age=7"))[0] == [3]


async def test_the_api_gives_every_pair_with_all_its_rules(hub: Hub) -> None:
    every = await many_pairs(hub)
    async with clients(hub, "steward", "clerk") as [steward, clerk]:
        taken = [(await steward.api("POST", "/api/v1/candidates/take")).json() for _ in range(3)]
        assert taken == [20, 3, 0]
        assert (await clerk.api("POST", "/api/v1/candidates/take")).status_code == 403
        rows: list[Any] = []
        cursor: str | None = ""
        while cursor is not None:
            found = (await steward.api("GET", f"/api/v1/candidates?limit=7&cursor={cursor}")).json()
            rows, cursor = rows + found["rows"], found["next"]
    assert {(r["first"]["id"], r["second"]["id"]) for r in rows} == every
    assert len(rows) == PAIRS
    assert sorted(len(r["rules"]) for r in rows) == [1] * (PAIRS // 2) + [2] * (PAIRS - PAIRS // 2)


async def test_a_lookup_raises_what_may_belong_to_the_person(hub: Hub) -> None:
    await hub.tell("alpha", announced("alpha", "甲"))
    await pair_of(hub)
    await pair_of(hub, "李娜")
    async with clients(hub, "clerk", "steward") as [clerk, steward]:
        ask = {"text": "张伟", "purpose": "visit"}
        found = (await clerk.api("POST", "/api/v1/lookup", json=ask)).json()
        assert await walked(steward, "/candidates") == ([0], [])
        path = f"/api/v1/lookup/{found['lookup_id']}/persons/{found['rows'][0]['id']}"
        for _ in range(2):
            assert (await clerk.api("GET", path)).status_code == 200
        page = (await steward.get("/candidates")).text
        assert "查询时发现" in page
        assert "李娜" not in page
        assert (await walked(steward, "/candidates"))[0] == [1]


async def test_search_by_name_keeps_the_name_out_of_addresses(hub: Hub) -> None:
    await hub.tell("alpha", announced("alpha", "甲"))
    await pair_of(hub)
    await pair_of(hub, "李娜")
    async with clients(hub, "steward") as [steward]:
        answer = await steward.post("/candidates/search", name="李娜")
        assert answer.status_code == 303
        assert re.fullmatch(r"/candidates\?search=[0-9a-f-]{36}", answer.headers["location"])
        page = (await steward.get(answer.headers["location"])).text
        assert "李娜" in page
        assert "张伟" not in page
        assert (await steward.post("/candidates/search", name="")).status_code == 422


async def test_a_pair_is_shown_side_by_side_with_reasons_for_and_against(hub: Hub) -> None:
    await hub.tell("alpha", announced("alpha", "甲"))
    await hub.tell("beta", announced("beta", "乙"))
    await pair_of(hub)
    async with clients(hub, "steward") as [steward]:
        await steward.post("/candidates/take")
        page = (await steward.get("/candidates")).text
    assert "姓名（张伟）、出生日期和性别一致，其中一方没有登记身份证号" in page
    assert "有一方没有登记证件号，无法直接比对" in page
    assert re.search(r'class="diff"><th scope="row">证件号', page)
    assert not re.search(r'class="diff"><th scope="row">姓名', page)


async def test_two_stewards_at_once_do_not_clash(hub: Hub) -> None:
    pair, *_ = await pair_of(hub)
    fields = {"a": pair[0], "b": pair[1], "shown": 0, "reason": "电话核实"}
    async with clients(hub, "steward", "steward") as [one, other]:
        await one.post("/candidates/take")
        assert (await one.post("/candidates", **fields, says="never")).status_code == 303
        late = await other.post("/candidates", **fields, says="same")
        assert late.status_code == 409
        assert "季云舟刚刚已经判断为不是同一人" in late.text
        judged = {"a": str(pair[0]), "b": str(pair[1]), "says": "same", "reason": "核实", "shown": 0}
        assert (await other.api("POST", "/api/v1/verdicts", json=judged)).status_code == 409
        assert (await other.post("/candidates/later", a=pair[0], b=pair[1], until="")).status_code == 409
        async with hub.database.transaction() as session:
            [verdict] = await session.scalars(text("select id from verdict where undone_at is null"))
        assert (await one.post(f"/verdicts/{verdict}/undo", reason="再查")).status_code == 303
        again = await other.post(f"/verdicts/{verdict}/undo", reason="再查")
        assert again.status_code == 409
        assert "已经撤销过了" in again.text
        assert "撤销判断后" in (await one.get("/candidates")).text  # it waits again
        stale = await other.post("/candidates", **(fields | {"shown": verdict}), says="same")
        assert "刚刚被撤销" in stale.text
    assert await people(hub) == [{"alpha:张伟"}, {"beta:张伟"}]


async def test_evidence_that_went_meanwhile_refuses_the_decision(hub: Hub) -> None:
    pair, _, b = await pair_of(hub)
    async with clients(hub, "steward") as [steward]:
        await steward.post("/candidates/take")
        await hub.tell("beta", changed(b, tokens=state("张伟").tokens))
        answer = await steward.post("/candidates", a=pair[0], b=pair[1], says="same", reason="核实")
        assert answer.status_code == 409
        assert "已不在等待核对" in answer.text
        assert await walked(steward, "/candidates") == ([0], [])


async def test_later_comes_back_on_its_day(hub: Hub) -> None:
    pair, *_ = await pair_of(hub)
    today = clock.today()
    async with clients(hub, "steward", "clerk") as [steward, clerk]:
        await steward.post("/candidates/take")
        put: dict[str, Any] = {"a": pair[0], "b": pair[1]}
        for wrong in (today, today + timedelta(days=366)):
            assert (await steward.post("/candidates/later", **put, until=wrong)).status_code == 422
        week = today + timedelta(days=7)
        assert (await clerk.post("/candidates/later", **put, until=week)).status_code == 403
        assert (await steward.post("/candidates/later", **put, until=week)).status_code == 303
        assert (await walked(steward, "/candidates"))[0] == [0]
        assert (await walked(steward, "/candidates?tab=later"))[0] == [1]
        async with hub.database.transaction() as session:
            found = await backlog(session)
            assert (found.waiting, found.later) == (0, 1)
            await session.execute(text("update raised set later_until = :today"), {"today": today})
        assert (await walked(steward, "/candidates"))[0] == [1]
        await steward.post("/candidates/later", **put, until=week)
        back = {"a": str(pair[0]), "b": str(pair[1]), "until": None}
        assert (await steward.api("POST", "/api/v1/candidates/later", json=back)).status_code == 204
        assert (await walked(steward, "/candidates"))[0] == [1]


async def test_kept_apart_through_replay_rebuild_and_import_and_undo_restores(hub: Hub) -> None:
    """R1 and R2 would join them at every turn; the decision stands above, until it is taken back."""
    a = state("张伟", identity="1", birth="1990-01-01", phone="12000000001")
    b = state("張偉", identity="1", birth="1990-01-01", phone="12000000001")
    await hub.tell("alpha", a)
    await hub.tell("beta", b)
    apart, together = [{"alpha:张伟"}, {"beta:張偉"}], [{"alpha:张伟", "beta:張偉"}]
    assert await people(hub) == together
    async with clients(hub, "steward") as [steward]:
        async with hub.database.transaction() as session:
            person = await session.scalar(text("select id from person"))
        record = affiliation_id("beta", b.member_id)
        done = await steward.post(f"/persons/{person}/separate", affiliation=record, reason="证件被冒用")
        assert done.status_code == 303
        assert await people(hub) == apart
        for events in ((("alpha", a), ("beta", b)), (("beta", b), ("alpha", a))):
            async with hub.database.transaction() as session:
                await persons.forget(session)  # a rebuild begins so
            for org, event in events:
                await hub.tell(org, event)
            assert await people(hub) == apart
        await hub.tell("beta", changed(b, version=5), changed(a.model_copy(update={"version": 6})))
        await hub.tell("alpha", changed(a, version=7, tokens=b.tokens))  # the same roster once more
        assert {frozenset(g) for g in await people(hub)} >= {frozenset(g) for g in apart[:1]}
        own = [r for r in await people(hub) if "alpha:张伟" in r and "beta:張偉" in r]
        assert own == []
        async with hub.database.transaction() as session:
            held = set(await session.scalars(text("select state from edge where revoked_at is null")))
            [verdict] = await session.scalars(text("select id from verdict where undone_at is null"))
        assert "held" in held
        history = (await steward.get(f"/persons/{person}")).text
        assert "<p>确认不是同一人</p><small>季云舟，证件被冒用</small>" in history
        assert (await steward.post(f"/verdicts/{verdict}/undo", reason="查实是同一人")).status_code == 303
        assert [r for r in await people(hub) if {"alpha:张伟", "beta:張偉"} <= r]
        page = (await steward.get(f"/persons/{person}")).text
        assert "身份证号一致（尾号" in page
        assert "<p>撤销了判断</p><small>季云舟，查实是同一人</small>" in page
        assert "平台，规则R1" in page
    assert not await candidates(hub)


async def test_what_differs_is_marked_and_what_is_missing_is_not(hub: Hub) -> None:
    first = state("张小伟", phone="12000005530")
    second = state(
        "张晓伟", district="武侯区", unit_names=("某某妇联",), standing_title="履职", kind_title="执委"
    )
    await hub.tell("alpha", first)
    await hub.tell("beta", second)
    ids = affiliation_id("alpha", first.member_id), affiliation_id("beta", second.member_id)
    async with hub.database.transaction() as session:
        records = await by_id(session, ids)
    lines = {line.label: line for line in compare(records[ids[0]], records[ids[1]])}
    assert lines["姓名"].first == (("张", False), ("小", True), ("伟", False))
    assert lines["姓名"].second == (("张", False), ("晓", True), ("伟", False))
    assert lines["区县"].second == (("武侯区", False),)
    assert [label for label, line in lines.items() if line.differs] == ["姓名", "手机号"]
    assert lines["手机号"].first == (("120****5530", False),)
    assert lines["手机号"].second == ()
    assert "双方都没有登记身份证号" in says("R4", records[ids[0]], records[ids[1]])
    assert against(records[ids[0]], records[ids[1]]) == [
        "双方都没有登记证件号，无法直接比对",
        "姓名写法不同",
        "所在区县不同",
    ]
