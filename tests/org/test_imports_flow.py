"""From a file to the roll: plan, decisions, writing, importing again. For every organisation."""

from datetime import date
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select

from shared.kit.errors import NotFound, Refused
from shared.kit.events.models import OutboxRow
from shared.org.imports import service
from shared.org.imports.models import ImportBatch, ImportFile, ImportRow, ImportUnit
from shared.org.kit import OrgKit
from shared.org.members import Member, field_titles, read_entry
from shared.org.units import Unit, create_unit, top_of
from tests.org.imports_tools import (
    CLERK_1,
    HEAD,
    clerk,
    confirm,
    csv_file,
    line,
    names,
    on_roll,
    reasons,
    rows,
    unit_name,
    upload,
)
from tests.org.people import CLERK, identity_number, person, phone_number


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


async def make_unit(org: OrgKit, name: str) -> Unit:
    async with org.kit.database.transaction() as session:
        top = await top_of(session)
        assert top is not None
        kind = org.profile.kind(org.profile.top_kind).children[0]
        return await create_unit(session, org, parent_id=top.id, name=name, kind=kind, actor=CLERK)


def key_of(org: OrgKit, number: str, unit_id: UUID) -> str | None:
    """What may stand only once, of this person in that unit."""
    entry = read_entry(org, person(org, identity=number), unit_id)
    assert entry.identity
    return org.policy.exclusive_key(entry, org.tokens.identity_token(entry.identity), unit_id)


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
    twice = len({key_of(org, number, unit) for unit in (mine.id, uuid4())}) > 1
    assert names(refused) == (["乐文博"] if twice else ["乐文博", "韩芷"])
    assert twice or "管理范围以外" in reasons(refused[1])[0]
    assert not await rows(org, batch, "changed")
    async with org.kit.database.transaction() as session:
        foreign = await session.scalar(select(ImportBatch.id).where(ImportBatch.scope == ""))
        assert foreign is not None
        with pytest.raises(NotFound):
            await service.get_batch(session, other, foreign)


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


async def test_a_date_written_to_the_month_says_which_day_is_kept(org: OrgKit) -> None:
    number, said = identity_number(), f"{field_titles(org)['joined_on']}只写到月，按当月1日登记"
    plain = line(org, "乐文博", joined="2024-10-08")
    batch = await upload(
        org, "一.csv", csv_file(HEAD, line(org, identity=number, joined="2024年10月"), plain)
    )
    month, day = await rows(org, batch, "new")
    assert month.note.endswith(f"；{said}")
    assert said not in day.note
    await confirm(org, batch)
    batch = await upload(
        org, "二.csv", csv_file(HEAD, line(org, identity=number, joined="2024.11", phone=""))
    )
    assert [row.note for row in await rows(org, batch, "changed")] == [said]


async def test_a_month_takes_no_known_day_away(org: OrgKit) -> None:
    number, phone = identity_number(), phone_number()
    known = line(org, identity=number, phone=phone, joined="2024-10-08")
    await confirm(org, await upload(org, "一.csv", csv_file(HEAD, known)))
    month = line(org, identity=number, phone=phone, joined="2024年10月")
    assert (await upload(org, "二.csv", csv_file(HEAD, month))).sums["same"] == 1
    moved = line(org, identity=number, joined="2024年10月")  # another phone: that alone is written
    batch = await upload(org, "三.csv", csv_file(HEAD, moved))
    (row,) = await rows(org, batch, "changed")
    assert [change["field"] for change in row.changes] == ["phone"]
    await confirm(org, batch)
    async with org.kit.database.transaction() as session:
        assert await session.scalar(select(Member.joined_on)) == date(2024, 10, 8)
