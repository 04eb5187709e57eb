"""A card is found by what pages show of its number, and by the index of its end."""

from typing import Any

import pytest
from sqlalchemy import select, text

from shared.org.kit import OrgKit
from shared.org.members.models import Member
from shared.org.members.search import found_by
from tests.org.people import admit, tree

BOTH = {"单文慧", "何静怡"}
_MANY = text(
    """
    insert into member (version, unit_id, unit_path, kind, standing, name, name_key, name_py, former_names, shared,
      card_no, phone_last4, identity_last4)
    select 1, unit_id, unit_path, kind, standing, name, name_key, name_py, former_names, false,
      '5198' || lpad(n::text, 8, '0'), lpad((n % 9973)::text, 4, '0'), lpad((n % 9967)::text, 4, '0')
    from member, generate_series(1, 20000) n
    """
)


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("1015", BOTH), ("**** 1015", BOTH), ("＊＊＊＊　１０１５", BOTH), ("单1015", {"单文慧"}), ("1015 何", {"何静怡"}),
        ("5199 **** 1015", {"单文慧"}), ("5199****1015", {"单文慧"}), ("gh20 * * * * 1015", {"何静怡"}),
        ("5101 **** 1015", set()), ("02a7", {"曾晓雯"}), ("**** 02A7", {"曾晓雯"}), ("5199 **** 02a7", {"曾晓雯"}),
        ("120****1015", set()), ("0101", set()),
    ],
)  # fmt: skip
async def test_a_card_is_found_by_what_is_shown_of_it(org: OrgKit, typed: str, found: set[str]) -> None:
    cards = {"单文慧": "519900001015", "何静怡": "GH2000001015", "曾晓雯": "5199000002A7"}
    async with org.kit.database.transaction() as session:
        _, one, _ = await tree(session, org)
        for name, card_no in cards.items():
            await admit(session, org, one, name=name, card_no=card_no, phone="12000000888")
        assert set(await session.scalars(select(Member.name).where(found_by(org, typed)))) == found


def indexes(node: dict[str, Any]) -> set[str]:
    """Names of the indexes a plan looks into."""
    own = {node["Index Name"]} if "Index Name" in node else set()
    return own.union(*map(indexes, node.get("Plans", ())))


@pytest.mark.parametrize("org", ["union"], indirect=True)
async def test_the_end_of_a_number_is_looked_up_in_its_indexes(org: OrgKit) -> None:
    async with org.kit.database.transaction() as session:
        _, one, _ = await tree(session, org)
        await admit(session, org, one)
        await session.execute(_MANY)
        await session.execute(text("analyze member"))
        await session.execute(text("set local plan_cache_mode = force_generic_plan"))
        connection = await session.connection()
        for typed, used in (
            ("0473", {"ix_member_phone4", "ix_member_identity4", "ix_member_card4"}),
            ("5198 **** 0473", {"ix_member_phone4", "ix_member_card4"}),
        ):
            query = select(Member.id).where(found_by(org, typed)).compile(dialect=connection.dialect)
            await connection.exec_driver_sql(f"prepare asked as {query}")
            given = ", ".join(f"'{query.params[name]}'" for name in query.positiontup or ())
            explained = await connection.exec_driver_sql(f"explain (format json) execute asked({given})")
            assert indexes(explained.scalar_one()[0]["Plan"]) == used
            await connection.exec_driver_sql("deallocate asked")
