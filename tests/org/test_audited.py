"""Every change to the roll stands in the hash-chained log, without a value of a person; imports in portions."""

from collections import Counter
from datetime import date

from sqlalchemy import select

from shared.kit.audit import AuditEntry, System, verify
from shared.kit.audit.titles import known
from shared.org.imports import service
from shared.org.kit import OrgKit
from shared.org.members import change, leave_many, move_many, read_entry, set_consent, step_many
from shared.org.members.auditing import names
from shared.org.units import close_unit, create_unit, move_unit, rename_unit
from tests.org.imports_tools import CLERK_1, HEAD, confirm, csv_file, line, settle, upload
from tests.org.people import CLERK, admit, identity_number, phone_number, tree, two_levels


async def entries(org: OrgKit) -> list[AuditEntry]:
    async with org.kit.database.transaction() as session:
        assert (await verify(session)).intact
        return list(await session.scalars(select(AuditEntry).order_by(AuditEntry.seq)))


async def test_each_step_of_a_person_is_an_entry_without_values(org: OrgKit) -> None:
    number, phone, new_phone = identity_number(), phone_number(), phone_number()
    async with org.kit.database.transaction() as session:
        _, one, two = await tree(session, org)
        member = await admit(session, org, one, identity=number, phone=phone)
        raw = {"name": "单文惠", "kind": org.policy.kinds[0].code, "phone": new_phone}
        entry = read_entry(org, raw, one.id)
        await change(session, org, member, entry, CLERK, version=1, reason="本人来电")
        await move_many(session, org, [member], two.id, CLERK, "搬家")
        await set_consent(session, org, member, consent=member.consent is not True, actor=CLERK)
        await leave_many(session, org, [member], date(2026, 3, 1), org.policy.leave_reasons[0], CLERK)
        await step_many(session, org, [member], "restore", CLERK, "误操作")
    found = [e for e in await entries(org) if e.target_kind == "member"]
    answer = "consented" if member.consent else "withdrawn"
    assert [e.action for e in found] == [
        f"member.{fact}" for fact in ("admitted", "changed", "moved", answer, "left", "restored")
    ]
    assert {(e.target_id, e.actor_name) for e in found} == {(str(member.id), CLERK.name)}
    assert (found[0].detail["unit_id"], found[2].detail["unit_id"]) == (str(one.id), str(two.id))
    assert found[1].detail["fields"] == ["姓名", "手机号码"]
    assert (found[1].purpose, found[5].purpose) == ("本人来电", "误操作")
    said = str([(e.detail, e.purpose) for e in found])
    for value in (number, number[-4:], phone, new_phone, new_phone[-4:], "单文慧", "单文惠"):
        assert value not in said
    async with org.kit.database.transaction() as session:
        named = await names(session, [member.id])
        assert named[member.id].text.startswith("单*惠")
        assert (await names(session, [one.id])) == {}
    assert {e.action for e in found} <= known().keys(), "each action has a title"


async def test_each_change_of_a_unit_is_an_entry(org: OrgKit) -> None:
    kind, part = two_levels(org)
    by = System("顾明远")
    async with org.kit.database.transaction() as session:
        top, *_ = await tree(session, org)
        one = await create_unit(session, org, parent_id=top.id, name="甲", kind=kind, actor=by)
        leaf = await create_unit(session, org, parent_id=one.id, name="乙", kind=part, actor=by)
        await rename_unit(session, org, leaf.id, "丙", version=1, actor=by)
        await move_unit(session, org, leaf.id, top.id, version=2, actor=by, reason="区划调整")
        await close_unit(session, org, leaf.id, version=3, reason="撤并", actor=by)
    found = [e.action for e in await entries(org) if e.target_id == str(leaf.id) and e.actor_name == by.name]
    assert found == ["unit.founded", "unit.renamed", "unit.moved", "unit.closed"]
    assert set(found) <= known().keys()


async def test_an_import_is_told_in_portions_not_in_rows(org: OrgKit) -> None:
    kind = next(k for k in org.policy.kinds if not k.needs_consent).title
    data = csv_file(HEAD, *(line(org, name, kind=kind) for name in ("单文慧", "乐文博", "江晓枫")))
    batch = await confirm(org, await upload(org, "名册.csv", data))
    async with org.kit.database.transaction() as session:
        await service.withdraw(session, CLERK_1, batch.id)
    await settle(org)
    found = [e for e in await entries(org) if e.target_id == str(batch.id)]
    count = Counter(e.action for e in found)
    for action in ("import.confirmed", "member.admitted", "import.applied", "import.withdraw_asked",
                   "member.erased", "import.withdrawn"):  # fmt: skip
        assert count[action] == 1, action
        assert action in known()
    told = {e.action: e for e in found}
    assert told["member.admitted"].detail["people"] == told["member.erased"].detail["people"] == 3
    assert {e.actor_name for e in found} == {CLERK_1.name}
