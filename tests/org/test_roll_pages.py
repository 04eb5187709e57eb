"""Pages of the roll: nobody is passed over when the row between two pages changes, and an address tells no name."""

import base64
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import update

from shared.kit import clock
from shared.kit.pagination import Cursor
from shared.org.kit import OrgKit
from shared.org.members.models import Member
from tests.org.people import admit
from tests.org.web import Browser, OrgWorld, org_world

NAMES = [f"{first}{given}" for given in ("文慧", "静怡", "晓雯", "志远", "家豪", "若琳") for first in "张章"]
CHANGES: dict[str, Any] = {
    "renamed": lambda: {"name": "安安", "name_py": "anan", "name_key": "安安"},
    "left": lambda: {"standing": "left", "left_on": clock.today(), "left_reason": "离职"},
    "changed": lambda: {"changed_at": clock.now(), "joined_on": clock.today()},
}


@pytest.fixture
async def here(org: OrgKit) -> AsyncIterator[OrgWorld]:
    async with org_world(org) as made:
        yield made


async def fill(here: OrgWorld) -> None:
    async with here.org.kit.database.transaction() as session:
        for i in range(60):
            await admit(session, here.org, here.one, name=NAMES[i % len(NAMES)])


async def page(browser: Browser, sort: str, after: str = "") -> dict[str, Any]:
    answer = await browser.api("GET", f"/api/v1/members?sort={sort}&after={after}")
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


@pytest.mark.parametrize("org", ["union"], indirect=True)
@pytest.mark.parametrize("sort", ["changed", "name", "joined"])
@pytest.mark.parametrize("change", CHANGES)
async def test_the_next_page_goes_on_where_the_row_stood(here: OrgWorld, sort: str, change: str) -> None:
    await fill(here)
    browser = await here.signed_in("viewer")
    everybody = await page(browser, sort)
    rest = [item["id"] for item in (await page(browser, sort, everybody["next"]))["items"]]
    assert len(rest) == 10
    boundary = everybody["items"][-1]["id"]
    async with here.org.kit.database.transaction() as session:
        await session.execute(update(Member).where(Member.id == boundary).values(**CHANGES[change]()))
    assert [item["id"] for item in (await page(browser, sort, everybody["next"]))["items"]] == rest


async def test_people_of_one_name_stand_together(here: OrgWorld) -> None:
    await fill(here)
    browser = await here.signed_in("viewer")
    first = await page(browser, "name")
    names = [
        item["name"] for item in [*first["items"], *(await page(browser, "name", first["next"]))["items"]]
    ]
    runs = [name for i, name in enumerate(names) if i == 0 or names[i - 1] != name]
    assert sorted(runs) == sorted(set(names)) == sorted(NAMES)


async def test_a_place_in_the_list_tells_nothing_and_is_of_that_list(here: OrgWorld) -> None:
    await fill(here)
    browser = await here.signed_in("viewer")
    first = await page(browser, "name")
    opened = base64.urlsafe_b64decode(first["next"] + "=" * (-len(first["next"]) % 4))
    last = first["items"][-1]["name"]
    assert last.encode() not in opened
    assert b"zhang" not in opened
    forged = [
        ("joined", first["next"]),
        ("name", Cursor(("zhang", "张", uuid4())).encode()),
        *(("changed", Cursor((moment, uuid4())).encode()) for moment in (
            "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "2026-01-01T00:00:00+00:00"
        )),
        ("changed", "x" * 3000),
    ]  # fmt: skip
    for sort, after in forged:
        answer = await browser.api("GET", f"/api/v1/members?sort={sort}&after={after}")
        assert answer.status_code == 422, (sort, after[:40])
