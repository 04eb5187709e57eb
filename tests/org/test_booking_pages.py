"""Pages of bookings: grid, panel, one's own, approvals, door, check-in, sheets, calendars."""

import re
from collections.abc import Awaitable, Callable, Hashable
from datetime import date, timedelta
from typing import Any
from urllib.parse import parse_qsl
from uuid import UUID

import pytest
from icalendar import Calendar
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from shared.contracts.venues import OpenException
from shared.kit import clock
from shared.kit.calendar import KeptRows, Written, monday_of
from shared.org.bookings import Booking, reading
from shared.org.bookings.deciding import cancel, change
from shared.org.bookings.models import Series
from shared.org.kit import OrgKit
from shared.org.venues import get_venue
from shared.org.venues.dated import except_days
from shared.org.venues.schemas import VenueChange, VenueOut
from shared.org.venues.service import change_venue
from tests.org.people import CLERK
from tests.org.rooms import STRANGER, at, booked, venue
from tests.org.web import dialog_at, org_world

PICK = r'href="(/venues\?[^"]*venue=[^"]*)"'
"""A free time on the grid."""


async def test_from_the_grid_to_a_booking_and_back(org: OrgKit) -> None:
    async with org_world(org) as world:
        async with org.kit.database.transaction() as session:
            hall = await venue(session, org, world.one)
            await booked(session, org, hall, at(5, 9), 3, title="劳模宣讲")
            await booked(session, org, hall, at(5, 18), code=STRANGER)
        clerk = await world.signed_in("clerk")
        day = at(5, 0).date().isoformat()
        page = await clerk.get(f"/venues?day={day}")
        assert "劳模宣讲" in page.text
        assert ">预订表</a>" in page.text
        assert "在预订表上" in (await clerk.get("/venues/mine")).text
        picks = re.findall(PICK, page.text)
        assert picks
        yesterday = await clerk.get(f"/venues?view=day&day={at(-1, 0).date().isoformat()}")
        assert not re.findall(PICK, yesterday.text)
        assert "现在不能预订" in yesterday.text
        panel = await clerk.get(picks[0].replace("&amp;", "&").split("#")[0])
        assert "这个时段可以预订" in panel.text
        assert (await clerk.get(f"/venues?day={day}&view=day")).status_code == 200
        month = (await clerk.get(f"/venues?day={day}&view=month")).text
        legend = month.split('<div class="legend">')[1].split("</div>")[0]
        for colour in ("m-busy", "m-free", "m-past", "m-shut"):
            assert f'class="{colour}"' in legend
        assert f"{org.profile.short_name}已订" in legend
        assert f"{STRANGER}已订" in legend, "every colour has its name"
        form = {"venue": str(hall.id), "on": day, "opens": "10:00", "closes": "11:00", "title": "读书会"}
        checked = await clerk.get("/venues/check", params={k: v for k, v in form.items() if k != "title"})
        assert "这个时段已被预订" in checked.text
        backwards = await clerk.get(
            "/venues/check", params={"venue": str(hall.id), "on": day, "opens": "12:00", "closes": "11:00"}
        )
        assert "结束时间应晚于开始时间" in backwards.text
        gone = at(-1, 10)
        past = {"venue": str(hall.id), "on": gone.date().isoformat(), "opens": "10:00", "closes": "11:00"}
        said = (await clerk.get("/venues/check", params=past)).text
        assert "已经过了开始时间" in said
        assert f"可改为 {hall.name} {gone.month}月{gone.day}日" not in said
        taken = await clerk.post("/venues/book", form)
        assert taken.status_code == 409
        assert "这个时段已被预订" in taken.text
        assert 'value="读书会"' in taken.text
        assert "12:00" in taken.text  # the nearest free time is offered as a link
        made = await clerk.post("/venues/book", {**form, "opens": "13:00", "closes": "14:00"})
        assert made.status_code == 303, made.text
        shown = await clerk.get(made.headers["location"])
        assert "预订生效" in shown.text
        move = made.headers["location"] + "/move"
        for opens, closes, said in (("10:00", "12:00", "note-no"), ("18:00", "17:00", "应晚于开始时间")):
            refused = await clerk.post(move, {"version": "1", "on": day, "opens": opens, "closes": closes})
            dialog = dialog_at(refused.text, move)
            assert said in dialog
            assert f'value="{closes}"' in dialog
        moved = await clerk.post(
            made.headers["location"] + "/move",
            {"version": "1", "on": day, "opens": "15:00", "closes": "16:00"},
        )
        assert moved.status_code == 303, moved.text
        assert "改期" in (await clerk.get(made.headers["location"])).text
        late = await clerk.post(move, {"version": "1", "on": day, "opens": "18:00", "closes": "19:00"})
        dialog = dialog_at(late.text, move)
        for said in ("刚被别人改过", "改期", "现在是“15:00”", "现在是“16:00”", 'name="version" value="2"'):
            assert said in dialog, said
        assert "读书会" in (await clerk.get("/venues/mine")).text
        cancel = made.headers["location"] + "/cancel"
        dialog = dialog_at((await clerk.post(cancel, {"reason": "联系12812345678"})).text, cancel)
        assert 'value="联系12812345678"' in dialog
        assert "证件号或手机号" in dialog
        cancelled = await clerk.post(cancel, {"reason": "活动延期"})
        assert cancelled.status_code == 303
        assert "活动延期" in (await clerk.get(made.headers["location"])).text


async def test_a_room_that_is_open_until_midnight_is_booked_until_midnight(org: OrgKit) -> None:
    async with org_world(org) as world:
        async with org.kit.database.transaction() as session:
            hall = await venue(session, org, world.one)
        clerk, day = await world.signed_in("clerk"), at(5, 0).date().isoformat()
        wish = {"venue": str(hall.id), "on": day, "opens": "22:00", "closes": "00:00", "title": "守岁"}
        made = await clerk.post("/venues/book", wish)
        assert made.status_code == 303, made.text
        booking = await clerk.get(made.headers["location"])
        assert "22:00—24:00" in booking.text
        assert re.search(r'name="closes"[^>]*value="00:00"', booking.text), "to be moved from there"


async def test_a_series_from_the_panel_with_a_date_out_and_back(org: OrgKit) -> None:
    async with org_world(org) as world:
        async with org.kit.database.transaction() as session:
            hall = await venue(session, org, world.one)
            await booked(session, org, hall, at(12, 9))
        clerk = await world.signed_in("clerk")
        await clerk.get("/venues")
        form = {
            "venue": str(hall.id), "on": at(5, 0).date().isoformat(), "opens": "09:00", "closes": "11:00",
            "title": "读书会", "repeat": "weekly", "times": "4", "holidays": "keep",
        }  # fmt: skip
        clash = await clerk.post("/venues/book", form)
        assert clash.status_code == 409
        assert 'name="left_out"' in clash.text
        made = await clerk.post("/venues/book", {**form, "left_out": at(12, 0).date().isoformat()})
        assert made.status_code == 303, made.text
        path = made.headers["location"]
        shown = await clerk.get(path)
        assert shown.text.count("已生效") == 3
        await clerk.post(f"{path}/out", {"on": at(19, 0).date().isoformat()})
        async with org.kit.database.transaction() as session:
            count = (
                select(func.count())
                .select_from(Booking)
                .where(Booking.series_id.is_not(None), Booking.status == "confirmed")
            )
            assert await session.scalar(count) == 2
        back = await clerk.post(f"{path}/back", {"on": at(19, 0).date().isoformat()})
        assert back.status_code == 303
        again = await clerk.post(f"{path}/back", {"on": at(12, 0).date().isoformat()})
        assert again.status_code == 409  # still taken by somebody else
        async with org.kit.database.transaction() as session:
            assert await session.scalar(count) == 3
            (series,) = await session.scalars(select(Series))
            assert series.left_out == [at(12, 0).date().isoformat()]
        assert (await clerk.post(f"{path}/needed")).status_code == 303


async def test_approvals_door_sheet_and_use(org: OrgKit, monkeypatch: pytest.MonkeyPatch) -> None:
    noon = at(0, 12)  # shortly before midnight nothing more begins today
    monkeypatch.setattr(clock, "now", lambda: noon)
    async with org_world(org) as world:
        async with org.kit.database.transaction() as session:
            hall = await venue(session, org, world.one)
            soon = await booked(session, org, hall, noon + timedelta(minutes=15), 1, title="马上开始")
            soon.mark = {"name": org.profile.short_name}
            hall.sharing = {**hall.sharing, "approval": "everybody"}
            waits = await booked(session, org, hall, at(5, 9), title="要批准的")
        keeper = await world.signed_in("keeper")
        assert "要批准的" in (await keeper.get("/venues/waiting")).text
        assert "要批准的" in (await keeper.get("/")).text  # on the desk of who decides, of nobody else
        assert "要批准的" not in (await (await world.signed_in("viewer")).get("/")).text
        no = f"/venues/bookings/{waits.id}/refuse"
        dialog = dialog_at((await keeper.post(no, {"reason": "联系12812345678"})).text, no)
        assert ">联系12812345678</textarea>" in dialog
        assert (await keeper.post(f"/venues/bookings/{waits.id}/approve")).status_code == 303
        assert "要批准的" not in (await keeper.get("/venues/waiting")).text
        door = await keeper.get(f"/venues/{hall.id}/door")
        assert "马上开始" in door.text
        assert "<svg" in door.text
        assert "style=" not in door.text
        await keeper.get(f"/venues/{hall.id}/checkin")
        checked = await keeper.post(f"/venues/{hall.id}/checkin")
        assert checked.headers["location"] == f"/venues/bookings/{soon.id}"
        sheet = await keeper.get(f"/venues/{hall.id}/sheet?day={at(5, 0).date().isoformat()}")
        assert "要批准的" in sheet.text
        used = (await keeper.get("/venues/use")).text
        assert hall.name in used
        assert f"{org.profile.short_name} 1.0" in used


async def test_a_calendar_behind_a_link_nobody_can_guess(org: OrgKit) -> None:
    async with org_world(org) as world:
        async with org.kit.database.transaction() as session:
            hall = await venue(session, org, world.one)
            made = await booked(session, org, hall, at(5, 9), title="读书会")
        clerk = await world.signed_in("clerk")
        page = (await clerk.get("/venues/calendar")).text
        links = re.findall(r'value="http://127\.0\.0\.1([^"]+\.ics)"', page)
        assert len(links) == 3
        clerk.client.cookies.clear()  # a calendar program has none
        for link in links[1:]:
            answer = await clerk.client.get(link)
            (entry,) = Calendar.from_ical(answer.content).walk("VEVENT")
            assert (str(entry["SUMMARY"]), entry.decoded("DTSTART")) == ("读书会", made.start)
            assert CLERK.name not in answer.text
        assert (await clerk.client.get(links[1][:-8] + "0000.ics")).status_code == 404


async def test_a_week_that_was_written_before_tells_what_has_changed(
    org: OrgKit, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows are kept as they were written; whatever a row shows has to make it a new one."""
    week, written = f"/venues?day={at(5, 0).date().isoformat()}", list[Hashable]()
    keep = KeptRows.keep

    def noted(rows: KeptRows, stamp: Hashable, row: str, **marks: Any) -> Written:
        written.append(stamp)
        return keep(rows, stamp, row, **marks)

    monkeypatch.setattr(KeptRows, "keep", noted)
    async with org_world(org) as world:

        async def said(step: Callable[[AsyncSession], Awaitable[object]]) -> str:
            async with org.kit.database.transaction() as session:
                await step(session)
            return (await clerk.get(week)).text

        async with org.kit.database.transaction() as session:
            hall = await venue(session, org, world.one)
            part = await venue(session, org, world.one, hall_id=hall.id, name="东厅")
        clerk = await world.signed_in("clerk")
        empty = (await clerk.get(week)).text
        assert (await clerk.get(week)).text.count('class="wg-venue"') == 2
        assert len(written) == 2

        async with org.kit.database.transaction() as session:
            made = await booked(session, org, part, at(5, 9), title="读书会")
        assert (await clerk.get(week)).text.count("<span>读书会</span>") == 2  # the hall is taken too
        edited = await said(
            lambda s: change(s, made.id, title="诵读会", people=3, version=made.version, actor=CLERK)
        )
        assert edited.count("<span>诵读会</span>") == 2
        gone = await said(lambda s: cancel(s, made.id, "活动延期", CLERK))
        assert re.findall(PICK, gone) == re.findall(PICK, empty)

        closed = OpenException(first=at(5, 0).date(), last=at(5, 0).date(), hours=(), reason="检修")
        shut = await said(lambda s: except_days(s, org, hall.id, closed, version=hall.version, actor=CLERK))
        assert len(re.findall(PICK, shut)) == len(re.findall(PICK, empty)) - 3
        renamed = await said(lambda s: named(s, org, hall.id, "大礼堂"))
        assert "大礼堂·东厅" in renamed
        picked = (await clerk.get(re.findall(PICK, empty)[0].replace("&amp;", "&").split("#")[0])).text
        assert picked.count('class="free sel"') == 1
        other = at(12, 0).date()
        for link in re.findall(PICK, (await clerk.get(f"/venues?day={other.isoformat()}")).text):
            query = dict(parse_qsl(link.replace("&amp;", "&").split("?")[1].split("#")[0]))
            assert query["day"] == other.isoformat()  # back to this page, not to the one it was written for
            assert monday_of(date.fromisoformat(query["on"])) == monday_of(other)
        clerk.client.cookies.set("quntuan_lang", "en")
        english = (await clerk.get(week)).text
        assert "<li>上午</li>" not in english
        assert ">Schedule</a>" in english
        later = at(5, 12)
        monkeypatch.setattr(clock, "now", lambda: later)
        assert len(re.findall(PICK, (await clerk.get(week)).text)) < len(re.findall(PICK, shut))


async def test_a_row_is_not_kept_if_something_came_while_it_was_made(
    org: OrgKit, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It shows what came, but was asked for before: when that goes again, it would be found."""
    week, read = f"/venues?day={at(5, 0).date().isoformat()}", reading.in_days
    async with org_world(org) as world:
        async with org.kit.database.transaction() as session:
            hall = await venue(session, org, world.one)
        clerk, made = await world.signed_in("clerk"), list[Booking]()

        async def late(*asked: Any) -> list[Booking]:
            async with org.kit.database.transaction() as session:
                made.append(await booked(session, org, hall, at(5, 9), title="读书会"))
            return await read(*asked)

        monkeypatch.setattr("shared.org.bookings.present.in_days", late)
        assert "<span>读书会</span>" in (await clerk.get(week)).text
        monkeypatch.undo()
        async with org.kit.database.transaction() as session:
            await cancel(session, made[0].id, "活动延期", CLERK)
        assert "<span>读书会</span>" not in (await clerk.get(week)).text


async def named(session: AsyncSession, org: OrgKit, venue_id: UUID, name: str) -> None:
    """The venue gets another name, all else stays."""
    now = VenueOut.model_validate(await get_venue(session, venue_id)).model_dump()
    body = VenueChange.model_validate(
        {k: v for k, v in now.items() if k in VenueChange.model_fields} | {"name": name}
    )
    await change_venue(session, org, venue_id, body, version=now["version"], actor=CLERK)
