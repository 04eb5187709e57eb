"""Taking imports back: newcomers leave no trace, units close, first answers vanish; doubts are seen before."""

from datetime import date, timedelta
from uuid import UUID

import pytest
from sqlalchemy import func, select, update

from shared.kit import clock
from shared.kit.audit import AuditEntry
from shared.kit.errors import Refused
from shared.org.imports import queries, service
from shared.org.imports.models import ImportBatch
from shared.org.kit import OrgKit
from shared.org.members import Member, MemberChange, change_many, read_entry
from shared.org.members.history import history_of
from shared.org.members.models import MemberKey
from shared.org.policy import Entry
from shared.org.units import Unit
from tests.org.imports_tools import (
    CLERK_1,
    HEAD,
    again,
    confirm,
    csv_file,
    line,
    names,
    on_roll,
    rows,
    settle,
    unit_name,
    upload,
)
from tests.org.people import CLERK, admit, identity_number, phone_number, told


async def units_shown(org: OrgKit, batch_id: UUID) -> list[str]:
    batch = await again(org, batch_id)
    async with org.kit.database.transaction() as session:
        return [p.unit.name for p in await queries.proposals(session, org, batch)]


async def test_taken_back_a_newcomer_leaves_no_trace_and_can_come_again(org: OrgKit) -> None:
    kind = next(k for k in org.policy.kinds if not k.needs_consent).title
    data = csv_file(HEAD, line(org, kind=kind), line(org, "乐文博", kind=kind))
    batch = await confirm(org, await upload(org, "名册.csv", data))
    async with org.kit.database.transaction() as session:
        people = list(await session.scalars(select(Member.id)))
    assert await units_shown(org, batch.id) == [unit_name(org)]
    async with org.kit.database.transaction() as session:
        await service.withdraw(session, CLERK_1, batch.id)
    await settle(org)
    batch = await again(org, batch.id)
    assert (batch.status, batch.sums["withdrawn"], batch.sums["kept"]) == ("withdrawn", 2, 0)
    assert await units_shown(org, batch.id) == []
    async with org.kit.database.transaction() as session:
        for table in (Member, MemberKey, MemberChange):
            assert await session.scalar(select(func.count()).select_from(table)) == 0
        assert await org.policy.load(session, people) == {}
        for member_id in people:
            events = await told(session, member_id)
            assert [(t, d["version"]) for t, d in events] == [
                ("member.admitted.v1", 1),
                ("member.withdrawn.v1", 2),
            ]
        query = select(AuditEntry).where(AuditEntry.action == "member.erased")
        entries = list(await session.scalars(query))
        assert [e.target_id for e in entries] == [str(batch.id)]
        assert sorted(entries[0].detail["members"]) == sorted(str(i) for i in people)
        assert not any(name in str((e.detail, e.purpose)) for e in entries for name in ("单文慧", "乐文博"))
        unit = await session.scalar(select(Unit).where(Unit.name == unit_name(org)))
        assert unit is not None
        assert unit.status == "closed"
        assert [(t, d["status"]) for t, d in await told(session, unit.id)][-1] == (
            "unit.changed.v1",
            "closed",
        )
    second = await upload(org, "名册.csv", data)
    assert (second.sums["new"], second.sums["refused"]) == (2, 0)
    assert (await confirm(org, second)).sums["written"] == 2 == await on_roll(org)


async def test_a_unit_others_use_by_now_stays_open(org: OrgKit) -> None:
    batch = await confirm(org, await upload(org, "名册.csv", csv_file(HEAD, line(org))))
    async with org.kit.database.transaction() as session:
        unit = await session.scalar(select(Unit).where(Unit.name == unit_name(org)))
        assert unit is not None
        await admit(session, org, unit, name="江晓枫")
        await service.withdraw(session, CLERK_1, batch.id)
    await settle(org)
    assert await units_shown(org, batch.id) == [unit_name(org)]
    async with org.kit.database.transaction() as session:
        assert await session.scalar(select(Unit.status).where(Unit.name == unit_name(org))) == "active"
    assert await on_roll(org) == 1


async def test_a_first_answer_about_sharing_is_taken_back_too(org: OrgKit) -> None:
    number, head = identity_number(), "姓名,证件号码,所在组织,身份,同意信息共享"
    await confirm(org, await upload(org, "一.csv", csv_file(HEAD, line(org, identity=number))))
    text = f"单文慧,{number},{unit_name(org)},{org.policy.kinds[0].title},否"
    batch = await confirm(org, await upload(org, "二.csv", csv_file(head, text)))
    assert batch.sums["written"] == 1
    async with org.kit.database.transaction() as session:
        assert await session.scalar(select(Member.consent)) is False
        await service.withdraw(session, CLERK_1, batch.id)
    await settle(org)
    async with org.kit.database.transaction() as session:
        member = (await session.scalars(select(Member))).one()
        assert (member.consent, member.shared) == (None, not org.policy.kinds[0].needs_consent)
        facts = await session.scalars(select(MemberChange.fact).order_by(MemberChange.id))
        assert list(facts)[-2:] == ["withdrawn", "unasked"]
        types = [t for t, _ in await told(session, member.id)]
        assert types == ["member.admitted.v1", "member.withdrawn.v1", "member.admitted.v1"]


async def test_doubts_are_seen_before_writing(org: OrgKit) -> None:
    ancient = line(org, identity=identity_number(date(2005, 6, 15)), joined="2012-03-01")
    batch = await upload(org, "名册.csv", csv_file(HEAD, ancient, line(org, "乐文博")))
    entry = read_entry(
        org,
        {"name": "甲", "birth": "2005-06-15", "joined_on": "2012-03-01", "kind": org.policy.kinds[0].title},
        UUID(int=0),
    )
    doubts = org.policy.doubts(entry, clock.today())
    assert batch.sums["doubted"] == (1 if doubts else 0)
    doubted = [row for row in await rows(org, batch, "new") if row.doubted]
    for row in doubted:
        assert doubts[0] in row.note
        assert row.note.endswith("登记后为待核对")
    await confirm(org, batch)
    async with org.kit.database.transaction() as session:
        pending = select(func.count()).select_from(Member).where(Member.standing == "pending")
        assert await session.scalar(pending) == len(doubted)


async def test_what_a_rule_will_refuse_is_refused_in_the_check(org: OrgKit) -> None:
    number = identity_number(date(2005, 6, 15))
    await confirm(org, await upload(org, "一.csv", csv_file(HEAD, line(org, identity=number, phone=""))))
    batch = await upload(
        org, "二.csv", csv_file(HEAD, line(org, identity=number, phone="", joined="2012-03-01"))
    )
    raw = {
        "name": "单文慧",
        "birth": "2005-06-15",
        "joined_on": "2012-03-01",
        "kind": org.policy.kinds[0].title,
    }
    if rule := _refusal(org, read_entry(org, raw, UUID(int=0)), date(2012, 3, 1)):
        (row,) = await rows(org, batch, "refused")
        assert row.troubles[0]["reason"] == rule
    else:  # an organisation without such a rule
        (row,) = await rows(org, batch, "changed")
        assert [change["field"] for change in row.changes] == ["joined_on"]


def _refusal(org: OrgKit, entry: Entry, day: date) -> str:
    try:
        org.policy.check(entry, day)
    except Refused as rule:
        return rule.title.rstrip("。")
    return ""


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


async def test_the_history_of_a_member_says_that_the_import_was_taken_back(org: OrgKit) -> None:
    number = identity_number()
    await confirm(org, await upload(org, "一.csv", csv_file(HEAD, line(org, identity=number, phone=""))))
    batch = await upload(org, "二.csv", csv_file(HEAD, line(org, identity=number, phone=phone_number())))
    await confirm(org, batch)
    async with org.kit.database.transaction() as session:
        await service.withdraw(session, CLERK_1, batch.id)
    await settle(org)
    async with org.kit.database.transaction() as session:
        member_id = await session.scalar(select(Member.id))
        assert member_id
        newest = (await history_of(session, org, member_id))[0]
    assert newest.text == "沈若溪撤回导入，手机号码恢复为导入前的内容。"
