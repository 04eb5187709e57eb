"""Which line is the head, which column is what, which unit is meant: guessed, corrected by hand, remembered."""

from sqlalchemy import select

from shared.org.imports import service
from shared.org.imports.models import ImportUnit
from shared.org.kit import OrgKit
from shared.org.members import Member
from shared.org.units import Unit
from tests.org.imports_files.workbooks import workbook
from tests.org.imports_tools import (
    CLERK_1,
    HEAD,
    again,
    confirm,
    csv_file,
    line,
    names,
    rows,
    settle,
    unit_name,
    upload,
)
from tests.org.people import identity_number, phone_number


async def test_title_lines_totals_and_repeated_heads_are_no_people(org: OrgKit) -> None:
    batch = await upload(
        org, "名册.csv",
        csv_file("二〇二六年花名册", "填报日期：2026年11月,,,,,", "", HEAD, line(org), HEAD, line(org, "乐文博"), "合计,2人,,,,", "填表人：沈若溪"),
    )  # fmt: skip
    assert batch.tables[0]["head"] == 4
    assert names(await rows(org, batch, "new")) == ["单文慧", "乐文博"]
    assert batch.sums["refused"] == 0
    assert batch.sums["ignored"] == 6


async def test_a_head_in_two_lines(org: OrgKit) -> None:
    two = [
        ["姓名", "身份信息", "", "联系", "所在组织", "身份", "加入时间"],
        ["", "证件号码", "性别", "手机", "", "", ""],
        ["单文慧", identity_number(), "女", phone_number(), f"{org.name}/{unit_name(org)}", org.policy.kinds[0].title, "2024-10-08"],
    ]  # fmt: skip
    batch = await upload(org, "名册.xlsx", workbook({"名册": two}))
    assert batch.tables[0]["fields"] == ["name", "identity", "sex", "phone", "unit", "kind", "joined_on"]
    assert (batch.status, batch.sums["new"]) == ("ready", 1)


async def test_columns_corrected_by_hand_are_remembered(org: OrgKit) -> None:
    head = "甲栏,乙栏,丙栏,丁栏,戊栏,己栏"
    batch = await upload(org, "名册.csv", csv_file(head, line(org)))
    assert batch.status == "mapping"
    async with org.kit.database.transaction() as session:
        await service.rehead(session, org, CLERK_1, batch.id, 0, 1)
        fields = ["name", "identity", "phone", "unit", "kind", "joined_on"]
        await service.remap(session, org, CLERK_1, batch.id, [{"sheet": 0, "use": True, "fields": fields}])
    await settle(org)
    batch = await again(org, batch.id)
    assert (batch.status, batch.sums["new"]) == ("ready", 1)
    unsure = head.replace("甲栏", "姓名").replace("丁栏", "单位").replace("己栏", "组织")
    guessed = await upload(org, "又.csv", csv_file(unsure, line(org)))
    assert guessed.status == "mapping"
    async with org.kit.database.transaction() as session:
        await service.remap(session, org, CLERK_1, guessed.id, [{"sheet": 0, "use": True, "fields": fields}])
    await settle(org)
    third = await upload(org, "再.csv", csv_file(unsure, line(org)))
    assert (third.status, third.tables[0]["remembered"]) == ("ready", True)


async def test_a_proposed_unit_can_be_renamed(org: OrgKit) -> None:
    batch = await upload(org, "名册.csv", csv_file(HEAD, line(org)))
    async with org.kit.database.transaction() as session:
        proposal = await session.scalar(select(ImportUnit).where(ImportUnit.batch_id == batch.id))
        assert proposal is not None
        assert (proposal.name, proposal.people) == (unit_name(org), 1)
        await service.rename_proposal(
            session, org, CLERK_1, batch.id, proposal.id, "柳江新单位", proposal.kind
        )
    await settle(org)
    await confirm(org, await again(org, batch.id))
    async with org.kit.database.transaction() as session:
        unit = await session.scalar(select(Unit).join(Member, Member.unit_id == Unit.id))
        assert unit is not None
        assert unit.name == "柳江新单位"
