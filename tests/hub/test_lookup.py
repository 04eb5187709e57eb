"""Lookups over PostgreSQL: every way to find a person, paging, filters, records, refusals."""

import random
from collections.abc import Sequence
from uuid import UUID

import pytest
from sqlalchemy import text

from services.hub.lookup import live, recent, service
from services.hub.lookup.rules import Kind
from services.hub.lookup.schemas import Ask, Narrow
from shared.kit.errors import Invalid, NotFound, Unavailable
from tests.hub.asking import CLERK, all_pages, look, names, staff
from tests.hub.conftest import Hub
from tests.hub.telling import announced, changed, state, withdrawn

PEOPLE = [
    "张伟",
    "张伟明",
    "章伟",
    "王小明",
    "王晓敏",
    "覃伟",
    "单文慧",
    "吕布",
    "欧阳娜娜",
    "阿依古丽·买买提",
    "張學友",
    "John·Smith",
]


@pytest.fixture
async def town(hub: Hub) -> Hub:
    await hub.tell("alpha", announced("alpha", "甲"))
    await hub.tell(
        "alpha",
        *[state(n, phone=f"1200000{i:04}", identity=f"51990119900101{i:04}") for i, n in enumerate(PEOPLE)],
    )
    return hub


WAYS: list[tuple[str, list[str]]] = [
        ("张伟", ["张伟", "张伟明"]),  # the exact name first
        ("張偉", ["张伟", "张伟明"]), ("张学", ["張學友"]),
        ("王小明", ["王小明"]), ("王", ["王小明", "王晓敏"]),
        ("zhangwei", ["张伟", "章伟", "张伟明"]), ("Zhang Wei", ["张伟", "章伟", "张伟明"]), ("zhāngwěi", ["张伟", "章伟", "张伟明"]),
        ("wangxiaom", ["王晓敏", "王小明"]), ("wangxiaomi", ["王晓敏", "王小明"]), ("wangxiaomin", ["王晓敏", "王小明"]),
        ("qinwei", ["覃伟"]), ("tanwei", ["覃伟"]),  # both readings of the surname
        ("shan", ["单文慧"]), ("lvbu", ["吕布"]), ("lübu", ["吕布"]), ("lubu", ["吕布"]),
        ("wxm", ["王晓敏", "王小明"]), ("zw", ["张伟", "章伟", "张伟明"]), ("tw", ["覃伟"]), ("oynn", ["欧阳娜娜"]),
        ("wangxm", ["王晓敏", "王小明"]), ("wxming", ["王小明"]), ("wxiaom", ["王晓敏", "王小明"]), ("zhangwm", ["张伟明"]),
        ("张w", ["张伟", "张伟明"]), ("张wm", ["张伟明"]), ("张wei", ["张伟", "张伟明"]), ("覃w", ["覃伟"]), ("欧阳n", ["欧阳娜娜"]),
        ("欧阳nn", ["欧阳娜娜"]),
        ("小明", ["王小明"]), ("晓敏", ["王晓敏"]), ("伟", ["张伟", "章伟", "覃伟", "张伟明"]), ("學友", ["張學友"]), ("学", ["張學友"]),
        ("娜娜", ["欧阳娜娜"]), ("阳娜娜", []), ("买买提", ["阿依古丽·买买提"]),
        ("lyubu", ["吕布"]), ("Lyu Bu", ["吕布"]), ("lyub", ["吕布"]), ("lyu", ["吕布"]), ("lü bù", ["吕布"]), ("lu:bu", ["吕布"]), ("lv", ["吕布"]), ("lb", ["吕布"]),
        ("阿依古丽•买买提", ["阿依古丽·买买提"]), ("阿依古丽・买", ["阿依古丽·买买提"]), ("阿依古丽．买买提", ["阿依古丽·买买提"]), ("阿依古丽 买", ["阿依古丽·买买提"]),
        ("阿依古丽 • m", ["阿依古丽·买买提"]), ("張0000", ["张伟"]), ("张 ０００1", ["张伟明"]), ("　王　小　明　", ["王小明"]),
        ("阿依古丽", ["阿依古丽·买买提"]), ("阿依古丽买买提", ["阿依古丽·买买提"]), ("阿依古丽.买", ["阿依古丽·买买提"]),
        ("0003", ["王小明"]), ("王0003", ["王小明"]), ("0003 王小", ["王小明"]), ("李0003", []),
        ("oy", ["欧阳娜娜"]), ("OY", ["欧阳娜娜"]), ("John·Smith", ["John·Smith"]), ("John Smith", ["John·Smith"]),
        ("john.smith", ["John·Smith"]), ("johnsmith", ["John·Smith"]), ("John", ["John·Smith"]), ("js", ["John·Smith"]),
        ("不在册", []), ("'; drop table person; --", []), ("王%' or 1=1", []), ("xyzq", []), ("Ерлан", []),
]  # fmt: skip


async def test_every_way_to_find_a_person(town: Hub) -> None:
    assert {typed: await names(town, typed) for typed, _ in WAYS} == dict(WAYS)


async def test_a_given_name_that_is_a_surname_too_is_offered(town: Hub) -> None:
    await town.tell("alpha", state("明小伟"))
    found = await look(town, "明")
    assert ([r.name for r in found.rows], found.kind, found.other) == (["明小伟"], "name", "given")
    async with town.database.transaction() as session:
        ask = Ask(text="小明", purpose="visit", understood_as=Kind.GIVEN)
        lookup_id = await service.look_up(town.kit, session, CLERK, ask)
        again = await service.result(town.kit, session, CLERK, lookup_id, Narrow())
    assert ([r.name for r in again.rows], again.kind, again.other) == (["王小明"], "given", "name")


async def test_a_former_name_finds_the_person_once(town: Hub) -> None:
    await town.tell("alpha", state("李娜", former_names=("李招娣", "李娜娜")))
    assert await names(town, "李招娣") == ["李娜"]
    assert await names(town, "lizhaodi") == ["李娜"]
    found = await look(town, "李")  # three of the person's names begin so
    assert [r.name for r in found.rows] == ["李娜"]
    assert found.total == 1


async def test_a_withdrawn_person_is_gone_from_every_kind_of_search(town: Hub) -> None:
    person = state("钱多多", phone="12000009999", birth="1990-01-01")
    await town.tell("alpha", person)
    await town.tell("alpha", withdrawn(person))
    for typed in ("钱多多", "qianduoduo", "qdd", "钱d", "9999"):
        assert await names(town, typed) == []


async def test_three_hundred_namesakes_page_without_loss_or_repeat(hub: Hub) -> None:
    chance = random.Random(1)
    await hub.tell(
        "alpha",
        *[state("张伟", former_names=chance.choice([(), ("张卫",), ("张伟国",)])) for _ in range(300)],
    )
    for typed in ("张伟", "zhangwei", "zw", "张w", "zhangw", "伟"):
        first = await look(hub, typed)
        assert first.total == 300
        seen = await all_pages(hub, first, Narrow())
        assert len(seen) == 300 == len(set(seen))


async def test_paging_back_shows_the_same_pages(hub: Hub) -> None:
    await hub.tell("alpha", *[state("张伟") for _ in range(45)])
    first = await look(hub, "张伟")
    pages: list[Sequence[UUID]] = []
    cursor: str | None = None
    async with hub.database.transaction() as session:
        for _ in range(3):
            page = await service.result(hub.kit, session, CLERK, first.lookup_id, Narrow(), cursor)
            pages.append([r.id for r in page.rows])
            cursor = page.next
        assert cursor is None
        assert page.previous is not None
        for expected in (pages[1], pages[0]):
            page = await service.result(hub.kit, session, CLERK, first.lookup_id, Narrow(), page.previous)
            assert [r.id for r in page.rows] == expected
        assert page.previous is None


async def test_more_than_are_counted_says_so(hub: Hub) -> None:
    await hub.tell("alpha", *[state("张伟") for _ in range(1001)])
    found = await look(hub, "张伟")
    assert found.accuracy == "about"
    assert 1000 <= found.total <= 1001 + 2 * found.margin
    assert found.facets.standings["active"] == found.facets.orgs["alpha"] != 1001
    assert len(set(await all_pages(hub, found, Narrow()))) == 1001


async def test_badges_facets_and_filters(hub: Hub) -> None:
    for code, letter in (("alpha", "甲"), ("beta", "乙"), ("gamma", "丙")):
        await hub.tell(code, announced(code, letter))
    await hub.tell("alpha", state("张伟", identity="1"), state("张伟", identity="2", district="青羊区"))
    await hub.tell("beta", state("张伟", identity="1", standing="left", standing_title="历史记录"))
    found = await look(hub, "张伟")
    assert found.total == 2
    assert found.facets.orgs == {"alpha": 2, "beta": 1}
    assert (found.facets.many, found.facets.districts) == (1, {"锦江区": 1, "青羊区": 1})
    [both] = [r for r in found.rows if r.records == 2]
    assert [(b.org, b.state) for b in both.badges] == [("alpha", "in"), ("beta", "out"), ("gamma", "none")]
    for narrow, count in ((Narrow(org="beta"), 1), (Narrow(org="gamma"), 0), (Narrow(many=True), 1), (Narrow(district="青羊区"), 1),
                          (Narrow(standing="left"), 0), (Narrow(standing="active", district="锦江区"), 1)):  # fmt: skip
        narrowed = await look(hub, "张伟", narrow=narrow)
        assert (narrowed.total, len(narrowed.rows)) == (count, count)
    with pytest.raises(NotFound, match="没有接入这个组织"):
        await look(hub, "张伟", narrow=Narrow(org="delta"))


async def test_no_purpose_no_answer_and_no_record(town: Hub) -> None:
    for purpose, reason in (("nonsense", None), ("other", None), ("other", "  ")):
        with pytest.raises(Invalid):
            async with town.database.transaction() as session:
                await service.look_up(
                    town.kit, session, CLERK, Ask(text="张伟", purpose=purpose, reason=reason)
                )
    async with town.database.transaction() as session:
        assert await session.scalar(text("select count(*) from lookup_record")) == 0


async def test_every_answer_leaves_a_row_and_never_what_was_typed(town: Hub) -> None:
    found = await look(town, "王小明")
    async with town.database.transaction() as session:
        await service.open_person(town.kit, session, CLERK, found.lookup_id, found.rows[0].id)
    async with town.database.transaction() as session:
        actions = list(await session.scalars(text("select action from audit_entry order by seq")))
        assert actions == ["lookup.searched", "lookup.read", "lookup.opened"]
        kept = await session.scalar(text(
            "select (select jsonb_agg(to_jsonb(r)) from lookup_record r)::text || (select jsonb_agg(to_jsonb(s)) from lookup_session s)::text"
            " || (select jsonb_agg(to_jsonb(a)) from audit_entry a)::text || (select jsonb_agg(to_jsonb(o)) from outbox o)::text"
        ))  # fmt: skip
        assert kept
        assert "王小明" not in kept
        assert "王小明".encode().hex() not in kept
        [own] = (await recent(session, CLERK)).rows
        assert (own.purpose_title, own.kind, own.found, own.opened, own.live) == (
            "联合活动人员核对",
            "name",
            1,
            1,
            True,
        )
        assert not (await recent(session, staff("别人"))).rows


async def test_opening_a_person_tells_each_owner_once(hub: Hub) -> None:
    a, b = state("张伟", identity="1"), state("张伟", identity="1")
    await hub.tell("alpha", a)
    await hub.tell("beta", b)
    found = await look(hub, "张伟")
    for _ in range(2):
        async with hub.database.transaction() as session:
            details = await service.open_person(hub.kit, session, CLERK, found.lookup_id, found.rows[0].id)
    assert {r.member_id for r in details.records} == {a.member_id, b.member_id}
    assert details.linked_by == ["R1"]
    async with hub.database.transaction() as session:
        told = list(await session.execute(text("select channel, type, data from outbox order by id")))
    assert {(r.channel, r.data["member_id"]) for r in told} == {
        ("alpha", str(a.member_id)),
        ("beta", str(b.member_id)),
    }
    assert {r.type for r in told} == {"lookup.recorded.v1"}
    assert told[0].data["staff_office"] == "市妇联办公室"


async def test_a_lookup_belongs_to_one_person_and_ends(town: Hub) -> None:
    found = await look(town, "王小明")
    async with town.database.transaction() as session:
        with pytest.raises(NotFound):
            await service.result(town.kit, session, staff("别人"), found.lookup_id, Narrow())
        older = {"query": town.kit.cipher.encrypt("{}", "lookup_session.query")}  # of an earlier version
        await session.execute(text("update lookup_session set query = :query"), older)
        with pytest.raises(NotFound):
            await service.result(town.kit, session, CLERK, found.lookup_id, Narrow())
        await session.execute(text("update lookup_session set expires_at = now() - interval '1 second'"))
        with pytest.raises(NotFound):
            await service.result(town.kit, session, CLERK, found.lookup_id, Narrow())
        await live.sweep(session)
        assert await session.scalar(text("select count(*) from lookup_session")) == 0
        assert await session.scalar(text("select count(*) from lookup_record")) == 1


async def test_a_page_address_of_another_lookup_is_refused(hub: Hub) -> None:
    await hub.tell("alpha", *[state("张伟") for _ in range(30)])
    one, other = await look(hub, "张伟"), await look(hub, "张伟")
    assert one.next is not None
    async with hub.database.transaction() as session:
        for cursor in (one.next, "nonsense", "!!", one.next[:-4]):
            with pytest.raises(Invalid):
                await service.result(hub.kit, session, CLERK, other.lookup_id, Narrow(), cursor)


async def test_numbers_need_an_organisation_that_answers(town: Hub) -> None:
    with pytest.raises(Unavailable, match="暂时不能按号码查询"):
        await look(town, "12000000003")


async def test_a_changed_person_is_found_by_the_new_name_at_once(town: Hub) -> None:
    person = state("钱多多")
    await town.tell("alpha", person)
    await town.tell("alpha", changed(person, name="钱少少"))
    assert await names(town, "钱多多") == []
    assert await names(town, "qianshaoshao") == ["钱少少"]


async def test_a_membership_that_waits_leads_before_a_contact(hub: Hub) -> None:
    for code, letter in (("alpha", "甲"), ("beta", "乙")):
        await hub.tell(code, announced(code, letter))
    number = "519901200506150028"
    await hub.tell("alpha", state("缪涵敏", identity=number, standing_title="有联系", counted=False))
    waits = state("缪涵敏", identity=number, standing="pending", standing_title="待核对")
    await hub.tell("beta", waits)
    (row,) = (await look(hub, "缪涵敏")).rows
    assert (row.standing, row.standing_title) == ("pending", "待核对")
