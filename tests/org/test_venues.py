"""Venues at their owner: hours, rules, halls and parts, versions and events."""

from datetime import date, datetime, timedelta

import pytest

from shared.contracts.venues import OpenException, Opening, Sharing, WeekdayHours
from shared.kit import clock
from shared.kit.calendar import Span, day_kind, day_slots, is_open, open_spans, use_of
from shared.kit.errors import Invalid, NotFound, Refused
from shared.org.kit import OrgKit
from shared.org.venues import (
    change_venue,
    close_venue,
    create_venue,
    except_days,
    refuse_booking,
    state_of,
    usual_days,
)
from shared.org.venues.rules import read_hours, written_hours
from tests.org.people import CLERK, told, tree
from tests.org.rooms import at, new_venue, venue

NINE_TO_FIVE = Opening(weekly=tuple(WeekdayHours(weekday=d, opens=540, closes=1020) for d in range(5)))


@pytest.mark.parametrize(
    ("day", "workday", "mark", "provisional"),
    [
        (date(2026, 9, 17), True, "", False),
        (date(2026, 9, 19), False, "休", False),
        (date(2026, 9, 20), True, "班", False),
        (date(2026, 10, 1), False, "休", False),
        (date(2026, 10, 10), True, "班", False),
        (date(2031, 10, 1), False, "休", True),
        (date(2031, 9, 17), True, "", True),
    ],
)
def test_days_of_the_calendar(day: date, workday: bool, mark: str, provisional: bool) -> None:
    kind = day_kind(day)
    assert (kind.workday, kind.mark, kind.provisional) == (workday, mark, provisional)


def test_a_working_weekend_has_mondays_hours_and_a_holiday_none() -> None:
    assert open_spans(NINE_TO_FIVE, date(2026, 9, 20)) == [Span(540, 1020)]
    assert open_spans(NINE_TO_FIVE, date(2026, 9, 19)) == []
    assert open_spans(NINE_TO_FIVE, date(2026, 10, 1)) == []
    as_usual = NINE_TO_FIVE.model_copy(update={"holidays": "as_usual"})
    assert open_spans(as_usual, date(2026, 10, 1)) == [Span(540, 1020)]


@pytest.mark.parametrize(
    ("hour", "minute", "offers"),
    [
        (8, 0, [(540, 720), (720, 1020)]),
        (9, 20, [(570, 720), (720, 1020)]),  # the next quarter of an hour on
        (11, 40, [None, (720, 1020)]),
        (23, 59, [None, None]),
    ],
)
def test_hours_that_are_over_are_not_offered(
    monkeypatch: pytest.MonkeyPatch, hour: int, minute: int, offers: list[tuple[int, int] | None]
) -> None:
    now = datetime(2026, 9, 17, hour, minute, tzinfo=clock.CHINA)
    monkeypatch.setattr(clock, "now", lambda: now)
    before, day, after = (
        day_slots(now.date() + timedelta(days=d), [Span(540, 1020)], []) for d in (-1, 0, 1)
    )
    shown = [(s.offer.opens, s.offer.closes) if s.offer else None for s in day]
    assert shown == [*offers, None]
    assert [s.state for s in before] == ["past", "past", "shut"]
    assert [s.state for s in after] == ["free", "free", "shut"]
    assert use_of([day]) == 0


def test_hours_are_read_as_people_write_them() -> None:
    read = read_hours("周一至周五 8:30-12:00 14:00-21:00\n周六 9：00—18：00")
    assert len(read) == 11
    assert written_hours(read) == "周一至周五 8:30-12:00 14:00-21:00\n周六 9:00-18:00"
    assert read_hours(written_hours(read)) == read
    assert written_hours(read, english=True) == "Mon to Fri 8:30-12:00 14:00-21:00\nSat 9:00-18:00"
    for line in (
        "Mon to Fri 8:30-12:00 14:00-21:00\nSat 9:00-18:00",
        "monday - friday: 8:30-12:00, 14:00-21:00\nSAT 9:00-18:00",
    ):
        assert read_hours(line) == read
    for wrong in (
        "每天都开",
        "周一 9:00-8:00",
        "周五至周一 9:00-10:00",
        "周一 9:00-10:00 有时",
        "周一 25:00-26:00",
        "Fri to Mon 9:00-10:00",
        "every day 9:00-10:00",
    ):
        with pytest.raises(Invalid):
            read_hours(wrong)


def test_the_sharing_rule_says_why_not() -> None:
    now = at(0, 0)
    # a Thursday far enough from holidays is not needed: only the reason is looked at
    start = at(10, 10)
    opening = Opening(
        weekly=tuple(WeekdayHours(weekday=d, opens=540, closes=1080) for d in range(7)), holidays="as_usual"
    )

    def refused(sharing: Sharing, hours: float = 2, mine: bool = False, first: datetime | None = None) -> str:
        begins = first or start
        with pytest.raises((Refused, Invalid)) as caught:
            refuse_booking(
                opening,
                sharing,
                mine=mine,
                org="others",
                start=begins,
                end=begins + timedelta(hours=hours),
                now=now,
            )
        return caught.value.title

    assert "只供本单位" in refused(Sharing(share="own"))
    assert "没有对您的组织开放" in refused(Sharing(share="some", partners=("friends",)))
    assert "最长" in refused(Sharing(longest_hours=1))
    assert "须提前" in refused(Sharing(notice_hours=24 * 20))
    assert "最多可提前" in refused(Sharing(horizon_days=5))
    assert "不开放" in refused(Sharing(), hours=9)
    assert "15分钟" in refused(Sharing(), first=at(10, 10) + timedelta(minutes=7))
    refuse_booking(
        opening, Sharing(), mine=False, org="others", start=start, end=start + timedelta(hours=2), now=now
    )
    refuse_booking(
        opening,
        Sharing(share="own"),
        mine=True,
        org="us",
        start=start,
        end=start + timedelta(hours=2),
        now=now,
    )


async def test_a_venue_is_told_whole_and_counted(org: OrgKit) -> None:
    async with org.kit.database.transaction() as session:
        _, one, _ = await tree(session, org)
        hall = await venue(session, org, one, equipment=("投影", "音响"))
        part = await create_venue(
            session, org, new_venue(org, one, name="东厅", hall_id=hall.id), actor=CLERK
        )
        other = await create_venue(
            session, org, new_venue(org, one, name="西厅", hall_id=hall.id), actor=CLERK
        )
        assert (hall.place.lower, hall.place.upper) == (0, None)
        assert [(p.place.lower, p.place.upper) for p in (part, other)] == [(0, 1), (1, 2)]
        with pytest.raises(Refused, match="东厅"):
            await create_venue(session, org, new_venue(org, one, name="东厅", hall_id=hall.id), actor=CLERK)
        with pytest.raises(Refused, match="不能再分"):
            await create_venue(session, org, new_venue(org, one, name="角", hall_id=part.id), actor=CLERK)
        with pytest.raises(Refused, match="分场地"):
            await close_venue(session, org, hall.id, version=1, reason="改建", actor=CLERK)
        given = new_venue(org, one, name="大礼堂")
        await change_venue(session, org, hall.id, given, version=1, actor=CLERK)
        with pytest.raises(Refused, match="刚被别人改过"):
            await change_venue(session, org, hall.id, given, version=1, actor=CLERK)
        (_, first), (type_, second) = await told(session, hall.id)
        assert (type_, first["version"], second["version"], second["name"]) == (
            "venue.changed.v1",
            1,
            2,
            "大礼堂",
        )
        assert first["equipment"] == ["投影", "音响"]
        # the part's full name follows its hall
        assert (await told(session, part.id))[-1][1]["names"] == ["大礼堂", "东厅"]


async def test_exceptions_close_days_and_keep_each_other(org: OrgKit) -> None:
    async with org.kit.database.transaction() as session:
        _, one, _ = await tree(session, org)
        hall = await venue(session, org, one)
        day = clock.today() + timedelta(days=3)
        shut = OpenException(first=day, last=day, reason="检修")
        await except_days(session, org, hall.id, shut, version=1, actor=CLERK)
        await except_days(
            session, org, hall.id, OpenException(first=day + timedelta(days=2), last=day + timedelta(days=2)),
            version=2, actor=CLERK,
        )  # fmt: skip
        opening = Opening.model_validate(hall.opening)
        assert len(opening.exceptions) == 2
        assert not is_open(opening, at(3, 10), at(3, 11))
        assert is_open(opening, at(4, 10), at(4, 11))
        await usual_days(session, org, hall.id, day, version=3, actor=CLERK)
        opening = Opening.model_validate(hall.opening)
        assert [e.first for e in opening.exceptions] == [day + timedelta(days=2)]
        assert is_open(opening, at(3, 10), at(3, 11))
        with pytest.raises(NotFound, match="没有调整过"):
            await usual_days(session, org, hall.id, day, version=4, actor=CLERK)
        over = OpenException(first=day - timedelta(days=9), last=day - timedelta(days=8))
        with pytest.raises(Invalid, match="已经过去"):
            await except_days(session, org, hall.id, over, version=4, actor=CLERK)


async def test_only_the_unit_in_ones_scope(org: OrgKit) -> None:
    async with org.kit.database.transaction() as session:
        _, one, two = await tree(session, org)
        hall = await venue(session, org, one)
        with pytest.raises(NotFound):
            await close_venue(session, org, hall.id, version=1, reason="改建", actor=CLERK, scope=two.path)
        await close_venue(session, org, hall.id, version=1, reason="改建", actor=CLERK, scope=one.path)
        assert hall.status == "closed"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"staffing": "lead_eight"}, "请填写牵头组织"),
        ({"lead_org": "friends", "tenants": ("friends", "others")}, "不用再列为入驻组织"),
    ],
)
async def test_who_leads_a_station_is_named_once(org: OrgKit, given: dict[str, object], said: str) -> None:
    async with org.kit.database.transaction() as session:
        _, one, _ = await tree(session, org)
        with pytest.raises(Invalid, match=said):
            await venue(session, org, one, **given)
        led = await venue(session, org, one, staffing="lead_eight", lead_org="friends", tenants=("others",))
        told = await state_of(session, org, led)
        assert (told.lead_org, told.tenants) == ("friends", ("others",))
