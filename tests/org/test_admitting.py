"""Taking people on by hand and correcting them: the same person once, nothing refused that was not asked."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from uuid import UUID

import pytest
from sqlalchemy import func, select

from shared.kit.errors import Invalid, NotFound, Refused
from shared.org.kit import OrgKit
from shared.org.members import read_entry
from shared.org.members.admitting import admit_one
from shared.org.members.changing import change_many
from shared.org.members.models import Member
from shared.org.members.service import leave_many, move_many, set_consent, step_many
from shared.org.units import create_unit
from tests.org.people import CLERK, admit, person, phone_number, tree
from tests.org.web import OrgWorld, org_world

BARE = {"identity": None, "birth": "2005-06-15", "sex": "女"}


@pytest.fixture
async def here(org: OrgKit, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[OrgWorld]:
    async with org_world(org) as made:
        yield made


@pytest.mark.parametrize("phone", [None, phone_number()])
async def test_a_form_sent_several_times_at_once_admits_one(org: OrgKit, phone: str | None) -> None:
    """Nobody without a number is kept apart by a constraint; with or without a phone it is one person."""
    async with org.kit.database.transaction() as session:
        _, unit, _ = await tree(session, org)
    entry = read_entry(org, person(org, **BARE, phone=phone), unit.id)

    async def send() -> str:
        try:
            async with org.kit.database.transaction() as session:
                await admit_one(session, org, entry, CLERK)
        except Refused as refused:
            return refused.title
        return "admitted"

    said = await asyncio.gather(*(send() for _ in range(4)))
    assert said.count("admitted") == 1
    assert all("都相同的人已在" in text for text in said if text != "admitted")
    async with org.kit.database.transaction() as session:
        assert await session.scalar(select(func.count()).select_from(Member)) == 1


async def test_two_people_of_one_name_are_told_apart_by_a_number(org: OrgKit) -> None:
    async with org.kit.database.transaction() as session:
        _, unit, _ = await tree(session, org)
        for phone in (phone_number(), phone_number()):
            await admit_one(session, org, read_entry(org, person(org, **BARE, phone=phone), unit.id), CLERK)
        with pytest.raises(Refused) as told:
            await admit_one(session, org, read_entry(org, person(org, **BARE, phone=None), unit.id), CLERK)
    assert "填写证件号码或手机号码" in told.value.hint


@pytest.mark.parametrize("act", ["leave", "move", "retain", "consent", "change"])
async def test_who_went_elsewhere_while_the_lock_was_waited_for_is_unknown(org: OrgKit, act: str) -> None:
    async with org.kit.database.transaction() as session:
        _, one, two = await tree(session, org)
        held = await admit(session, org, one)
    began, moved = asyncio.Event(), asyncio.Event()

    async def mover() -> None:
        async with org.kit.database.transaction() as session:
            await move_many(session, org, [held], two.id, CLERK)
            began.set()
            await moved.wait()

    async def clerk() -> None:
        async with org.kit.database.transaction() as session:
            mine = await session.get_one(Member, held.id)
            scope, day = one.path, held.changed_at.date()
            entry = read_entry(org, person(org), one.id)
            work: dict[str, Callable[[], Awaitable[object]]] = {
                "leave": lambda: leave_many(session, org, [mine], day, "调离", CLERK, scope=scope),
                "move": lambda: move_many(session, org, [mine], one.id, CLERK, scope=scope),
                "retain": lambda: step_many(session, org, [mine], "retain", CLERK, scope=scope),
                "consent": lambda: set_consent(session, org, mine, False, CLERK, scope=scope),
                "change": lambda: change_many(session, org, [(mine, entry)], CLERK, scope=scope),
            }
            began_work = asyncio.ensure_future(work[act]())
            await asyncio.sleep(0.2)
            moved.set()
            await began_work

    moving = asyncio.ensure_future(mover())
    await began.wait()
    with pytest.raises(NotFound):
        await clerk()
    await moving
    async with org.kit.database.transaction() as session:
        after = await session.get_one(Member, held.id)
        assert (after.unit_id, after.standing, after.version) == (two.id, "active", held.version + 1)


async def test_a_doubted_entry_holds_up_no_other_correction(org: OrgKit) -> None:
    """Who joined too young by the roll stays to be checked; their own facts can be corrected."""
    own = next(f for f in org.policy.own_fields if f.kind == "text" and "_no" not in f.code)
    async with org.kit.database.transaction() as session:
        _, unit, _ = await tree(session, org)
        held = await admit(session, org, unit)
        held.joined_on = held.birth
        await session.flush()
        raw = {"name": held.name, own.code: "后来补的"}
        entry = read_entry(org, raw | {"kind": held.kind}, unit.id)
        (changed,) = await change_many(session, org, [(held, entry)], CLERK)
        assert changed.version == 2


async def test_many_are_found_in_order_at_once(here: OrgWorld) -> None:
    async with here.org.kit.database.transaction() as session:
        people = [await admit(session, here.org, here.one) for _ in range(3)]
        for member in people[:2]:
            member.standing = "pending"
    browser = await here.signed_in("clerk")
    page = (await browser.get("/members?standing=pending")).text
    assert 'value="resume"' in page
    assert 'value="resume"' not in (await browser.get("/members")).text
    ids = [str(m.id) for m in people[:2]]
    asked = await browser.post("/members/bulk", {"ids": ids, "do": "resume"})
    assert "核对无误" in asked.text
    refused = await browser.post("/members/bulk/resume", {"ids": [*ids, str(people[2].id)]})
    assert refused.status_code == 409
    done = await browser.post("/members/bulk/resume", {"ids": ids, "reason": "电话核实"})
    assert done.status_code == 303
    file = (await browser.get(f"/members/{ids[0]}")).text
    assert "核对无误。" in file
    assert await standings(here.org) == {"active": 3}


async def standings(org: OrgKit) -> dict[str, int]:
    async with org.kit.database.transaction() as session:
        found = await session.execute(select(Member.standing, func.count()).group_by(Member.standing))
        return {row[0]: row[1] for row in found}


async def test_no_emoji_in_names(org: OrgKit) -> None:
    with pytest.raises(Invalid) as told:
        read_entry(org, person(org, name="缪😀敏"), UUID(int=1))
    assert "符号" in told.value.fields["name"]
    async with org.kit.database.transaction() as session:
        top, _, _ = await tree(session, org)
        kind = org.profile.kind(org.profile.top_kind).children[0]
        with pytest.raises(Invalid, match="表情"):
            await create_unit(session, org, parent_id=top.id, name="柳江😀单位", kind=kind, actor=CLERK)


async def test_a_range_the_wrong_way_round_is_turned(here: OrgWorld) -> None:
    async with here.org.kit.database.transaction() as session:
        await admit(session, here.org, here.one)
    browser = await here.signed_in("viewer")
    assert "<b>单文慧</b>" in (await browser.get("/members?age_from=40&age_to=18")).text


async def test_nobody_joins_before_being_born_nor_begins_in_the_future(org: OrgKit) -> None:
    early = person(org, birth="2005-06-15", joined_on="2001-05-04")
    async with org.kit.database.transaction() as session:
        _, unit, _ = await tree(session, org)
        with pytest.raises(Invalid) as told:
            await admit_one(session, org, read_entry(org, early, unit.id), CLERK)
        assert "早于出生日期" in told.value.fields["joined_on"]
        held = await admit(session, org, unit, joined_on="2024-10-08")
        entry = read_entry(org, early | {"identity": None}, unit.id)
        with pytest.raises(Invalid) as told:
            await change_many(session, org, [(held, entry)], CLERK)
        assert "早于出生日期" in told.value.fields["joined_on"]
    for own in org.policy.own_fields:
        if own.past:
            with pytest.raises(Invalid) as told:
                read_entry(org, person(org, **{own.code: "2099-01-01"}), UUID(int=1))
            assert told.value.fields == {own.code: "不能晚于今天。"}


async def test_a_form_tells_everything_that_is_wrong_at_once(here: OrgWorld) -> None:
    browser = await here.signed_in("clerk")
    kind = here.org.policy.kinds[0].code
    page = await browser.post("/members/new", {"kind": kind, "name": "", "phone": "123"})
    assert page.status_code == 422
    for field in ("unit_q", "name", "phone"):
        assert f'href="#f-{field}"' in page.text
