"""Employment, kinds, retained membership, one union per person."""

from collections.abc import AsyncIterator
from datetime import date
from uuid import uuid4

import pytest
from sqlalchemy import select

from services.union.membership import UnionMembership
from services.union.models import Employment
from shared.kit.errors import Refused
from shared.org.kit import OrgKit
from shared.org.members import change_many, difference, find_same, read_entry, step_many
from shared.org.policy import Entry
from tests.org.people import CLERK, admit, identity_number, person, told, tree
from tests.org.pool import Orgs

POLICY = UnionMembership()


@pytest.fixture
async def union(orgs: Orgs) -> AsyncIterator[OrgKit]:
    made = await orgs.empty("union")
    yield made
    await made.kit.database.close()


@pytest.mark.parametrize(
    ("words", "facts", "kind"),
    [
        ("", {}, "worker"),
        ("", {"new_form": True}, "new_form"),
        ("农民工", {}, "migrant"),
        ("外卖员", {}, "new_form"),
        ("团员", {}, None),
    ],
)
def test_words_for_kinds(words: str, facts: dict[str, object], kind: str | None) -> None:
    assert POLICY.kind_of(words, facts) == kind


def test_nobody_below_the_working_age() -> None:
    young = Entry(name="单文慧", unit_id=uuid4(), kind="worker", birth=date(2010, 11, 24))
    POLICY.check(young, date(2026, 11, 24))
    with pytest.raises(Refused, match="16周岁"):
        POLICY.check(young, date(2026, 11, 23))


async def test_employment_is_kept_in_the_unions_own_table(union: OrgKit) -> None:
    facts = {"employer": "星河电子公司", "contract": "劳务派遣", "employed_on": "2020年4月", "new_form": "否"}
    async with union.kit.database.transaction() as session:
        _, unit, _ = await tree(session, union)
        member = await admit(session, union, unit, **facts)
        stored = (await session.scalars(select(Employment))).one()
        assert (stored.employer, stored.contract, stored.new_form) == ("星河电子公司", "dispatch", False)
        assert stored.employed_on == date(2020, 4, 1)
        entry = read_entry(union, {"name": "单文慧", "employer": "云图设计社"}, unit.id)
        known = (await union.policy.load(session, [member.id]))[member.id]
        (found,) = difference(union, member, known, entry)
        assert (found.title, found.old_masked, found.new_masked) == ("用人单位", "星河电子公司", "云图设计社")
        await change_many(session, union, [(member, entry)], CLERK)
        known = (await union.policy.load(session, [member.id]))[member.id]
        assert (known["employer"], known["contract"]) == ("云图设计社", "dispatch"), (
            "what is not written stays"
        )


async def test_a_kind_that_was_not_written_replaces_none(union: OrgKit) -> None:
    async with union.kit.database.transaction() as session:
        _, unit, _ = await tree(session, union)
        member = await admit(session, union, unit, kind="农民工")
        entry = read_entry(union, {"name": "单文慧"}, unit.id)
        assert difference(union, member, {}, entry) == []


async def test_membership_is_retained_and_taken_up_again(union: OrgKit) -> None:
    number = identity_number()
    async with union.kit.database.transaction() as session:
        _, one, two = await tree(session, union)
        member = await admit(session, union, one, identity=number)
        await step_many(session, union, [member], "retain", CLERK, "退休")
        events = await told(session, member.id)
        assert (events[-1][1]["standing"], events[-1][1]["standing_title"]) == ("retained", "保留会籍")
        with pytest.raises(Refused):
            await admit(session, union, two, identity=number)
        await step_many(session, union, [member], "resume", CLERK)
        assert member.standing == "active"
        with pytest.raises(Refused):
            await step_many(session, union, [member], "resume", CLERK)


async def test_a_person_is_found_in_another_union(union: OrgKit) -> None:
    number = identity_number()
    async with union.kit.database.transaction() as session:
        _, one, two = await tree(session, union)
        member = await admit(session, union, one, identity=number)
        (match,) = await find_same(
            session, union, [read_entry(union, person(union, identity=number), two.id)]
        )
        assert match is not None
        assert (match.member.id, match.why) == (member.id, "identity")
