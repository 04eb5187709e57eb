"""The migrations lead exactly to the tables of the models, in every service; what autogenerate cannot see is asked."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine

from deploy.local.packages import discover
from deploy.services import blank_settings, build
from tests.fixtures.databases import FreshDatabases

CODES = [package.code for package in discover()]


@pytest.mark.parametrize("code", CODES)
async def test_no_drift(databases: FreshDatabases, code: str) -> None:
    urls = await databases.fresh(code)
    metadata = list(build(blank_settings(code)).metadata)

    def differences(connection: Connection) -> list[object]:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "target_metadata": metadata}
        )
        return list(compare_metadata(context, metadata))  # type: ignore[arg-type]  # alembic takes several

    engine = create_async_engine(urls.owner)
    async with engine.connect() as connection:
        assert await connection.run_sync(differences) == []
    await engine.dispose()


@pytest.mark.parametrize("code", CODES)
async def test_the_audit_log_is_written_once(databases: FreshDatabases, code: str) -> None:
    urls = await databases.fresh(code)
    engine = create_async_engine(urls.app)
    async with engine.connect() as connection:
        rights = {
            right: await connection.scalar(
                text("SELECT has_table_privilege('audit_entry', :right)"), {"right": right}
            )
            for right in ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE")
        }
    await engine.dispose()
    assert rights == {"SELECT": True, "INSERT": True, "UPDATE": False, "DELETE": False, "TRUNCATE": False}
