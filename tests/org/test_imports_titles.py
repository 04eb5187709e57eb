"""What the titles of columns mean, for every organisation."""

import pytest

from shared.org.imports.aliases import Titles
from shared.org.imports.columns import Table, recognise
from shared.org.kit import OrgKit


def table_of(org: OrgKit, *titles: str) -> Table:
    return recognise(0, "", [(1, list(titles))], Titles(org), {})


@pytest.mark.parametrize("title", ["单位", "所属单位", "单位名称", "组织", "基层组织", "所属组织"])
async def test_the_only_column_that_can_be_the_unit_needs_no_look(org: OrgKit, title: str) -> None:
    table = table_of(org, "姓名", title, "联系电话", "工作单位")
    assert (table.fields[1], table.sure()) == ("unit", True)


async def test_each_own_kind_of_unit_is_known_as_a_title(org: OrgKit) -> None:
    for ending in org.profile.unit_suffixes:
        for title in (ending, f"所在{ending}", f"所属{ending}", f"{ending}名称"):
            assert table_of(org, "姓名", title).sure(), title


async def test_two_that_can_be_the_unit_are_asked_about(org: OrgKit) -> None:
    table = table_of(org, "姓名", "单位", "组织")
    assert (table.fields.count("unit"), table.sure()) == (1, False)
    told = table_of(org, "姓名", "单位", f"所在{next(iter(org.profile.unit_suffixes))}")
    assert (told.fields[2], told.sure()) == ("unit", True)
