"""The desk and what every page keeps: it opens, shows nobody what the account may not, lists what waits."""

import re
from datetime import timedelta

import pytest

from shared.kit import clock
from shared.org.members.rules import birthday
from tests.org.people import identity_number
from tests.org.rooms import at, booked, venue
from tests.org.web import OrgWorld, fill


@pytest.mark.parametrize("path", ["/", "/members", "/members/new", "/units"])
async def test_pages_open(here: OrgWorld, path: str) -> None:
    browser = await here.signed_in("clerk")
    answer = await browser.get(path)
    assert answer.status_code == 200, answer.text
    assert here.org.name in answer.text
    assert "style=" not in answer.text


async def test_an_account_without_business_sees_an_empty_desk(here: OrgWorld) -> None:
    browser = await here.signed_in("admin")
    assert "您的账号不办理业务" in (await browser.get("/")).text
    assert (await browser.get("/members")).status_code == 403


async def test_nobody_is_told_to_do_what_the_account_may_not(here: OrgWorld) -> None:
    viewer, keeper = await here.signed_in("viewer"), await here.signed_in("keeper")
    for path, text in (("/", "先建立单位，再登记人员"), ("/members", "可以逐个登记")):
        assert text not in (await viewer.get(path)).text, path
    assert "可以逐个登记" in (await keeper.get("/members")).text
    assert "未填写" in (await viewer.get("/units")).text


async def test_who_decides_finds_on_the_desk_what_waits(here: OrgWorld) -> None:
    async with here.org.kit.database.transaction() as session:
        hall = await venue(session, here.org, here.one)
        booking = await booked(session, here.org, hall, at(5, 9), 3, title="劳模宣讲")
        booking.status = "waiting"
    desk = (await (await here.signed_in("keeper")).get("/")).text
    assert f'href="/venues/bookings/{booking.id}"' in desk
    assert "劳模宣讲" not in (await (await here.signed_in("viewer")).get("/")).text


async def test_who_is_near_the_age_limit_is_listed_from_the_desk(here: OrgWorld) -> None:
    limit = here.org.policy.age_limit(clock.today())
    soon = birthday(clock.today() + timedelta(30), -28)
    await fill(here, identity=identity_number(birth=soon))
    browser = await here.signed_in("clerk")
    desk = (await browser.get("/")).text
    link = re.search(r'href="(/members\?born_to=[^"]+)"', desk)
    assert (link is not None) == (limit is not None)
    if link:
        assert "单文慧" in (await browser.get(link[1].replace("&amp;", "&"))).text


async def test_head_is_answered_without_a_body(here: OrgWorld) -> None:
    browser = await here.signed_in("clerk")
    for path in ("/members", "/healthz", "/nothing"):
        asked, head = await browser.get(path), await browser.client.head(path)
        assert (head.status_code, head.content) == (asked.status_code, b"")
