"""What the columns page shows, and the way back to it."""

import pytest

from shared.org.imports.aliases import Titles
from shared.org.imports.columns import recognise
from tests.org.imports_tools import HEAD, csv_file, line, unit_name, upload
from tests.org.people import phone_number
from tests.org.pool import Orgs
from tests.org.web import org_world


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("51990119910304177X", "**************177X"),
        ("51990119910304177x", "**************177x"),
        ("519901199103041777", "**************1777"),
        ("5199 0119 9103 0417 7X", "**** **** **** **1"),
        ("5199.0119.9103.0417.7X", "****.****.****.**1"),
        ("138 0000 1234", "*** **** 1234"),
        ("2024-10-08", "2024-10-08"),
    ],
)
async def test_a_sample_shows_no_more_than_the_last_four(orgs: Orgs, written: str, shown: str) -> None:
    org = await orgs.empty("union")
    rows = [(1, ["姓名", "证件号码", "所在单位", "51990119910304177X"]), (2, ["单文慧", written, "锦城"])]
    table = recognise(0, "", [(n, list(cells)) for n, cells in rows], Titles(org), {})
    assert table.samples[1] == [shown]
    assert table.titles[3] == "**************177X"
    await org.kit.database.close()


TWICE = "姓名,姓名,手机号,手机号,,联系电话,所在组织,备注"


async def test_columns_that_are_not_imported_are_named_with_the_reason(orgs: Orgs) -> None:
    org = await orgs.empty("union")
    row = f"单文慧,单文惠,{phone_number()},{phone_number()},x,,{org.name}/{unit_name(org)},无"
    batch = await upload(org, "名册.csv", csv_file(TWICE, row))
    said = (
        "“姓名”：第2列，与第1列标题相同，只导入一列；“手机号”：第4列，与第3列标题相同，只导入一列；"
        "第5列：没有标题；“联系电话”：“手机号码”已取自第3列；“备注”：名册没有这一项"
    )
    async with org_world(org) as world:
        browser = await world.signed_in("clerk")
        assert said in (await browser.get(f"/imports/{batch.id}")).text
        await browser.post(f"/imports/{batch.id}/back")
        assert said in (await browser.get(f"/imports/{batch.id}")).text
    await org.kit.database.close()


async def test_a_step_that_was_overtaken_leads_back_to_the_import(orgs: Orgs) -> None:
    org = await orgs.empty("union")
    batch = await upload(org, "名册.csv", csv_file(HEAD, line(org)))
    async with org_world(org) as world:
        browser = await world.signed_in("clerk")
        await browser.post(f"/imports/{batch.id}/cancel")
        overtaken = await browser.post(f"/imports/{batch.id}/confirm", {"version": "1"})
        assert overtaken.status_code == 409
        assert "这次导入已经到了别的步骤" in overtaken.text
        assert f'href="/imports/{batch.id}"' in overtaken.text
    await org.kit.database.close()
