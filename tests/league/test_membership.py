"""Ages at entry, the 28th birthday, posts; one branch per person."""

from collections.abc import AsyncIterator
from datetime import date
from uuid import uuid4

import pytest

from services.league.membership import LeagueMembership
from services.league.rules import AGES
from shared.kit import clock
from shared.kit.errors import Refused
from shared.org.kit import OrgKit
from shared.org.members import change, leave_many, read_entry, step_many
from shared.org.policy import Entry
from tests.org.people import CLERK, admit, identity_number, tree
from tests.org.pool import Orgs

TODAY = date(2026, 11, 23)
POLICY = LeagueMembership()
LEAP = date(2012, 2, 29)


def somebody(
    birth: date | None, joined: date | None = None, post: str | None = None, **facts: object
) -> Entry:
    return Entry(
        name="单文慧", unit_id=uuid4(), kind="member", birth=birth, joined_on=joined, post=post, facts=facts
    )


@pytest.mark.parametrize(
    ("birth", "joined", "post", "reason"),
    [
        (date(2012, 11, 23), None, None, None),
        (date(2012, 11, 24), None, None, "入团时未满14周岁"),
        (date(1998, 11, 24), None, None, None),
        (date(1998, 11, 23), None, None, "入团时已满28周岁"),
        (date(1998, 11, 23), None, "支部书记", "入团时已满28周岁"),
        (date(1998, 11, 23), date(2014, 5, 4), None, "已满28周岁，请办理离团或登记团内职务"),
        (date(1998, 11, 23), date(2014, 5, 4), "支部书记", None),
        (date(1998, 11, 24), date(2014, 5, 4), None, None),
        (None, None, None, None),
    ],
)
def test_who_may_join(birth: date | None, joined: date | None, post: str | None, reason: str | None) -> None:
    entry = somebody(birth, joined, post)
    if reason is None:
        POLICY.check(entry, TODAY)
        return
    with pytest.raises(Refused) as refused:
        POLICY.check(entry, TODAY)
    assert refused.value.title == reason


@pytest.mark.parametrize(("on", "allowed"), [(date(2026, 2, 28), True), (date(2026, 2, 27), False)])
def test_who_was_born_on_a_leap_day_may_join_on_28_february(on: date, allowed: bool) -> None:
    if allowed:
        POLICY.check(somebody(LEAP, on), on)
        return
    with pytest.raises(Refused, match="入团时未满14周岁"):
        POLICY.check(somebody(LEAP, on), on)


@pytest.mark.parametrize(
    ("birth", "joined", "doubt"),
    [
        (date(2004, 9, 5), date(2018, 5, 4), "入团时未满14周岁"),
        (date(2004, 5, 4), date(2018, 5, 4), None),
        (date(1999, 1, 1), date(2012, 5, 4), "入团时未满14周岁"),
        (date(2004, 9, 5), None, None),
    ],
)
def test_a_day_of_the_past_that_cannot_be_right_is_to_be_checked(
    birth: date, joined: date | None, doubt: str | None
) -> None:
    """Refusing would leave a real member off the roll: the record waits for staff instead (docs/adr/0010)."""
    entry = somebody(birth, joined)
    POLICY.check(entry, TODAY)
    assert list(POLICY.doubts(entry, TODAY)) == ([doubt] if doubt else [])


def test_nobody_under_age_today_comes_in_by_an_old_date() -> None:
    with pytest.raises(Refused, match="未满14周岁"):
        POLICY.check(somebody(date(2013, 1, 1), date(2025, 5, 4)), TODAY)


def test_the_age_rule_has_a_source_and_a_leap_day() -> None:
    rule = AGES.rule(TODAY)
    assert (rule.value.least, rule.value.limit, rule.value.leap) == (14, 28, "28 February")
    assert "章程" in rule.source


def test_the_development_number() -> None:
    POLICY.check(somebody(date(2008, 1, 1), development_no="202651000001"), TODAY)
    with pytest.raises(Refused, match="发展团员编号"):
        POLICY.check(somebody(date(2008, 1, 1), development_no="第7号"), TODAY)


def test_words_for_kinds() -> None:
    assert POLICY.kind_of("", {}) == "member"
    assert POLICY.kind_of("", {"party": "party"}) == "party_member"
    assert POLICY.kind_of("保留团籍", {}) == "party_member"
    assert POLICY.kind_of("会员", {}) is None


@pytest.fixture
async def league(orgs: Orgs) -> AsyncIterator[OrgKit]:
    made = await orgs.empty("league")
    yield made
    await made.kit.database.close()


async def test_who_grew_too_old_stays_and_can_be_corrected(
    league: OrgKit, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = identity_number(date(1999, 3, 1))
    async with league.kit.database.transaction() as session:
        _, unit, _ = await tree(session, league)
        member = await admit(session, league, unit, identity=number, joined_on="2014-05-04")
    monkeypatch.setattr("shared.kit.clock.today", lambda: date(2028, 1, 1))
    async with league.kit.database.transaction() as session:
        raw = {"name": "单文惠", "kind": "member", "joined_on": "2014-05-05"}
        changed = await change(session, league, member, read_entry(league, raw, unit.id), CLERK, version=1)
        assert (changed.standing, changed.name) == ("active", "单文惠")


async def test_who_left_because_of_age_does_not_come_back_by_undoing(league: OrgKit) -> None:
    number = identity_number(date(1990, 3, 1))
    async with league.kit.database.transaction() as session:
        _, unit, _ = await tree(session, league)
        held = await admit(session, league, unit, identity=number, joined_on="2006-05-04", post="团支部书记")
        held.post = None
        await leave_many(session, league, [held], clock.today(), "超龄离团", CLERK)
        with pytest.raises(Refused, match="已满28周岁"):
            await step_many(session, league, [held], "restore", CLERK)


async def test_a_doubtful_record_waits_to_be_checked(league: OrgKit) -> None:
    async with league.kit.database.transaction() as session:
        _, unit, _ = await tree(session, league)
        number = identity_number(date(2005, 6, 15))
        member = await admit(session, league, unit, identity=number, joined_on="2018-06-01")
        assert member.standing == "pending"
        await step_many(session, league, [member], "resume", CLERK, "已核对入团志愿书")
        assert member.standing == "active"


async def test_one_branch_holds_a_member(league: OrgKit) -> None:
    number = identity_number()
    async with league.kit.database.transaction() as session:
        _, one, two = await tree(session, league)
        await admit(session, league, one, identity=number)
        with pytest.raises(Refused, match="柳江单位"):
            await admit(session, league, two, identity=number)
