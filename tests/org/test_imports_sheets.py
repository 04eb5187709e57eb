"""A roster in several sheets: columns counted once, lines to be mended in their own sheets only."""

import pytest

from shared.org.imports.errors_file import errors_file
from shared.org.imports.showing import batch_context
from shared.org.kit import OrgKit
from tests.org.imports_files.workbooks import workbook
from tests.org.imports_site import Site
from tests.org.imports_tools import HEAD, again, line, read, upload


async def test_sheets_share_their_columns_and_only_those_with_refused_lines_come_back(org: OrgKit) -> None:
    def sheet(*lines: str) -> list[list[str]]:
        return [row.split(",") for row in (HEAD, *lines)]

    good, bad = line(org), line(org, "")
    data = workbook({"甲": sheet(good), "乙": sheet(bad, line(org)), "丙": sheet(line(org))})
    batch = await upload(org, "名册.xlsx", data)
    assert (batch.status, batch.sums["refused"]) == ("ready", 1)
    async with org.kit.database.transaction() as session:
        shown = await batch_context(session, org, await again(org, batch.id), "", "")
        made = await errors_file(session, org, batch)
    assert (shown["sheets"], shown["mapped"], shown["unmapped"]) == (3, 6, 0)
    told = await read(made.content.read())
    assert [m["sheet"] for m in told if isinstance(m, dict) and "sheet" in m] == ["乙"]


@pytest.mark.parametrize("head", [HEAD, HEAD.replace("姓名", "甲栏")])
async def test_a_hidden_sheet_is_named_before_the_check_and_with_it(head: str, site: Site) -> None:
    seen, hidden = ([row.split(",") for row in (top, line(site.org))] for top in (head, HEAD))
    await site.sign_in("clerk")
    at = await site.upload("名册.xlsx", workbook({"在册": seen, "底册": hidden}, hidden=["底册"]))
    page = (await site.page(at)).text
    assert ("按此核对" in page) == (head != HEAD)
    assert page.count("底册") == 1
    assert "隐藏的工作表没有读入：底册" in page
    (told,) = (await site.client.get("/api/v1/imports")).json()["items"]
    assert [(t["name"], t["hidden"], t["rows"]) for t in told["tables"]] == [
        ("在册", False, 2),
        ("底册", True, 0),
    ]
