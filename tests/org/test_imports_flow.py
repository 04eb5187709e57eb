"""From a file to the roll: plan, decisions, writing, withdrawing, importing again. For every organisation."""

import asyncio
import io
import re
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import openpyxl
import pytest
from sqlalchemy import func, select, update

from shared.kit import clock
from shared.kit.errors import NotFound, Refused
from shared.kit.events.models import OutboxRow
from shared.org.imports import apply, lease, service, worker
from shared.org.imports.errors_file import errors_file
from shared.org.imports.models import ImportBatch, ImportFile, ImportRow, ImportUnit
from shared.org.kit import OrgKit
from shared.org.members import Member, admit_many, change_many, read_entry
from shared.org.units import Unit, create_unit, top_of
from tests.org.imports_files.workbooks import workbook
from tests.org.imports_tools import (
    CLERK_1,
    HEAD,
    again,
    clerk,
    confirm,
    csv_file,
    line,
    on_roll,
    reasons,
    rows,
    settle,
    unit_name,
    upload,
)
from tests.org.people import CLERK, identity_number, phone_number


def names(found: Sequence[ImportRow]) -> list[str]:
    return [row.name for row in found]


async def test_a_roster_is_planned_written_and_changes_nothing_again(org: OrgKit) -> None:
    data = csv_file(HEAD, line(org, "单文慧"), line(org, "乐文博"), encoding="gb18030")
    batch = await upload(org, "名册.csv", data)
    assert (batch.status, batch.sums["new"], batch.sums["refused"]) == ("ready", 2, 0)
    assert await on_roll(org) == 0
    batch = await confirm(org, batch)
    assert (batch.status, batch.sums["written"], batch.sums["failed"]) == ("applied", 2, 0)
    assert await on_roll(org) == 2
    async with org.kit.database.transaction() as session:
        unit = await session.scalar(select(Unit).where(Unit.name == unit_name(org)))
        assert unit is not None
        told = await session.scalar(
            select(func.count()).select_from(OutboxRow).where(OutboxRow.type == "unit.changed.v1")
        )
        assert told == 2
        assert not await session.scalar(select(func.count()).select_from(ImportFile))
    second = await upload(org, "名册.csv", data)
    assert (second.sums["new"], second.sums["changed"], second.sums["same"]) == (0, 0, 2)
    with pytest.raises(Refused, match="没有要写入的行"):
        await confirm(org, second)


async def test_nothing_personal_stands_in_the_clear(org: OrgKit) -> None:
    number, phone = identity_number(), phone_number()
    batch = await upload(
        org,
        "名册.csv",
        csv_file(HEAD, line(org, identity=number, phone=phone), line(org, identity=number[:-1])),
    )
    async with org.kit.database.transaction() as session:
        stored = [
            str((await session.execute(select(table.__table__))).all())
            for table in (ImportBatch, ImportRow, ImportUnit)
        ]
    assert batch.sums["new"] == 1
    assert number not in "".join(stored)
    assert phone not in "".join(stored)
    assert number[-4:] in stored[1]


async def test_each_fault_has_its_reason(org: OrgKit) -> None:
    number = identity_number()
    wrong = number[:-1] + ("0" if number[-1] != "0" else "1")
    bad = [
        (line(org, ""), "姓名为空"),
        (line(org, identity=wrong), "校验码不符"),
        (line(org, identity="5.19901E+17"), "存成了数字"),
        (line(org, phone="1234"), "手机号码应为 11 位"),
        (line(org, unit="没有这个单位"), "没有“没有这个单位”这个单位"),
        (line(org, unit=""), "没有写所在单位"),
        (line(org, joined="2024-13-05"), "没有这一天"),
        (line(org, identity=""), "不能确认是谁"),
        (line(org, kind="没有这类"), "不认识这个类别"),
        (line(org, "=HYPERLINK(1)"), "公式"),
    ]
    batch = await upload(org, "名册.csv", csv_file(HEAD, line(org), *(text for text, _ in bad)))
    refused = await rows(org, batch, "refused")
    assert batch.sums["new"] == 1
    assert len(refused) == len(bad)
    for row, (_, word) in zip(refused, bad, strict=True):
        assert any(word in reason for reason in reasons(row)), (word, row.troubles)
        assert all(t["hint"] for t in row.troubles)
    assert [row.row for row in refused] == list(range(3, 13))


async def test_the_same_person_twice_in_a_file(org: OrgKit) -> None:
    number, phone = identity_number(), phone_number()
    batch = await upload(
        org, "名册.csv",
        csv_file(
            HEAD,
            line(org, identity=number, phone=phone),
            line(org, "乐文博"),
            line(org, identity=number.lower(), phone=phone),
        ),
    )  # fmt: skip
    (refused,) = await rows(org, batch, "refused")
    assert reasons(refused) == ["与第2行是同一人"]
    assert refused.row == 4


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


async def test_blank_keeps_and_a_change_shows_old_and_new(org: OrgKit) -> None:
    number = identity_number()
    await confirm(
        org, await upload(org, "一.csv", csv_file(HEAD, line(org, identity=number, phone="12000000418")))
    )
    second = await upload(
        org,
        "二.csv",
        csv_file(
            "姓名,证件号码,所在组织,身份,职务",
            f"单文慧,{number},{unit_name(org)},{org.policy.kinds[0].title},组长",
        ),
    )
    (row,) = await rows(org, second, "changed")
    assert [(c["field"], c["old_masked"], c["new_masked"]) for c in row.changes] == [
        ("post", "（空）", "组长")
    ]
    await confirm(org, second)
    async with org.kit.database.transaction() as session:
        member = await session.scalar(select(Member))
        assert member is not None
        assert (member.post, member.phone_last4) == ("组长", "0418")


async def test_a_change_of_name_is_written_only_when_confirmed(org: OrgKit) -> None:
    number = identity_number()
    await confirm(org, await upload(org, "一.csv", csv_file(HEAD, line(org, "韩芷", identity=number))))
    renamed = csv_file(HEAD, line(org, "韩芷娟", identity=number, phone=""))
    batch = await upload(org, "二.csv", renamed)
    (row,) = await rows(org, batch, "changed")
    assert row.wants_look
    assert row.note == "同一身份证号，姓名不同，请核对原件"
    with pytest.raises(Refused, match="没有要写入的行"):
        await confirm(org, batch)
    async with org.kit.database.transaction() as session:
        await service.decide(session, CLERK_1, batch.id, row.line, "confirm")
    await confirm(org, batch)
    async with org.kit.database.transaction() as session:
        member = await session.scalar(select(Member))
        assert member is not None
        assert (member.name, member.former_names) == ("韩芷娟", ["韩芷"])


async def test_a_line_put_aside_is_not_written(org: OrgKit) -> None:
    batch = await upload(org, "名册.csv", csv_file(HEAD, line(org), line(org, "乐文博")))
    first, _ = await rows(org, batch, "new")
    async with org.kit.database.transaction() as session:
        await service.decide(session, CLERK_1, batch.id, first.line, "skip")
    batch = await confirm(org, batch)
    assert batch.sums["written"] == 1
    assert await on_roll(org) == 1


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


async def make_unit(org: OrgKit, name: str) -> Unit:
    async with org.kit.database.transaction() as session:
        top = await top_of(session)
        assert top is not None
        kind = org.profile.kind(org.profile.top_kind).children[0]
        return await create_unit(session, org, parent_id=top.id, name=name, kind=kind, actor=CLERK)


async def test_staff_import_only_into_their_own_range(org: OrgKit) -> None:
    elsewhere = csv_file(HEAD, line(org, "韩芷", identity=(number := identity_number())))
    await confirm(org, await upload(org, "一.csv", elsewhere))
    mine = await make_unit(org, "我的单位")
    other = clerk(mine.path)
    batch = await upload(
        org,
        "二.csv",
        csv_file(
            HEAD,
            line(org, unit="我的单位"),
            line(org, "乐文博"),
            line(org, "韩芷", identity=number, unit="我的单位"),
        ),
        other,
    )
    assert names(await rows(org, batch, "new"))[0] == "单文慧"
    refused = await rows(org, batch, "refused")
    assert "不在您的管理范围内" in reasons(refused[0])[0]
    if len(refused) > 1:  # where a person may stand only once
        assert "管理范围以外" in reasons(refused[1])[0]
    async with org.kit.database.transaction() as session:
        foreign = await session.scalar(select(ImportBatch.id).where(ImportBatch.scope == ""))
        assert foreign is not None
        with pytest.raises(NotFound):
            await service.get_batch(session, other, foreign)


async def test_a_killed_worker_is_followed_by_another(org: OrgKit, monkeypatch: pytest.MonkeyPatch) -> None:
    """Die between and inside chunks; nobody is written twice and nobody is lost."""
    people = [line(org, f"甲{chr(0x4E00 + n)}") for n in range(30)]
    batch = await upload(org, "名册.csv", csv_file(HEAD, *people))
    async with org.kit.database.transaction() as session:
        await service.confirm(session, CLERK_1, batch.id)
    monkeypatch.setattr(apply, "CHUNK", 7)
    monkeypatch.setattr(lease, "LEASE", timedelta(seconds=0.2))
    chunks = 0
    admit = admit_many

    async def dying(*args: Any, **given: Any) -> list[UUID]:
        nonlocal chunks
        chunks += 1
        admitted = await admit(*args, **given)
        if chunks == 3:
            raise asyncio.CancelledError  # after the rows were sent, before they are committed
        return admitted

    monkeypatch.setattr(apply, "admit_many", dying)
    monkeypatch.setattr(lease, "release", lambda *_: asyncio.sleep(0))  # a killed process lets go of nothing
    with pytest.raises(asyncio.CancelledError):
        await worker.ImportWorker(org).step()
    assert await on_roll(org) == 14
    monkeypatch.undo()
    assert (await again(org, batch.id)).done == 14
    await asyncio.sleep(0.3)
    await settle(org)
    batch = await again(org, batch.id)
    assert (batch.status, batch.sums["written"]) == ("applied", 30)
    assert await on_roll(org) == 30
    async with org.kit.database.transaction() as session:
        keys = select(func.count(func.distinct(OutboxRow.key)), func.count()).where(
            OutboxRow.type == "member.admitted.v1"
        )
        distinct, told = (await session.execute(keys)).one()
        assert distinct == told


async def test_a_lost_lease_stops_the_first_worker(org: OrgKit) -> None:
    batch = await upload(org, "名册.csv", csv_file(HEAD, line(org)))
    async with org.kit.database.transaction() as session:
        await service.confirm(session, CLERK_1, batch.id)
        claimed = await lease.claim(session)
        assert claimed is not None
        assert await lease.claim(session) is None
        await session.execute(update(ImportBatch).values(lease_until=clock.now() - timedelta(seconds=1)))
    await settle(org)
    assert (await again(org, batch.id)).status == "applied"
    with pytest.raises(lease.LeaseLost):
        await apply.write(org, batch.id, claimed[1])
    assert await on_roll(org) == 1


async def test_what_changed_since_the_check_is_not_overwritten(org: OrgKit) -> None:
    number = identity_number()
    await confirm(org, await upload(org, "一.csv", csv_file(HEAD, line(org, identity=number))))
    head = "姓名,证件号码,所在组织,身份,职务"
    text = f"单文慧,{number},{unit_name(org)},{org.policy.kinds[0].title}"
    batch = await upload(org, "二.csv", csv_file(head, f"{text},组长"))
    other = await upload(org, "三.csv", csv_file(head, f"{text},班长"))
    await confirm(org, other)
    batch = await confirm(org, batch)
    assert (batch.sums["written"], batch.sums["failed"]) == (0, 1)
    async with org.kit.database.transaction() as session:
        assert await session.scalar(select(Member.post)) == "班长"


async def test_a_batch_is_taken_back_except_for_what_changed_since(org: OrgKit) -> None:
    old, touched = identity_number(), identity_number()
    await confirm(org, await upload(org, "一.csv", csv_file(HEAD, line(org, identity=old, phone=""))))
    batch = await upload(
        org, "二.csv",
        csv_file(HEAD, line(org, identity=old, phone="12000000777"), line(org, "乐文博"), line(org, "江晓枫", identity=touched)),
    )  # fmt: skip
    assert (batch.sums["new"], batch.sums["changed"]) == (2, 1)
    batch = await confirm(org, batch)
    async with org.kit.database.transaction() as session:
        member = await session.scalar(select(Member).where(Member.name == "江晓枫"))
        assert member is not None
        raw = {"name": "江晓枫", "identity": touched, "kind": org.policy.kinds[0].title, "post": "委员"}
        await change_many(session, org, [(member, read_entry(org, raw, member.unit_id))], CLERK)
    async with org.kit.database.transaction() as session:
        await service.withdraw(session, CLERK_1, batch.id)
    await settle(org)
    batch = await again(org, batch.id)
    assert (batch.status, batch.sums["withdrawn"], batch.sums["kept"]) == ("withdrawn", 2, 1)
    async with org.kit.database.transaction() as session:
        query = select(Member.name, Member.standing, Member.phone_last4, Member.post).order_by(Member.name)
        found = {name: rest for name, *rest in await session.execute(query)}
    assert found == {
        "单文慧": ["active", None, None],
        "江晓枫": ["active", found["江晓枫"][1], "委员"],
    }  # fmt: skip
    assert names(await rows(org, batch, "new"))[-1] == "江晓枫"


async def test_after_three_days_nothing_is_taken_back(org: OrgKit) -> None:
    batch = await confirm(org, await upload(org, "名册.csv", csv_file(HEAD, line(org))))
    async with org.kit.database.transaction() as session:
        late = clock.now() - timedelta(days=3, minutes=1)
        await session.execute(update(ImportBatch).values(applied_at=late))
    async with org.kit.database.transaction() as session:
        with pytest.raises(Refused, match="超过 3 天"):
            await service.withdraw(session, CLERK_1, batch.id)


async def test_raw_lines_are_forgotten_in_time(org: OrgKit) -> None:
    batch = await upload(org, "名册.csv", csv_file(HEAD, line(org)))
    async with org.kit.database.transaction() as session:
        await session.execute(update(ImportBatch).values(created_at=clock.now() - timedelta(days=31)))
    await worker.ImportWorker(org)._purge()
    batch = await again(org, batch.id)
    assert (batch.status, batch.purged_at is not None) == ("cancelled", True)
    async with org.kit.database.transaction() as session:
        assert await session.scalar(select(func.count()).where(ImportRow.cells.is_not(None))) == 0


async def test_the_errors_file_has_the_same_form_and_can_be_sent_again(org: OrgKit) -> None:
    number = identity_number()
    good = number
    table = [
        ["花名册"],
        ["姓名", "证件号码", "联系电话", "所在组织", "身份", "加入时间", "备注"],
        ["单文慧", good, phone_number(), f"{org.name}/{unit_name(org)}", org.policy.kinds[0].title, "2024-10-08", "x"],
        ["@SUM(A1)", good[:-1], "", f"{org.name}/{unit_name(org)}", org.policy.kinds[0].title, "2024-10-08", "+1"],
    ]  # fmt: skip
    batch = await upload(org, "名册.xlsx", workbook({"在册": table}))
    assert batch.sums["refused"] == 1
    async with org.kit.database.transaction() as session:
        made = await errors_file(session, org, batch)
    book = openpyxl.load_workbook(io.BytesIO(made.content.read()))
    cells = [[c.value for c in row] for row in book["在册"].iter_rows()]
    assert cells[1] == [*table[1], "行号", "原因", "怎样改正"]
    assert cells[2][:2] == ["@SUM(A1)", good[:-1]]
    assert cells[2][7] == "4"
    assert "位数不对" in cells[2][8]
    assert all(c.data_type in ("s", "n") for row in book["在册"].iter_rows() for c in row)
    assert {c.number_format for row in book["在册"].iter_rows(min_row=2) for c in row} == {"@"}, (
        "blank ones too"
    )
    mended = [[v or "" for v in row] for row in cells]
    mended[2][0], mended[2][1] = "乐文博", identity_number()
    second = await upload(org, "改好.xlsx", workbook({"在册": mended}))
    assert (second.status, second.sums["new"], second.sums["refused"]) == ("ready", 1, 0)


DANGEROUS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "＝1", "＋1", "－1", "＠x", "=cmd|' /C calc'!A0"]


async def test_a_csv_of_errors_holds_no_formula(org: OrgKit) -> None:
    lines = [f'"{text}",,,没有这个单位,,' for text in DANGEROUS]
    batch = await upload(org, "名册.csv", csv_file(HEAD, *lines, encoding="gb18030"))
    assert batch.sums["refused"] == len(DANGEROUS)
    async with org.kit.database.transaction() as session:
        made = await errors_file(session, org, batch)
    text = made.content.read().decode("gb18030")
    cells = re.split(r"[,\n]", text.replace("\r\n", "\n").replace('"', ""))
    assert not [c for c in cells if c.startswith(("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠"))]


async def test_a_file_that_is_no_good_is_refused_and_forgotten(org: OrgKit) -> None:
    batch = await upload(org, "名册.xlsx", b"%PDF-1.7 ...")
    assert (batch.status, batch.problem["reason"]) == ("refused", "这是 PDF 文件，不是表格")
    async with org.kit.database.transaction() as session:
        assert not await session.scalar(select(func.count()).select_from(ImportFile))
        assert not await session.scalar(select(func.count()).select_from(ImportRow))
