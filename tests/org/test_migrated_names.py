"""People who were there before given names were keys are found like those who came after."""

import asyncio

from alembic import command
from sqlalchemy import text

from deploy.local.packages import discover
from shared.kit.migrate import alembic_config
from tests.fixtures.databases import FreshDatabases
from tests.org.people import admit, tree
from tests.org.pool import org_over

NAMES = ("单文慧", "欧阳小明", "欧阳明", "阿依古丽·买买提")
CUT = text(
    "INSERT INTO member_key (member_id, kind, key) SELECT id, 'g', substr(name_key, start)"
    " FROM member, generate_series(2, 3) AS start"
    " WHERE name_key ~ '^[\u3400-\u9fff]{3,4}$' AND length(name_key) > start ON CONFLICT DO NOTHING"
)
"""What org_0006 made."""


async def test_given_names_are_those_the_roll_reads(databases: FreshDatabases) -> None:
    (package,) = (p for p in discover() if p.code == "union")
    urls = await databases.fresh("union")
    org = org_over("union", urls)

    async def given() -> set[tuple[str, str]]:
        query = "SELECT name, key FROM member JOIN member_key ON member_id = member.id WHERE member_key.kind = 'g'"
        async with org.kit.database.transaction() as session:
            return {(name, key) for name, key in await session.execute(text(query))}

    async with org.kit.database.transaction() as session:
        _, one, _ = await tree(session, org)
        for name in NAMES:
            await admit(session, org, one, name=name)
    right = await given()
    assert ("欧阳小明", "小明") in right
    assert ("阿依古丽·买买提", "买买提") in right
    async with org.kit.database.transaction() as session:
        await session.execute(text("DELETE FROM member_key WHERE kind = 'g'"))
        await session.execute(CUT)
    assert await given() != right
    config = alembic_config(urls.owner, package.branches, ())
    await asyncio.to_thread(command.downgrade, config, "org_0009")
    await asyncio.to_thread(command.upgrade, config, "heads")
    assert await given() == right
    await org.kit.database.close()
