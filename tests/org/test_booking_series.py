"""Series: what a rule and holidays give, preview, all or none, alternatives for single dates."""

from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import func, select

from shared.kit.clock import CHINA
from shared.kit.errors import Invalid
from shared.org.bookings import Booking
from shared.org.bookings.alternatives import alternatives
from shared.org.bookings.models import Series
from shared.org.bookings.rules import Occurrence, occurrences, without
from shared.org.bookings.series import Clash, Repeat, book_series, bookings_of, preview, put_back, take_out
from shared.org.kit import OrgKit
from tests.org.people import CLERK, tree
from tests.org.rooms import at, booked, booker, venue


def moment(year: int, month: int, day: int, hour: int = 14) -> datetime:
    return datetime(year, month, day, hour, tzinfo=CHINA)


def rule(text: str, start: datetime, holidays: str) -> list[Occurrence]:
    return occurrences(text, start, start + timedelta(hours=3), holidays)  # type: ignore[arg-type]


def test_the_mock_up_fortnightly_friday_over_national_day() -> None:
    """隔周周五，共4次 from 18 September 2026: the second falls on 2 October and is shifted to the 9th."""
    found = rule("FREQ=WEEKLY;INTERVAL=2;COUNT=4", moment(2026, 9, 18), "shift")
    assert [o.start.date() for o in found] == [
        date(2026, 9, 18),
        date(2026, 10, 9),
        date(2026, 10, 16),
        date(2026, 10, 30),
    ]
    assert found[1].note == "国庆节，顺延至10月9日"
    skipped = rule("FREQ=WEEKLY;INTERVAL=2;COUNT=4", moment(2026, 9, 18), "skip")
    assert [o.on for o in without(skipped, [])] == [date(2026, 9, 18), date(2026, 10, 16), date(2026, 10, 30)]
    kept = rule("FREQ=WEEKLY;INTERVAL=2;COUNT=4", moment(2026, 9, 18), "keep")
    assert kept[1].start == moment(2026, 10, 2)


def test_a_weekly_shift_does_not_land_on_the_next_date_of_the_rule() -> None:
    found = rule("FREQ=WEEKLY;COUNT=3", moment(2026, 9, 25), "shift")
    assert len({o.start for o in found}) == 3


@pytest.mark.parametrize(
    "text",
    ["", "FREQ=WEEKLY", "FREQ=SECONDLY;COUNT=3", "FREQ=WEEKLY;COUNT=105", "每周", "FREQ=DAILY;COUNT=x"],
)
def test_rules_that_are_not_taken(text: str) -> None:
    with pytest.raises(Invalid):
        rule(text, moment(2026, 9, 18), "keep")


def wish(org: OrgKit, place: object, **given: object) -> Repeat:
    start = at(5, 9)
    values = {
        "start": start,
        "end": start + timedelta(hours=2),
        "rule": "FREQ=WEEKLY;COUNT=6",
        "holidays": "keep",
    }
    return Repeat(venue_id=place.id, title="读书会", booker=booker(org), **(values | given))  # type: ignore[attr-defined,arg-type]


async def test_nothing_is_offered_that_was_just_refused(org: OrgKit) -> None:
    async with org.kit.database.transaction() as session:
        _, one, _ = await tree(session, org)
        hall = await venue(session, org, one)
        large = await venue(session, org, one, name="礼堂", capacity=hall.capacity * 2)
        start, end = at(5, 9), at(5, 11)
        free = await alternatives(session, hall, start, end, hall.capacity)
        assert start not in {o.start for o in free if o.venue_id == hall.id}
        assert {o.venue_id for o in free} == {hall.id, large.id}
        crowd = await alternatives(session, hall, start, end, hall.capacity + 1)
        assert {o.venue_id for o in crowd} == {large.id}
        assert await alternatives(session, hall, start, end, large.capacity + 1) == []


async def test_all_or_none_with_another_venue_for_the_clash(org: OrgKit) -> None:
    async with org.kit.database.transaction() as session:
        _, one, _ = await tree(session, org)
        hall = await venue(session, org, one)
        other = await venue(session, org, one, name="二楼会议室")
        await booked(session, org, hall, at(19, 10))
        seen = await preview(session, org, wish(org, hall))
        assert [bool(p.problem) for p in seen] == [False, False, True, False, False, False]
        assert other.id in {o.venue_id for o in seen[2].alternatives}
        with pytest.raises(Clash) as caught:
            async with session.begin_nested():
                await book_series(session, org, wish(org, hall), CLERK)
        assert caught.value.extra["dates"] == [at(19, 0).date().isoformat()]
        assert await session.scalar(select(func.count()).select_from(Series)) == 0
        made = await book_series(
            session, org, wish(org, hall, elsewhere=((at(19, 0).date(), other.id),)), CLERK
        )
        rows = await bookings_of(session, made)
        assert [b.venue_id == other.id for b in rows] == [False, False, True, False, False, False]


async def test_a_date_out_is_free_and_comes_back_elsewhere(org: OrgKit) -> None:
    async with org.kit.database.transaction() as session:
        _, one, _ = await tree(session, org)
        hall, other = await venue(session, org, one), await venue(session, org, one, name="二楼会议室")
        series = await book_series(session, org, wish(org, hall), CLERK)
        day = at(12, 0).date()
        await take_out(session, series.id, [day], "", CLERK)
        await booked(session, org, hall, at(12, 9))
        await put_back(session, org, series.id, day, CLERK, other.id)
        standing = select(Booking).where(Booking.series_id == series.id, Booking.status == "confirmed")
        assert len(list(await session.scalars(standing))) == 6
        assert series.left_out == []
        with pytest.raises(Invalid):
            await put_back(session, org, series.id, day + timedelta(days=1), CLERK)
