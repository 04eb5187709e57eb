"""Leaving the roll, moving on it, agreeing to be told of: what stays as history and what others hear."""

from datetime import date

import pytest

from shared.kit.errors import Invalid, NotFound, Refused
from shared.org.kit import OrgKit
from shared.org.members import admit_many, leave_many, move_many, read_entry, set_consent, step_many
from shared.org.members.models import Member
from tests.org.people import CLERK, admit, consented, history, person, told, tree


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
