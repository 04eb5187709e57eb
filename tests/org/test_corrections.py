"""A correction is held against the same rules as an admission, and no number gets past the fields for numbers."""

from typing import Any

import pytest
from sqlalchemy import text

from shared.kit.errors import Invalid, Refused
from shared.org.kit import OrgKit
from shared.org.members import change, read_entry
from shared.org.units import create_unit
from tests.org.people import CLERK, admit, identity_number, person, tree

NUMBER = "519901200506150028"


async def corrected(org: OrgKit, before: dict[str, Any], after: dict[str, Any], *clear: str) -> None:
    """Admit somebody, then correct what is given."""
    async with org.kit.database.transaction() as session:
        _, one, _ = await tree(session, org)
        member = await admit(session, org, one, **before)
        raw = {"name": member.name, "kind": before.get("kind", org.policy.kinds[0].title), **after}
        entry = read_entry(org, raw, member.unit_id)
        await change(session, org, member, entry, CLERK, version=member.version, clear=frozenset(clear))


async def test_a_number_is_corrected(org: OrgKit) -> None:
    await corrected(org, {}, {"identity": identity_number()})


async def test_a_number_is_never_emptied(org: OrgKit) -> None:
    with pytest.raises(Invalid, match="不能清空"):
        await corrected(org, {}, {}, "identity")


async def test_nobody_becomes_unknowable(org: OrgKit) -> None:
    known = {"identity": None, "birth": "2005-06-15", "sex": "女"}
    with pytest.raises(Invalid, match="不能确认是谁"):
        await corrected(org, known, {}, "birth")


async def test_the_policy_judges_what_a_correction_makes_of_somebody(org: OrgKit) -> None:
    wrong: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
        "womens": ({"identity": None, "birth": "2005-06-15", "sex": "女"}, {"sex": "男"}),
        "league": ({}, {"development_no": "x"}),
        "union": ({}, {"birth": "2005-06-15"}),
    }
    before, after = wrong[org.profile.code]
    if org.profile.code == "union":  # its rule is about age alone, which a number already fixes
        await corrected(org, before, after)
        return
    with pytest.raises(Refused):
        await corrected(org, before, after)


@pytest.mark.parametrize("name", [f"张{NUMBER}", "张 138 0013 8000", "张(138)0013-8000"])
async def test_names_hold_no_number(org: OrgKit, name: str) -> None:
    async with org.kit.database.transaction() as session:
        top, one, _ = await tree(session, org)
        with pytest.raises(Invalid) as refused:
            read_entry(org, person(org, name=name), one.id)
        assert "不能写证件号或手机号" in refused.value.fields["name"]
        with pytest.raises(Invalid, match="不能写证件号或手机号"):
            await create_unit(session, org, parent_id=top.id, name=name, kind=one.kind, actor=CLERK)


async def test_own_facts_hold_no_number_and_nothing_of_it_is_stored(org: OrgKit) -> None:
    async with org.kit.database.transaction() as session:
        _, one, _ = await tree(session, org)
        for own in org.policy.own_fields:
            if own.kind != "text" or own.numbered:
                continue
            with pytest.raises(Invalid) as refused:
                read_entry(org, person(org, **{own.code: f"某厂 {NUMBER}"}), one.id)
            assert own.code in refused.value.fields
        await admit(session, org, one)
        assert (
            await session.scalar(text("select count(*) from outbox where data::text like '%2005061500%'"))
            == 0
        )
