"""What an organisation told is remembered with the telling, and proven by count and digest."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import delete, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from shared.contracts import recounts as asked
from shared.contracts.digests import FORM, digest
from shared.contracts.event import CATALOGUE
from shared.contracts.members import MemberState, MemberWithdrawn
from shared.kit.errors import Forbidden, Refused
from shared.kit.events.models import OutboxRow
from shared.kit.events.responders import _requester
from shared.org.bulk import breathing
from shared.org.kit import OrgKit
from shared.org.members import Member, MemberTold, erase_many, leave_many, set_consent
from shared.org.members.state import tell
from shared.org.recount import recount, sums
from shared.org.units import rename_unit
from tests.org.people import CLERK, admit, identity_number, phone_number, tree

Last = Mapping[Any, tuple[MemberState | MemberWithdrawn, datetime]]


async def last_words(session: AsyncSession) -> Last:
    """The newest event of each member as it was recorded."""
    rows = await session.scalars(
        select(OutboxRow).where(OutboxRow.type.like("member.%")).order_by(OutboxRow.id)
    )
    return {row.key: (CATALOGUE[row.type].model_validate(row.data), row.at) for row in rows}  # type: ignore[misc]


def xor(last: Last) -> dict[str, tuple[int, int]]:
    out: dict[str, tuple[int, int]] = {}
    for word, at in last.values():
        part = (word.district or "") if isinstance(word, MemberState) else ""
        count, total = out.get(part, (0, 0))
        out[part] = (count + 1, total ^ digest(word, at))
    return out


async def ask(org: OrgKit, name: str, question: Any, who: str = "hub") -> Any:
    (responder,) = [r for r in recount(org, ("members",)).responders if r.name == name]
    _requester.set(who)
    return await responder.answer(question)


async def lived(org: OrgKit) -> None:
    """Twelve people: some changed, left, withdrawn, erased, each in a transaction of its own."""
    database = org.kit.database
    async with database.transaction() as session:
        _, one, two = await tree(session, org)
    people = []
    for n in range(12):
        async with database.transaction() as session:
            people.append(
                await admit(session, org, (one, two)[n % 2], name=f"单文{'慧明丽静'[n % 4]}", consent="是")
            )
    async with database.transaction() as session:
        await leave_many(session, org, people[:2], people[0].created_at.date(), "迁出", CLERK)
    async with database.transaction() as session:
        await set_consent(session, org, people[3], False, CLERK)
    async with database.transaction() as session:
        await erase_many(session, org, [people[4]], CLERK, "误登记")


async def test_the_ledger_is_what_was_told(org: OrgKit) -> None:
    await lived(org)
    answer = await ask(org, asked.SUMS, asked.SumsRequest(form=FORM))
    async with org.kit.database.transaction() as session:
        last = await last_words(session)
        assert answer.newest == len(list(await session.scalars(select(OutboxRow.id))))
    assert {p.part: (p.count, p.digest) for p in answer.parts} == xor(last)
    assert any(isinstance(word, MemberWithdrawn) for word, _ in last.values())
    page = await ask(org, asked.PAGE, asked.PageRequest(kind="members"))
    assert page.after is None
    assert {str(t.data["member_id"]): (t.data["version"], t.at) for t in page.told} == {
        key: (word.version, at) for key, (word, at) in last.items()
    }
    again = {str(t.data["member_id"]): CATALOGUE[t.type].model_validate(t.data) for t in page.told}
    assert {k: digest(w, last[k][1]) for k, w in again.items()} == {  # type: ignore[arg-type]
        k: digest(w, at) for k, (w, at) in last.items()
    }


async def test_parts_are_found_in_finer_parts_down_to_rows(org: OrgKit) -> None:
    await lived(org)
    (whole,) = (await ask(org, asked.SUMS, asked.SumsRequest(form=FORM))).parts
    buckets = (await ask(org, asked.SUMS, asked.SumsRequest(form=FORM, district=whole.part))).parts
    assert sum(b.count for b in buckets) == whole.count
    question = asked.RowsRequest(form=FORM, district=whole.part, buckets=[int(b.part) for b in buckets])
    rows = (await ask(org, asked.ROWS, question)).rows
    total = 0
    for id_, number in rows:
        assert str(id_.int % 4096) in {b.part for b in buckets}
        total ^= number
    assert (len(rows), total) == (whole.count, whole.digest)
    states = (await ask(org, asked.STATES, asked.StatesRequest(ids=[rows[0][0]]))).told
    assert [t.data["member_id"] for t in states] == [str(rows[0][0])]


async def test_nobody_but_the_hub_is_answered_and_only_in_the_same_form(org: OrgKit) -> None:
    for name, question in (
        (asked.SUMS, asked.SumsRequest(form=FORM)),
        (asked.PAGE, asked.PageRequest(kind="members")),
        (asked.STATES, asked.StatesRequest(ids=[])),
        (asked.HEAD, asked.HeadRequest()),
    ):
        with pytest.raises(Forbidden):
            await ask(org, name, question, "somebody")
    with pytest.raises(Refused, match="版本不同"):
        await ask(org, asked.SUMS, asked.SumsRequest(form=FORM + 1))


async def test_an_answer_holds_masks_and_tokens_only(org: OrgKit) -> None:
    phone, identity = phone_number(), identity_number()
    async with org.kit.database.transaction() as session:
        _, unit, _ = await tree(session, org)
        await admit(session, org, unit, phone=phone, identity=identity, consent="是")
    page = (await ask(org, asked.PAGE, asked.PageRequest(kind="members"))).model_dump_json()
    assert phone[-4:] in page
    assert phone not in page
    assert identity not in page


async def test_a_ledger_behind_the_roll_is_brought_up_to_date(org: OrgKit) -> None:
    await lived(org)
    before = await ask(org, asked.SUMS, asked.SumsRequest(form=FORM))
    async with org.kit.database.transaction() as session:
        ids = list(await session.scalars(select(Member.id).where(Member.shared).order_by(Member.id)))
        await session.execute(
            update(MemberTold).where(MemberTold.member_id == ids[0]).values(form=0, digest=1)
        )
        await session.execute(text("delete from member where id = :id"), {"id": ids[1]})
    after = await ask(org, asked.SUMS, asked.SumsRequest(form=FORM))
    async with org.kit.database.transaction() as session:
        mended = await session.get_one(MemberTold, ids[0])
        gone = await session.get_one(MemberTold, ids[1])
        assert (mended.form, gone.withdrawn) == (FORM, True)
        assert mended.digest != 1
        await session.execute(delete(MemberTold))
    assert sum(p.count for p in after.parts) == sum(p.count for p in before.parts)
    anew = await ask(org, asked.SUMS, asked.SumsRequest(form=FORM))
    assert sum(p.count for p in anew.parts) == len(ids) - 1
    async with org.kit.database.transaction() as session:
        assert not await sums.settle(session, org)


async def test_a_renamed_unit_is_told_and_remembered_anew(org: OrgKit) -> None:
    async with org.kit.database.transaction() as session:
        _, unit, _ = await tree(session, org)
        member = await admit(session, org, unit, consent="是")
    before = await ask(org, asked.SUMS, asked.SumsRequest(form=FORM))
    async with org.kit.database.transaction() as session:
        await rename_unit(session, org, unit.id, "新柳江单位", version=unit.version, actor=CLERK)
    same = await ask(org, asked.SUMS, asked.SumsRequest(form=FORM))
    assert same.parts == before.parts, "people are not told again"
    (word,) = (await ask(org, asked.STATES, asked.StatesRequest(ids=[member.id]))).told
    assert "新柳江单位" in word.data["unit_names"]
    after = await ask(org, asked.SUMS, asked.SumsRequest(form=FORM))
    assert after.parts[0].digest == digest(CATALOGUE[word.type].model_validate(word.data), word.at)  # type: ignore[arg-type]


async def test_telling_again_keeps_one_row(org: OrgKit) -> None:
    async with org.kit.database.transaction() as session:
        _, unit, _ = await tree(session, org)
        member = await admit(session, org, unit, consent="是")
        member.version += 1
        await tell(session, org, [m async for m in breathing([member])])
        rows = list(await session.scalars(select(MemberTold)))
        assert [(r.member_id, r.version) for r in rows] == [(member.id, member.version)]
