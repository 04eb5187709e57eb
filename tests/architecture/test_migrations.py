"""Migrations lead exactly to the tables of the models, in every service, and leave the version before at work."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine

from deploy.local.packages import ROOT, discover
from deploy.services import blank_settings, build
from tests.architecture.expand_only import narrowing
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


def test_no_migration_breaks_the_version_before_it() -> None:
    files = [*ROOT.glob("shared/*/migrations/*.py"), *ROOT.glob("services/*/migrations/*.py")]
    assert len(files) > 10
    assert {f.name: found for f in files if (found := narrowing(f.read_text(encoding="utf-8")))} == {}


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ("op.drop_table('t')", "drop_table"),
        ("op.drop_column('t', 'c')", "drop_column"),
        ("op.alter_column('t', 'c', new_column_name='d')", "alter_column"),
        ("op.alter_column('t', 'c', nullable=False)", "alter_column"),
        ("op.add_column('t', sa.Column('c', sa.Text(), nullable=False))", "no server default"),
        ("op.create_index('i', 't', ['c'], unique=True)", "unique"),
        ("op.create_check_constraint('k', 't', 'c > 0')", "create_check_constraint"),
        ("op.execute(sa.text('alter table t drop column c'))", "drop column"),
        ("op.execute(SAID)", "ALTER COLUMN c TYPE"),
    ],
)
def test_a_step_that_would_is_found_on_the_way_up_only(step: str, said: str) -> None:
    said_elsewhere = "SAID = 'ALTER TABLE t ALTER COLUMN c TYPE bigint'\n"
    [found] = narrowing(f"{said_elsewhere}def upgrade():\n    _do()\n\ndef _do():\n    {step}\n")
    assert said in found
    assert narrowing(f"{said_elsewhere}def downgrade():\n    {step}\n") == []


def test_steps_that_widen_are_free() -> None:
    steps = (
        "op.create_table('t', sa.Column('c', sa.Text(), nullable=False))",
        "op.create_index('i', 't', ['c'], unique=True)",
        "op.add_column('old', sa.Column('c', sa.Text()))",
        "op.add_column('old', sa.Column('d', sa.Text(), server_default='', nullable=False))",
        "op.create_index('j', 'old', ['c'])",
    )
    assert narrowing("def upgrade():\n" + "".join(f"    {step}\n" for step in steps)) == []
