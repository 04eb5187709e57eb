"""What every organisation's roll does: admit, change, never the same person twice; history and events."""

import asyncio
from datetime import date
from uuid import uuid4

import pytest
from sqlalchemy import func, select

from shared.kit.errors import Refused
from shared.org.kit import OrgKit
from shared.org.members import admit_many, change, change_many, difference, find_same, leave_many, read_entry
from shared.org.members.models import Member, MemberChange, MemberKey
from tests.org.people import (
    CLERK,
    admit,
    consented,
    history,
    identity_number,
    person,
    phone_number,
    told,
    tree,
)


async def test_admission_stores_ciphers_and_tells_masks(org: OrgKit) -> None:
    number, phone = identity_number(), phone_number()
    async with org.kit.database.transaction() as session:
        _, unit, _ = await tree(session, org)
        member = await consented(session, org, unit, identity=number, phone=phone)
    async with org.kit.database.transaction() as session:
        stored = await session.get_one(Member, member.id)
        assert number.encode() not in (stored.identity_cipher or b"")
        assert stored.identity_last4 == number[-4:]
        assert (stored.birth, stored.sex) == (date(2005, 6, 15), "f")
        ((type_, data),) = await told(session, member.id)
        assert type_ == "member.admitted.v1"
        assert (data["version"], data["standing"], data["birth_year"]) == (1, "active", 2005)
        assert number not in str(data)
        assert phone not in str(data)
        assert data["tokens"]["name_birth_phone"] == str(
            org.tokens.name_birth_phone("单文慧", date(2005, 6, 15), phone)
        )
        assert data["unit_names"] == [org.name, "柳江单位"]
        keys = {(kind, key) for kind, key in await session.execute(select(MemberKey.kind, MemberKey.key))}
        assert {("p", "shanwenhui"), ("p", "danwenhui"), ("i", "swh"), ("n", "单文慧")} <= keys
        assert await history(session, member.id) == ["admitted"]


async def test_change_is_told_with_the_next_version_and_remembered_masked(org: OrgKit) -> None:
    async with org.kit.database.transaction() as session:
        _, unit, _ = await tree(session, org)
        member = await consented(session, org, unit, phone="12000000101")
        entry = read_entry(
            org, {"name": "单文惠", "kind": org.policy.kinds[0].code, "phone": "12000000202"}, unit.id
        )
        await change(session, org, member, entry, CLERK, version=1, reason="本人来电")
    async with org.kit.database.transaction() as session:
        events = await told(session, member.id)
        assert [(t, d["version"]) for t, d in events] == [("member.admitted.v1", 1), ("member.changed.v1", 2)]
        assert events[-1][1]["former_names"] == ["单文慧"]
        noted = (await session.scalars(select(MemberChange).where(MemberChange.fact == "changed"))).one()
        assert noted.detail["fields"] == [
            {"title": "姓名", "old": "单文慧", "new": "单文惠"},
            {"title": "手机号码", "old": "120****0101", "new": "120****0202"},
        ]
        assert (noted.actor, noted.reason) == ("沈若溪", "本人来电")
        stored = await session.get_one(Member, member.id)
        assert stored.identity_last4 is not None, "an empty field keeps its value"


async def test_nothing_different_is_no_change(org: OrgKit) -> None:
    raw = person(org)
    async with org.kit.database.transaction() as session:
        _, unit, _ = await tree(session, org)
        member = await admit(session, org, unit, **raw)
        entry = read_entry(org, raw, unit.id)
        assert difference(org, member, {}, entry) == []
        assert await change_many(session, org, [(member, entry)], CLERK) == []
        assert member.version == 1


async def test_clearing_must_be_said(org: OrgKit) -> None:
    async with org.kit.database.transaction() as session:
        _, unit, _ = await tree(session, org)
        member = await admit(session, org, unit, post="组长")
        entry = read_entry(org, {"name": "单文慧", "kind": org.policy.kinds[0].code}, unit.id)
        await change(session, org, member, entry, CLERK, version=1, clear=frozenset({"post", "phone"}))
        assert (member.post, member.phone_cipher, member.phone_token) == (None, None, None)
        assert member.identity_token is not None


async def test_the_same_person_cannot_stand_twice_in_one_place(org: OrgKit) -> None:
    number = identity_number()
    async with org.kit.database.transaction() as session:
        _, unit, _ = await tree(session, org)
        await admit(session, org, unit, identity=number)
        with pytest.raises(Refused, match="此人已在"):
            await admit(session, org, unit, identity=number)
        entry = read_entry(org, person(org), unit.id)
        with pytest.raises(Refused, match="两次"):
            await admit_many(session, org, [(entry, None), (entry, None)], CLERK)


async def test_two_clerks_at_once_admit_one(org: OrgKit) -> None:
    number = identity_number()
    async with org.kit.database.transaction() as session:
        _, unit, _ = await tree(session, org)

    async def one() -> str:
        try:
            async with org.kit.database.transaction() as session:
                await admit(session, org, unit, identity=number)
        except Refused:
            return "refused"
        return "admitted"

    results = await asyncio.gather(*(one() for _ in range(5)))
    assert sorted(results) == ["admitted"] + ["refused"] * 4
    async with org.kit.database.transaction() as session:
        assert await session.scalar(select(func.count()).select_from(Member)) == 1


async def test_the_slower_of_two_editors_is_told(org: OrgKit) -> None:
    async with org.kit.database.transaction() as session:
        _, unit, _ = await tree(session, org)
        member = await admit(session, org, unit)

    async def edit(post: str) -> str:
        async with org.kit.database.transaction() as session:
            mine = await session.get_one(Member, member.id)
            entry = read_entry(org, {"name": "单文慧", "kind": mine.kind, "post": post}, unit.id)
            try:
                await change(session, org, mine, entry, CLERK, version=1)
            except Refused as refused:
                return f"refused: now {refused.extra['version']}"
            return "changed"

    assert sorted(await asyncio.gather(edit("组长"), edit("副组长"))) == ["changed", "refused: now 2"]


async def test_a_card_number_is_used_once(org: OrgKit) -> None:
    async with org.kit.database.transaction() as session:
        _, unit, _ = await tree(session, org)
        first = await admit(session, org, unit, card_no="5199-0001-0001")
        with pytest.raises(Refused) as refused:
            await admit(session, org, unit, card_no="519900010001")
        assert "card_no" in refused.value.fields
        await leave_many(session, org, [first], date(2026, 1, 1), "调离", CLERK)
        again = await admit(session, org, unit, card_no="519900010001")
        assert again.card_no == "519900010001"


async def test_finding_the_same_person(org: OrgKit) -> None:
    number, phone = identity_number(), phone_number()
    async with org.kit.database.transaction() as session:
        _, one, two = await tree(session, org)
        member = await admit(session, org, one, identity=number, phone=phone)
        without = await admit(
            session, org, one, name="何静怡", identity="", birth="2004-02-29", phone="12000000333"
        )
        kind = org.policy.kinds[0].title
        asked = [
            {"name": "单文慧", "identity": number, "kind": kind},
            {"name": "單文慧", "birth": "2005-6-15", "phone": phone, "kind": kind},
            {"name": "何静怡", "birth": "2004-02-29", "kind": kind},
            {"name": "何静怡", "birth": "2004-02-29", "phone": "12000000444", "kind": kind},
            {"name": "何静怡", "kind": kind},
            {
                "name": "单文慧",
                "identity": identity_number(),
                "birth": "2005-06-15",
                "phone": phone,
                "kind": kind,
            },
        ]
        found = await find_same(session, org, [read_entry(org, raw, one.id) for raw in asked])
        assert [(m.member.id, m.why) if m else None for m in found] == [
            (member.id, "identity"),
            (member.id, "name+birth+phone"),
            (without.id, "name+birth+unit"),
            None,
            None,
            None,
        ]
        (elsewhere,) = await find_same(session, org, [read_entry(org, asked[2], two.id)])
        assert elsewhere is None


async def test_given_ids_are_kept(org: OrgKit) -> None:
    given = uuid4()
    async with org.kit.database.transaction() as session:
        _, unit, _ = await tree(session, org)
        pairs = [(read_entry(org, person(org), unit.id), i) for i in (None, given, None)]
        ids = await admit_many(session, org, pairs, CLERK)
        assert ids[1] == given
        assert len(set(ids)) == 3
