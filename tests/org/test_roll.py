"""What every organisation's roll does: admit, change, move, leave, restore; history and events."""

import asyncio
from datetime import date
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select

from shared.kit.errors import Invalid, NotFound, Refused
from shared.org.kit import OrgKit
from shared.org.members import (
    admit_many,
    change,
    change_many,
    difference,
    find_same,
    leave_many,
    move_many,
    read_entry,
    set_consent,
    step_many,
)
from shared.org.members.models import Member, MemberChange, MemberKey
from tests.org.people import CLERK, admit, identity_number, person, phone_number, told, tree


async def history(session: object, member_id: UUID) -> list[str]:
    query = select(MemberChange.fact).where(MemberChange.member_id == member_id).order_by(MemberChange.id)
    return list(await session.scalars(query))  # type: ignore[attr-defined]


async def consented(session: object, org: OrgKit, unit: object, **given: object) -> Member:
    """Somebody who agreed, so that every kind is shared."""
    return await admit(session, org, unit, consent="同意", **given)  # type: ignore[arg-type]


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


async def test_leaving_stays_as_history_and_can_be_undone(org: OrgKit) -> None:
    async with org.kit.database.transaction() as session:
        _, unit, _ = await tree(session, org)
        member = await consented(session, org, unit)
        await leave_many(session, org, [member], date(2026, 3, 1), org.policy.leave_reasons[0], CLERK)
    async with org.kit.database.transaction() as session:
        member = await session.get_one(Member, member.id)
        with pytest.raises(Refused):
            await leave_many(session, org, [member], date(2026, 3, 2), "再次", CLERK)
        await step_many(session, org, [member], "restore", CLERK, "误操作")
    async with org.kit.database.transaction() as session:
        member = await session.get_one(Member, member.id)
        assert (member.standing, member.left_on, member.left_reason) == ("active", None, None)
        events = await told(session, member.id)
        assert [(t, d["version"], d["standing"]) for t, d in events] == [
            ("member.admitted.v1", 1, "active"),
            ("member.left.v1", 2, "left"),
            ("member.changed.v1", 3, "active"),
        ]
        assert events[1][1]["left_on"] == "2026-03-01"
        assert await history(session, member.id) == ["admitted", "left", "restored"]


@pytest.mark.parametrize(
    ("left_on", "reason", "field"),
    [
        (date(2999, 1, 1), "调离", "left_on"),
        (date(2024, 10, 7), "调离", "left_on"),
        (date(2026, 1, 1), " ", "reason"),
    ],
)
async def test_leaving_needs_a_sound_day_and_a_reason(
    org: OrgKit, left_on: date, reason: str, field: str
) -> None:
    async with org.kit.database.transaction() as session:
        _, unit, _ = await tree(session, org)
        member = await admit(session, org, unit)
        with pytest.raises(Invalid) as refused:
            await leave_many(session, org, [member], left_on, reason, CLERK)
        assert field in refused.value.fields


async def test_moving_follows_the_unit(org: OrgKit) -> None:
    async with org.kit.database.transaction() as session:
        _, one, two = await tree(session, org)
        member = await consented(session, org, one)
        await move_many(session, org, [member], two.id, CLERK, "岗位调整")
        assert (member.unit_id, member.unit_path) == (two.id, two.path)
        assert (await told(session, member.id))[-1][1]["unit_names"] == [org.name, "桂溪单位"]
        assert await history(session, member.id) == ["admitted", "moved"]


async def test_units_outside_the_scope_do_not_exist(org: OrgKit) -> None:
    async with org.kit.database.transaction() as session:
        _, one, two = await tree(session, org)
        entry = read_entry(org, person(org), two.id)
        with pytest.raises(NotFound):
            await admit_many(session, org, [(entry, None)], CLERK, scope=one.path)
        member = await admit(session, org, one)
        with pytest.raises(NotFound):
            await move_many(session, org, [member], two.id, CLERK, scope=one.path)


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


async def test_consent_withdrawn_leaves_a_tombstone(org: OrgKit) -> None:
    async with org.kit.database.transaction() as session:
        _, unit, _ = await tree(session, org)
        member = await consented(session, org, unit)
        await set_consent(session, org, member, False, CLERK)
        await leave_many(session, org, [member], date(2026, 1, 1), "调离", CLERK)
        await step_many(session, org, [member], "restore", CLERK)
        await set_consent(session, org, member, True, CLERK)
        events = [(t, d["version"]) for t, d in await told(session, member.id)]
        assert events == [
            ("member.admitted.v1", 1),
            ("member.withdrawn.v1", 2),
            ("member.admitted.v1", 5),
        ], "nothing is told between a refusal and a new agreement"
        assert await history(session, member.id) == ["admitted", "withdrawn", "left", "restored", "consented"]


async def test_every_kind_is_shared_as_its_consent_says(org: OrgKit) -> None:
    async with org.kit.database.transaction() as session:
        _, unit, _ = await tree(session, org)
        for kind in org.policy.kinds:
            for consent in (None, True, False):
                raw = person(org, kind=kind.title, consent=consent)
                (member_id,) = await admit_many(session, org, [(read_entry(org, raw, unit.id), None)], CLERK)
                expected = consent is True if kind.needs_consent else consent is not False
                events = await told(session, member_id)
                assert bool(events) is expected, (kind, consent)
                assert all(d["counted"] is kind.counted for _, d in events)


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
