"""The suite's next version, planted: a payload that grew, a new kind of event with its reader, tables that grew."""

import shutil
from pathlib import Path

from deploy.local.packages import ROOT

GROWN = "by the next version"
KIND = "unit.praised.v1"
CONTRACT = f'''"""A kind of event of the next version."""

from shared.contracts.event import Event, event


@event("{KIND}", owner="organisation", title="单位表扬", says="有一个组织受到表扬")
class UnitPraised(Event):
    """An organisation was praised."""

    code: str
'''
MIGRATION = """import sqlalchemy as sa
from alembic import op

revision = 'kit_9999'
down_revision = {last!r}
branch_labels = depends_on = None


def upgrade():
    op.create_table('planted_praise', sa.Column('code', sa.Text(), primary_key=True))
    for table in ('outbox', 'event_log', 'quarantine'):
        op.add_column(table, sa.Column('planted', sa.Text()))
    op.add_column('staff_account', sa.Column('planted', sa.Text(), server_default='', nullable=False))
    op.create_index('ix_outbox_planted', 'outbox', ['planted'])
"""
READER = """Projection((UnitPraised,), praised),
            Projection((UnitChanged,), units),"""
PRAISED = """    async def praised(session: AsyncSession, events: Sequence[Received]) -> None:
        for received in events:
            code = received.event.code
            await session.execute(
                text("insert into planted_praise values (:code) on conflict do nothing"), {"code": code}
            )

    async def ask("""
IMPORT = "from shared.contracts.praises import UnitPraised\n"
EDITS = {
    "shared/contracts/members.py": [
        (
            "    left_on: date | None = None\n",
            f'    left_on: date | None = None\n    grown: str = "{GROWN}"\n',
        )
    ],
    "shared/contracts/digests.py": [("FORM = 1\n", "FORM = 2\n")],
    "shared/org/identity/module.py": [
        ("from shared.kit.audit import System\n", f"from shared.kit.audit import System\n{IMPORT}"),
        ("publishes=(OrgAnnounced,)", "publishes=(OrgAnnounced, UnitPraised)"),
        (
            "key=org.profile.code)\n",
            (
                "key=org.profile.code)\n"
                "            emit(session, UnitPraised(code=org.profile.code), key=org.profile.code)\n"
            ),
        ),
    ],
    "services/hub/directory/module.py": [
        ("import asyncio\n", f"import asyncio\nfrom sqlalchemy import text\n{IMPORT}"),
        ("Projection((UnitChanged,), units),", READER),
        ("    async def ask(", PRAISED),
    ],
}


def plant(folder: Path) -> Path:
    """A checkout of the next version in `folder`: the present one and what it adds."""
    for name in ("shared", "services"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "shared/contracts/praises.py").write_text(CONTRACT, encoding="utf-8")
    migrations = folder / "shared/kit/migrations"
    last = max(file.name for file in migrations.glob("kit_*.py"))[: len("kit_0000")]
    (migrations / "kit_9999_planted.py").write_text(MIGRATION.format(last=last), encoding="utf-8")
    for name, edits in EDITS.items():
        file = folder / name
        text = file.read_text(encoding="utf-8")
        for old, new in edits:
            assert text.count(old) == 1, f"{name} has changed: plant {old!r} anew"
            text = text.replace(old, new)
        file.write_text(text, encoding="utf-8")
    return folder
