"""A roll and the refused lines of a roster are written in the service's own folder, and nowhere else."""

import tempfile
from typing import IO

import pytest

from shared.org.imports.errors_file import errors_file
from shared.org.kit import OrgKit
from shared.org.members.export import export
from shared.org.members.listing import Filters, conditions
from tests.org.imports_files.workbooks import workbook
from tests.org.imports_tools import HEAD, clerk, line, upload
from tests.org.people import admit, tree


def nowhere(org: OrgKit, patch: pytest.MonkeyPatch) -> None:
    """Whoever makes a file without saying where fails from now on."""
    org.kit.working.begin()
    patch.setattr(tempfile, "tempdir", "/nowhere/at/all")


def is_alone(org: OrgKit, file: IO[bytes]) -> bool:
    """The file has content and no name, and nothing else is left beside it."""
    with file:
        return (
            file.seek(0, 2) > 0 and isinstance(file.name, int) and not any(org.kit.working.folder.iterdir())
        )


async def test_a_roll(org: OrgKit, monkeypatch: pytest.MonkeyPatch) -> None:
    async with org.kit.database.transaction() as session:
        _, one, _ = await tree(session, org)
        await admit(session, org, one)
        nowhere(org, monkeypatch)
        file = await export(session, org, conditions(Filters(), ""), clerk(), full=False, reason="")
    assert is_alone(org, file)


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
async def test_refused_lines(org: OrgKit, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [HEAD, line(org, identity="1")]
    data = "\n".join(rows).encode() if kind == "csv" else workbook({"名册": [row.split(",") for row in rows]})
    batch = await upload(org, f"名册.{kind}", data)
    nowhere(org, monkeypatch)
    async with org.kit.database.transaction() as session:
        file = await errors_file(session, org, batch)
    assert is_alone(org, file.content)
