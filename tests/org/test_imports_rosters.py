"""The three rosters as offices sent them: who comes in, who does not and why; nothing changes the second time."""

import re
from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import func, select

from shared.org.imports.models import ImportBatch
from shared.org.kit import OrgKit
from shared.org.members import Member
from shared.org.units import Unit
from tests.org.imports_tools import confirm, on_roll, rows, upload
from tests.org.pool import Orgs

ROSTERS = Path(__file__).parents[1] / "rosters"
MISTYPED = "身份证号码校验码不符，有数字写错"


async def reasons_of(org: OrgKit, batch: ImportBatch) -> Counter[str]:
    """First reasons, numbers left out."""
    found = await rows(org, batch, "refused")
    return Counter(re.sub(r"\d+", "N", row.troubles[0]["reason"]) for row in found)


async def whole_way(org: OrgKit, name: str) -> tuple[ImportBatch, ImportBatch]:
    """Import, then import again."""
    data = (ROSTERS / name).read_bytes()
    batch = await upload(org, name, data)
    assert batch.status == "ready", batch.problem
    batch = await confirm(org, batch)
    assert (batch.status, batch.sums["failed"]) == ("applied", 0)
    assert batch.sums["written"] == batch.sums["new"] == await on_roll(org)
    second = await upload(org, name, data)
    assert (second.sums["new"], second.sums["changed"]) == (0, 0)
    assert second.sums["same"] == batch.sums["new"]
    return batch, second


@pytest.mark.timeout(240)
async def test_union(orgs: Orgs) -> None:
    org = await orgs.empty("union")
    batch, _ = await whole_way(org, "union-会员花名册.xlsx")
    sums = batch.sums
    assert (sums["rows"], sums["ignored"]) == (4279, 4)
    assert (sums["new"], sums["refused"]) == (4271 - 28, 28 + 4)
    broken = {
        row.row: [t["reason"] for t in row.troubles]
        for row in await rows(org, batch, "refused")
        if row.row > 4274
    }
    assert set(broken) == {4279, 4280, 4281, 4282}
    told = [reason for reasons in broken.values() for reason in reasons]
    for word in (
        "没有这一天",
        "姓名为空",
        "证件号码被表格存成了数字",
        "公式",
        "没有“没有这个工会”这个单位",
        "手机号码应为",
    ):
        assert any(word in reason for reason in told), word
    assert (await reasons_of(org, batch))[MISTYPED] == 28 + 1
    async with org.kit.database.transaction() as session:
        depths = dict((await session.execute(select(Unit.depth, func.count()).group_by(Unit.depth))).all())
        assert depths[0] == 1
        assert depths[1] == 6
        districts = set(await session.scalars(select(Unit.district).where(Unit.depth == 2)))
        assert "锦江区" in districts
    await org.kit.database.close()


@pytest.mark.timeout(240)
async def test_league(orgs: Orgs) -> None:
    org = await orgs.empty("league")
    batch, _ = await whole_way(org, "league-团员名册.csv")
    assert batch.encoding == "gb18030"
    reasons = await reasons_of(org, batch)
    assert reasons[MISTYPED] == 8
    # how many are too young or too old depends on the day
    assert set(reasons) <= {MISTYPED, "未满N周岁", "已满N周岁，请办理离团或登记团内职务"}
    assert (
        batch.sums["new"] + reasons["未满N周岁"] + reasons["已满N周岁，请办理离团或登记团内职务"] == 1345 - 8
    )
    last = (await rows(org, batch, "refused"))[-1]
    assert (last.row, last.name) == (1346, "过龄测试")
    assert "已满28周岁" in last.troubles[0]["reason"]
    await org.kit.database.close()


@pytest.mark.timeout(240)
async def test_womens(orgs: Orgs) -> None:
    org = await orgs.empty("womens")
    batch, _ = await whole_way(org, "womens-执委和联系人名册.xlsx")
    assert (batch.sums["new"], batch.sums["refused"]) == (684 - 3, 3)
    assert (await reasons_of(org, batch))[MISTYPED] == 3
    async with org.kit.database.transaction() as session:
        query = select(Unit.names).where(Unit.depth == 2, Unit.name == "桂溪街道妇女联合会")
        above = {names[1] for names in await session.scalars(query)}
        assert "锦江区妇女联合会" in above
        assert len(above) == 6
        assert (await session.scalar(select(func.count()).where(Member.consent.is_(False))) or 0) > 0
    await org.kit.database.close()
