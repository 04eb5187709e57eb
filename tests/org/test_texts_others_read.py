"""Free text of bookings and venues: nothing hidden, nobody's number, refused at its field before anything is done."""

from datetime import timedelta
from uuid import uuid4

import pytest

from shared.contracts.bookings import HoldRequest, Wanted
from shared.contracts.venues import OpenException, Sharing
from shared.kit import clock
from shared.kit.errors import Invalid
from shared.org.bookings.deciding import cancel, change, refuse
from shared.org.bookings.handlers import responders
from shared.org.bookings.series import Repeat, book_series, take_out
from shared.org.bookings.using import queue
from shared.org.kit import OrgKit
from shared.org.venues import change_venue, close_venue, create_venue, except_days
from shared.org.venues.photos import add_photo
from shared.org.venues.schemas import VenueIn
from shared.org.venues.service import inspect_venue
from tests.org.people import CLERK, tree
from tests.org.rooms import ALWAYS, BAD_TEXTS, ask, at, booked, booker, new_venue, venue
from tests.org.seasons import KEEPER
from tests.org.web import org_world


@pytest.mark.parametrize(("bad", "said"), BAD_TEXTS)
async def test_of_bookings(org: OrgKit, bad: str, said: str) -> None:
    async with org.kit.database.transaction() as session:
        _, one, _ = await tree(session, org)
        hall = await venue(session, org, one)
        made = await booked(session, org, hall, at(5, 9))
        repeat = Repeat(hall.id, at(6, 9), at(6, 10), "FREQ=DAILY;COUNT=2", "keep", "读书会", booker(org))
        series = await book_series(session, org, repeat, CLERK)
        late = Repeat(hall.id, at(9, 9), at(9, 10), "FREQ=DAILY;COUNT=2", "keep", bad, booker(org))
        for field, step in (
            ("title", booked(session, org, hall, at(5, 14), title=bad)),
            ("title", change(session, made.id, title=bad, people=1, version=1, actor=CLERK)),
            ("title", book_series(session, org, late, CLERK)),
            ("title", queue(session, ask(org, hall, at(5, 9), title=bad))),
            ("reason", cancel(session, made.id, bad, CLERK)),
            ("reason", refuse(session, made.id, bad, KEEPER)),
            ("reason", take_out(session, series.id, [at(6, 0).date()], bad, CLERK)),
        ):
            with pytest.raises(Invalid, match=said) as refusal:
                await step
            assert list(refusal.value.fields) == [field]
        assert (made.status, made.title, made.version) == ("confirmed", "骨干培训", 1)


@pytest.mark.parametrize(("bad", "said"), BAD_TEXTS)
async def test_of_what_is_asked_over_the_bus(org: OrgKit, bad: str, said: str) -> None:
    async with org.kit.database.transaction() as session:
        _, one, _ = await tree(session, org)
        hall = await venue(session, org, one)
    hold = responders(org)[0].answer
    wanted = Wanted(booking_id=uuid4(), venue_id=hall.id, start=at(5, 9), end=at(5, 11))
    request = HoldRequest(request_id=uuid4(), booker=booker(org), title="三方联谊", wanted=(wanted,))
    with pytest.raises(Invalid, match=said):
        await hold(request.model_copy(update={"title": bad}))
    for name in ("office", "staff_name", "org_name", "letter", "palette"):
        hidden = request.booker.model_copy(update={name: "\x00"})
        with pytest.raises(Invalid, match="控制字符"):
            await hold(request.model_copy(update={"booker": hidden}))


@pytest.mark.parametrize(("bad", "said"), BAD_TEXTS)
async def test_of_venues(org: OrgKit, bad: str, said: str) -> None:
    async with org.kit.database.transaction() as session:
        _, one, _ = await tree(session, org)
        hall = await venue(session, org, one)
        new = new_venue(org, one, name="东楼")
        today = clock.today()
        dated = OpenException(first=today, last=today + timedelta(days=1), reason=bad)
        for field, given in (
            ("name", {"name": bad}),
            ("grade", {"grade": bad}),
            ("cluster", {"cluster": bad}),
            ("address", {"address": bad}),
            ("equipment", {"equipment": ("投影", bad)}),
            ("pledge", {"sharing": Sharing(pledge=bad)}),
            ("hours", {"opening": ALWAYS.model_copy(update={"exceptions": (dated,)})}),
        ):
            listed = new.model_copy(update=given)
            kept = VenueIn.model_validate(new.model_dump(exclude={"unit_id", "hall_id"})).model_copy(
                update=given
            )
            for step in (
                create_venue(session, org, listed, actor=CLERK),
                change_venue(session, org, hall.id, kept, version=1, actor=CLERK),
            ):
                with pytest.raises(Invalid, match=said) as refusal:
                    await step
                assert list(refusal.value.fields) == [field]
        for step in (  # type: ignore[assignment]
            except_days(session, org, hall.id, dated, version=1, actor=CLERK),
            inspect_venue(session, org, hall.id, {}, bad, version=1, actor=CLERK),
            close_venue(session, org, hall.id, version=1, reason=bad, actor=CLERK),
            add_photo(session, hall.id, b"", bad, CLERK),
        ):
            with pytest.raises(Invalid, match=said):
                await step
        assert (hall.status, hall.version) == ("active", 1)


async def test_the_panel_says_so_at_its_field(org: OrgKit) -> None:
    async with org_world(org) as world:
        async with org.kit.database.transaction() as session:
            hall = await venue(session, org, world.one)
        clerk = await world.signed_in("clerk")
        await clerk.get("/venues")
        form = {"venue": str(hall.id), "on": at(5, 0).date().isoformat(), "opens": "10:00", "closes": "11:00"}
        refused = await clerk.post("/venues/book", {**form, "title": "联系12812345678"})
        assert refused.status_code == 422
        assert refused.text.count("这里不能写证件号或手机号") == 2  # above the form and at the field
