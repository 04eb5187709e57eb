"""Staff of one organisation ask for another's room through their own service."""

import asyncio
import re
from datetime import datetime
from typing import Any
from uuid import uuid4

import pytest

from services.hub.directory.service import apply_announcements
from shared.contracts.bookings import ASK, LOOK, Asked, AskedList, AskRequest, LookRequest, Wanted
from shared.kit.bus import BusAway, Declined
from shared.org.bookings.service import own_booker
from shared.org.units import Unit
from shared.org.venues import Venue as OwnedVenue
from tests.hub.telling import announced, received
from tests.hub.town import STAFF, Town
from tests.org.rooms import at
from tests.org.web import OrgWorld, make_accounts, service_of


async def test_staff_of_one_organisation_ask_through_their_own_service(town: Town) -> None:
    union, league = town.owners["union"], town.owners["league"]
    wanted = (Wanted(booking_id=uuid4(), venue_id=league.hall, start=at(5, 9), end=at(5, 11)),)
    who = own_booker(union.org, "组织部", "周经办", STAFF.id)
    question = AskRequest(request_id=uuid4(), booker=who, title="读书会", wanted=wanted)
    for _ in range(2):  # a lost answer and asking again is asking once
        asked = await union.org.kit.bus.request("hub", ASK, question, Asked)
        assert (asked.status, asked.venues) == ("confirmed", ("多功能厅",))
    (booking,) = await town.at_owner("league")
    assert (booking.org, booking.staff_name) == ("union", "周经办")
    own = await union.org.kit.bus.request("hub", LOOK, LookRequest(staff_id=STAFF.id), AskedList)
    assert [a.title for a in own.requests] == ["读书会"]
    others = await league.org.kit.bus.request("hub", LOOK, LookRequest(staff_id=STAFF.id), AskedList)
    assert others.requests == ()
    with pytest.raises(Declined):  # nobody asks in another's name: the account tells who asks
        await league.org.kit.bus.request(
            "hub", ASK, question.model_copy(update={"request_id": uuid4()}), Asked
        )


async def test_a_wish_that_is_not_passed_on_keeps_what_was_typed(town: Town) -> None:
    """In one's own service, in the dialog it was typed in; and when the hub is away, beside the reason."""
    union, league = town.owners["union"], town.owners["league"]
    service = service_of(union.org)
    await service.kit.bus.start()
    await asyncio.wait_for(service.kit.bus.wait_connected(), 10)
    async with town.hub.database.transaction() as session:
        await apply_announcements(session, [received("league", announced("league", "青"))])
    async with union.org.kit.database.transaction() as session:
        unit = await session.get_one(Unit, (await session.get_one(OwnedVenue, union.hall)).unit_id)
        await make_accounts(session, unit)
    clerk = await OrgWorld(union.org, service.app, unit, unit, unit).signed_in("clerk")
    page = await clerk.get(f"/venues/others?day={at(5, 0).date().isoformat()}&people=10")
    assert str(league.hall) in page.text
    wish = {
        "request_id": str(uuid4()), "venue": str(league.hall), "start": at(5, 9).isoformat(),
        "end": at(5, 11).isoformat(), "people": "10",
    }  # fmt: skip
    for typed, said in (("", "请填写活动名称"), ("联系12812345678", "证件号或手机号")):
        refused = await clerk.post("/venues/others", wish | {"title": typed})
        assert refused.status_code == 422
        dialog = refused.text.split('<details class="dialog" open>')[1].split("</details>")[0]
        assert said in dialog
        assert f'value="{typed}"' in dialog
    assert await town.at_owner("league") == []
    late = {"start": at(0, 0).isoformat(), "end": at(0, 2).isoformat(), "title": "读书会", "hours": "2"}
    for no in (late, {"end": wish["start"], "title": "读书会"}):  # said by the hub: it has no field
        refused = await clerk.post("/venues/others", wish | no)
        assert refused.status_code in (409, 422)
        assert "读书会" in refused.text
    asked = await clerk.post("/venues/others", wish | {"title": "读书会"})
    assert asked.status_code == 303
    assert [b.title for b in await town.at_owner("league")] == ["读书会"]
    # whether it arrived is not known: what is sent again is the same wish at the same time
    real = service.kit.bus.request

    async def lost(service_code: str, subject: str, *told: Any, **more: Any) -> Any:
        answer = await real(service_code, subject, *told, **more)
        if subject == ASK:
            raise BusAway("没有应答")
        return answer

    object.__setattr__(service.kit.bus, "request", lost)
    again = wish | {
        "title": "茶话会",
        "request_id": str(uuid4()),
        "start": at(5, 13).isoformat(),
        "end": at(5, 15).isoformat(),
    }
    unsure = await clerk.post("/venues/others", again)
    dialog = unsure.text.split('<details class="dialog" open>')[1].split("</details>")[0]
    sent = dict(re.findall(r'name="(request_id|start|end)" value="([^"]+)"', dialog))
    assert {k: datetime.fromisoformat(v) for k, v in sent.items() if k != "request_id"} == {
        k: datetime.fromisoformat(again[k]) for k in ("start", "end")
    }
    assert sent["request_id"] == again["request_id"]
    object.__setattr__(service.kit.bus, "request", real)
    assert (await clerk.post("/venues/others", again | sent)).status_code == 303
    assert [b.title for b in await town.at_owner("league")] == ["读书会", "茶话会"]
    await service.kit.bus.stop()
    away = await clerk.post("/venues/others", wish | {"title": "茶话会", "request_id": str(uuid4())})
    assert "您填写的活动名称：茶话会" in away.text
