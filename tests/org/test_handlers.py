"""What the bus asks of the roll, and the desk."""

from datetime import date, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from shared.contracts.event import Envelope, Received
from shared.contracts.lookups import LookupRecorded
from shared.contracts.rpc import TokenAnswer, TokenRequest
from shared.kit import clock
from shared.org.home import reading
from shared.org.kit import OrgKit
from shared.org.members import leave_many
from shared.org.members.handlers import lookups, token_responder
from shared.org.members.history import history_of
from shared.org.members.models import MemberChange
from shared.org.members.rules import birthday
from shared.org.members.tally import tally
from tests.org.people import CLERK, admit, identity_number, phone_number, tree


@pytest.mark.parametrize(
    ("kind", "value", "problem"),
    [
        ("identity", "519901200506150020", "校验码不符"),
        ("identity", "", "证件号码为空"),
        ("phone", "1380000", "手机号码应为 11 位"),
        ("card", "!", "卡号应为"),
    ],
)
async def test_a_value_that_is_none_gets_a_reason_without_the_value(
    org: OrgKit, kind: str, value: str, problem: str
) -> None:
    answer = await token_responder(org).answer(TokenRequest(kind=kind, value=value))  # type: ignore[arg-type]
    assert isinstance(answer, TokenAnswer)
    assert answer.token is None
    assert problem in (answer.problem or "")
    assert not value or value not in (answer.problem or "")


async def test_tokens_are_those_of_the_roll(org: OrgKit) -> None:
    number, phone = identity_number(), phone_number()
    async with org.kit.database.transaction() as session:
        _, unit, _ = await tree(session, org)
        member = await admit(session, org, unit, identity=number, phone=phone)
    answer = token_responder(org).answer
    assert await answer(TokenRequest(kind="identity", value=f" {number} ")) == TokenAnswer(
        token=member.identity_token, others={}
    )
    assert await answer(TokenRequest(kind="phone", value=f"+86 {phone}")) == TokenAnswer(
        token=member.phone_token, others={}
    )
    both = await answer(TokenRequest(kind="identity", value=phone, also=["phone", "card"]))
    assert isinstance(both, TokenAnswer)
    assert (both.token, both.others) == (
        None,
        {"phone": member.phone_token, "card": org.tokens.card_token(phone)},
    )
    card = await answer(TokenRequest(kind="card", value="5199-0001"))
    assert card == TokenAnswer(token=org.tokens.card_token("51990001"), others={})


def looked_up(member_id: UUID, event_id: UUID) -> Received:
    event = LookupRecorded(
        lookup_id=uuid4(), member_id=member_id, at=clock.now(), staff_name="何静怡", staff_office="市妇联办公室",
        purpose="joint_activity", purpose_title="联合活动人员核对",
    )  # fmt: skip
    envelope = Envelope(
        id=event_id, source="hub", type=LookupRecorded.type, time=clock.now(), subject=str(member_id), sequence=1,
        to="union", data=event.model_dump(mode="json"),
    )  # fmt: skip
    return Received(envelope=envelope, event=event, position=1, received_at=clock.now())


async def test_who_looked_is_noted_once_in_plain_words(org: OrgKit) -> None:
    async with org.kit.database.transaction() as session:
        _, unit, _ = await tree(session, org)
        member = await admit(session, org, unit)
    event_id = uuid4()
    batch = [looked_up(member.id, event_id), looked_up(uuid4(), uuid4())]
    for _ in range(2):
        async with org.kit.database.transaction() as session:
            await lookups().apply(session, batch)
    async with org.kit.database.transaction() as session:
        rows = list(await session.scalars(select(MemberChange).where(MemberChange.fact == "looked_up")))
        assert [row.event_id for row in rows] == [event_id]
        newest = (await history_of(session, org, member.id))[0]
        assert newest.text == "市妇联办公室查看了资料，用途为联合活动人员核对。"
        assert (newest.detail, newest.kind) == ("查看人 何静怡", "quiet")


async def test_the_figures_of_the_desk(org: OrgKit) -> None:
    today = clock.today()
    async with org.kit.database.transaction() as session:
        _, one, two = await tree(session, org)
        await admit(session, org, one, joined_on=today.isoformat())
        await admit(session, org, one, phone="")
        await admit(session, org, two, identity="", birth="2005-06-15", sex="女")
        gone = await admit(session, org, one)
        await leave_many(session, org, [gone], today, "调离", CLERK)
        there, below = await tally(session, ""), await tally(session, one.path)
        whole = await reading.figures(session, org, "", there)
        part = await reading.figures(session, org, one.path, below)
        assert (whole.people, whole.joined, whole.left, whole.units) == (3, 1, 1, 3)
        assert (part.people, part.units) == (2, 1)
        missing = await reading.gaps(session, org, "", there)
        assert (missing.phone, missing.identity) == (1, 1)
        assert (await reading.imports_waiting(session, "")).number == 0


async def test_the_desk_names_who_comes_of_age(org: OrgKit) -> None:
    today = clock.today()
    limit = org.policy.age_limit(today)
    near = birthday(today + timedelta(days=30), -(limit or 28))
    later = birthday(today + timedelta(days=90), -(limit or 28))
    async with org.kit.database.transaction() as session:
        _, unit, _ = await tree(session, org)
        for name, birth, post in (("曾晓雯", near, ""), ("何静怡", near, "支部书记"), ("温若琳", later, "")):
            await admit(
                session,
                org,
                unit,
                name=name,
                identity=identity_number(birth),
                post=post,
                joined_on="2016-05-04",
            )
        number, people = await reading.ageing(session, org, "")
    if limit is None:
        assert (number, people) == (0, [])
    else:
        assert number == 1
        assert [(p.name, p.over, p.due) for p in people] == [("曾晓雯", False, birthday(near, limit))]
        assert isinstance(people[0].due, date)
