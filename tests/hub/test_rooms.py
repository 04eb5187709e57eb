"""Shared venues at the hub: the newest word of their owner, the grid, free venues."""

import re
from datetime import date, datetime, time, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select, update

from services.hub.venues.finding import LOOKED_AT, Need, distance, find_free
from services.hub.venues.models import Booking, BookingRequest, RequestItem, Venue
from services.hub.venues.projection import apply_bookings, apply_venues
from shared.contracts.bookings import Alternative, BookingChanged, Trouble
from shared.contracts.venues import VenueChanged
from shared.kit import clock
from shared.kit.calendar import monday_of
from shared.kit.clock import CHINA
from shared.kit.module import Projection
from tests.hub.conftest import Hub
from tests.hub.site import clients
from tests.hub.telling import announced
from tests.org.rooms import at

HALL = UUID("00000000-0000-4000-8000-00000000000a")
WEEK = tuple({"weekday": d, "opens": 0, "closes": 1440} for d in range(7))


def told_venue(version: int = 1, **given: object) -> VenueChanged:
    values = {
        "venue_id": HALL, "version": version, "hall_id": HALL, "place_from": 0, "place_to": None, "name": "多功能厅",
        "names": ("多功能厅",), "kind": "hall", "kind_title": "礼堂", "capacity": 300, "address": "工人路18号",
        "district": "锦江区", "unit_id": uuid4(), "unit_names": ("总会",), "status": "active", "sharing": {},
        "opening": {"weekly": WEEK, "holidays": "as_usual"},
    }  # fmt: skip
    return VenueChanged.model_validate(values | given)


def told_booking(start: datetime, version: int = 1, **given: object) -> BookingChanged:
    values = {
        "booking_id": uuid4(), "version": version, "venue_id": HALL, "hall_id": HALL, "place_from": 0, "place_to": None,
        "start": start, "end": start + timedelta(hours=2), "busy_from": start, "busy_to": start + timedelta(hours=2),
        "status": "confirmed", "purpose": "劳模宣讲", "org": "first",
    }  # fmt: skip
    return BookingChanged.model_validate(values | given)


async def tell(hub: Hub, source: str, *events: object) -> None:
    hub.projections = (
        [
            *hub.projections,
            Projection((VenueChanged,), apply_venues),
            Projection((BookingChanged,), apply_bookings),
        ]
        if len(hub.projections) < 5
        else hub.projections
    )
    await hub.tell(source, *events)  # type: ignore[arg-type]


async def test_the_newest_word_of_its_owner_counts(hub: Hub) -> None:
    booking = told_booking(at(5, 9), version=3)
    old = booking.model_copy(update={"version": 2, "status": "waiting"})
    await tell(
        hub, "first", told_venue(2, name="大礼堂", names=("大礼堂",)), told_venue(1), booking, old, booking
    )
    await tell(hub, "first", told_venue(1), old)
    # another organisation cannot speak of a venue or a booking that is not its own
    await tell(hub, "second", booking.model_copy(update={"version": 9, "status": "cancelled"}))
    async with hub.database.transaction() as session:
        (hall,) = await session.scalars(select(Venue))
        assert (hall.name, hall.version) == ("大礼堂", 2)
        rows = {b.owner: b.status for b in await session.scalars(select(Booking))}
        assert rows == {"first": "confirmed", "second": "cancelled"}


async def test_a_week_that_was_written_before_tells_what_has_changed(hub: Hub) -> None:
    """Rows are kept as they were written: the owner's next word, and another look of an organisation, count."""
    booking, week = told_booking(at(5, 9)), f"/rooms?day={at(5, 0).date().isoformat()}"
    await tell(hub, "first", announced("first", "甲"), told_venue(), booking)
    async with clients(hub, "viewer", "clerk") as (viewer, clerk):
        for person in (viewer, clerk, viewer):
            assert (await person.get(week)).text.count("<span>劳模宣讲</span>") == 1
        await tell(hub, "first", booking.model_copy(update={"version": 2, "purpose": "读书会"}))
        assert (await clerk.get(week)).text.count("<span>读书会</span>") == 1
        await tell(hub, "first", booking.model_copy(update={"version": 3, "status": "cancelled"}))
        assert "读书会" not in (await clerk.get(week)).text
        await tell(hub, "first", told_venue(2, capacity=123), announced("first", "天", "plum"))
        page = (await viewer.get(week)).text
        assert "123人" in page
        assert '<th scope="row" class="wg-venue" data-palette="plum">' in page


async def test_a_row_is_written_anew_for_another_page(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another week, language, pick and quarter of an hour; a venue of the same number at another organisation."""
    await tell(hub, "first", announced("first", "甲"), told_venue(names=("甲厅",)))
    await tell(hub, "second", announced("second", "乙"), told_venue(names=("乙厅",)))
    days = [monday_of(at(14, 0).date()) + timedelta(weeks=n) for n in range(2)]
    async with clients(hub, "clerk") as (clerk,):
        for _ in range(2):
            for day in days:
                page = (await clerk.get(f"/rooms?day={day.isoformat()}")).text
                assert (page.count("<span>甲厅</span>"), page.count("<span>乙厅</span>")) == (1, 1)
                picks = re.findall(r'class="free" href="([^"]+)"', page)
                assert {re.search(r"[?&;]day=([0-9-]+)", p)[1] for p in picks} == {day.isoformat()}  # type: ignore[index]
                first = {date.fromisoformat(re.search(r"_(20[0-9-]+)_", p)[1]) for p in picks}  # type: ignore[index]
                assert {monday_of(each) for each in first} == {day}
        one = picks[0].replace("&amp;", "&").split("#")[0]
        again = re.findall(r'class="free" href="([^"]+)"', (await clerk.get(one)).text)
        assert {p.count("pick=") for p in again} == {2}
        clerk.http.cookies.set("quntuan_lang", "en")
        assert "上午" not in (await clerk.get(f"/rooms?day={days[0].isoformat()}")).text
        clerk.http.cookies.delete("quntuan_lang")
        later = at(14, 12) + timedelta(weeks=1)
        monkeypatch.setattr(clock, "now", lambda: later)
        gone = (await clerk.get(f"/rooms?day={days[1].isoformat()}")).text
        assert len(re.findall(r'class="free"', gone)) < len(picks)


def at_minute(day: date, minute: int) -> datetime:
    return datetime.combine(day, time(), CHINA) + timedelta(minutes=minute)


async def test_nothing_is_offered_that_the_owners_rule_refuses(hub: Hub) -> None:
    """Too soon for its notice, too far for its horizon: neither in the grid nor among free venues."""
    rule = {"notice_hours": 48, "horizon_days": 4}
    await tell(hub, "first", announced("first", "甲"), told_venue(sharing=rule))
    async with clients(hub, "clerk") as (clerk,):
        offered = set[tuple[date, int]]()
        for day in {monday_of(at(n, 0).date()) for n in (0, 7)}:
            page = (await clerk.get(f"/rooms?day={day.isoformat()}")).text
            found = re.findall(rf"pick={HALL}_([0-9-]+)_([0-9]+)_", page)
            offered |= {(date.fromisoformat(day), int(minute)) for day, minute in found}
    latest = clock.now() + timedelta(days=4)
    assert {d for d, _ in offered} - {at(2, 0).date(), at(4, 0).date()} == {at(3, 0).date()}
    assert all(clock.now() + timedelta(hours=48) <= at_minute(*slot) <= latest for slot in offered)
    async with hub.database.transaction() as session:
        for days, kinds_found in ((1, 0), (3, 1), (5, 0)):
            assert len(await find_free(session, Need(at(days, 0).date(), 60))) == kinds_found
        for free in await find_free(session, Need(at(2, 0).date(), 60)):
            assert free.start >= clock.now() + timedelta(hours=48)
        for opens in range(0, 24 * 60, 180):
            for free in await find_free(session, Need(at(4, 0).date(), 60, opens=opens)):
                assert free.start <= clock.now() + timedelta(days=4)


async def test_venues_that_cannot_be_had_do_not_hide_those_that_can(hub: Hub) -> None:
    """A hundred small rooms ask for three days' notice: the one large hall is found."""
    small = [uuid4() for _ in range(LOOKED_AT)]
    rooms = [told_venue(venue_id=i, hall_id=i, capacity=10, sharing={"notice_hours": 72}) for i in small]
    await tell(hub, "first", announced("first", "甲"), *rooms, told_venue())
    async with hub.database.transaction() as session:
        assert [f.venue_id for f in await find_free(session, Need(at(1, 0).date(), 60))] == [HALL]


async def test_the_grid_and_free_venues(hub: Hub) -> None:
    small = uuid4()
    led = told_venue(
        lead_org="first",
        tenants=("second", "third"),
        sharing={"share": "some", "partners": ("second", "hub")},
    )
    await tell(hub, "first", announced("first", "甲"), led, told_booking(at(5, 9)))
    await tell(
        hub, "second", announced("second", "乙", "teal"),
        told_venue(venue_id=small, hall_id=small, names=("小会议室",), capacity=30, latitude=30.66, longitude=104.08),
    )  # fmt: skip
    day: date = at(5, 0).date()
    async with hub.database.transaction() as session:
        morning = await find_free(session, Need(day, 60, opens=9 * 60, closes=11 * 60))
        assert [f.venue_id for f in morning] == [small]
        noon = await find_free(session, Need(day, 60, opens=9 * 60, closes=12 * 60))
        assert [(f.venue_id, f.start) for f in noon] == [(small, at(5, 9)), (HALL, at(5, 11))]
        near = await find_free(session, Need(day, 60, near=(30.67, 104.08)))
        assert near[0].distance == pytest.approx(1.11, abs=0.02)
        assert near[-1].distance is None
    async with clients(hub, "clerk", "viewer") as (clerk, viewer):
        page = await viewer.get(f"/rooms?day={day.isoformat()}")
        assert page.status_code == 200
        assert 'aria-label="预订表"' in page.text
        assert "在预订表上" in (await viewer.get("/rooms/requests")).text
        assert "劳模宣讲" in page.text
        assert page.text.index("小会议室") > 0
        picked = f"{HALL}_{day.isoformat()}_780_900"
        panel = await clerk.get(f"/rooms?day={day.isoformat()}&pick={picked}")
        assert 'name="pick"' in panel.text
        found = re.search(r'/rooms\?[^"]*pick=[^"#]*', page.text)
        assert found
        sel = re.findall('class="free sel"', (await clerk.get(found[0].replace("&amp;", "&"))).text)
        assert (len(sel), 'class="free sel"' in page.text) == (1, False), "what is picked is seen in the grid"
        assert (await viewer.post("/rooms/ask", pick=picked, title="x")).status_code == 403
        nothing = await clerk.post("/rooms/ask", pick=picked, title="", people="45", org="second")
        assert "请填写活动名称" in nothing.text
        assert re.search(r'name="people"[^>]* value="45"', nothing.text)
        assert '<option value="second" selected>' in nothing.text
        asked = await clerk.post("/rooms/ask", pick=picked, title="三方联谊")
        assert asked.status_code == 303, asked.text
        shown = await clerk.get(asked.headers["location"])  # no bus here: never a false yes
        assert "现在还没有订上" in shown.text
        assert "全部生效" not in shown.text
        assert 'id="answers" hx-get' in shown.text  # looks again by itself, part by part
        looked = await clerk.get(asked.headers["location"], headers={"hx-request": "true"})
        assert ('id="acts"' in shown.text, 'id="acts"' in looked.text) == (True, False)  # the reason is kept
        wish = {"venue_id": str(HALL), "start": at(6, 9).isoformat(), "end": at(6, 10).isoformat()}
        made = await clerk.api("POST", "/api/v1/rooms/requests", json={"title": "茶话会", "venues": [wish]})
        assert (made.status_code, made.json()["status"]) == (201, "asking"), made.text
        again = f"/api/v1/rooms/requests/{made.json()['id']}"
        assert (await clerk.api("GET", again)).json() == made.json()
        ended = await clerk.api("POST", f"{again}/cancel", json={"reason": "改期"})
        assert ended.json()["status"] in ("releasing", "cancelled")
        async with hub.database.transaction() as session:
            wanted = UUID(made.json()["id"])
            item = (await session.scalars(select(RequestItem).where(RequestItem.request_id == wanted))).one()
            refused = update(BookingRequest).where(BookingRequest.id == wanted)
            await session.execute(refused.values(status="refused", troubles=[trouble_of(item)]))
        looked = await clerk.get(f"/rooms/requests/{made.json()['id']}", headers={"hx-request": "true"})
        assert 'id="acts"' in looked.text  # who looked until then sees what can be done now
        said = (await clerk.get(f"/rooms/requests/{made.json()['id']}")).text
        assert "hx-trigger" not in said
        assert "<h2>多功能厅：可以改为" in said
        for offered in (at(6, 9), at(7, 9)):  # the same again, and what the owner offered instead
            assert f"pick={HALL}_{offered.date().isoformat()}_540_600" in said
        for path in ("/rooms/find", "/rooms/requests", "/rooms/rounds", f"/rooms/venues/{HALL}"):
            assert (await clerk.get(path)).status_code == 200
        assert "这些组织的系统没有应答" in (await clerk.get("/rooms/rounds")).text
        listed = await viewer.api("GET", "/api/v1/rooms/rounds")
        assert listed.json() == {"rounds": [], "away": ["甲会", "乙会"]}
        path = f"/rooms/rounds/first/{HALL}"
        assert (await viewer.post(f"{path}/wishes", wish_id=str(HALL))).status_code == 403
        place = (await clerk.get(f"/rooms/venues/{HALL}")).text
        for name in (
            "甲会", "乙会、third", "只限列出的组织", "乙会、联席办", "周一至周日 0:00-24:00", "法定节假日照常开放",
        ):  # fmt: skip
            assert name in place
        free = await clerk.api("GET", f"/api/v1/rooms/free?day={day.isoformat()}&near=30.6,104.1")
        assert len(free.json()["items"]) == 2


def trouble_of(item: RequestItem) -> dict[str, object]:
    """An owner's no, as it is kept with a request."""
    other = Alternative(venue_id=item.venue_id, venue_name="大厅", start=at(7, 9), end=at(7, 10))
    return Trouble(booking_id=item.booking_id, reason="x", alternatives=(other,)).model_dump(mode="json")


def test_distance_is_in_kilometres() -> None:
    assert distance((30.0, 104.0), 30.0, 105.0) == pytest.approx(96.3, abs=0.2)
    assert distance(None, 30.0, 105.0) is None
