"""A POST with an `Idempotency-Key` is done once, also when it is repeated at the same time."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update

from shared.kit import clock
from shared.kit.idempotency import KEPT, RepeatedRequest
from shared.org.kit import OrgKit
from shared.org.members import Member
from tests.org.people import person
from tests.org.web import Browser, OrgWorld, org_world

PATH = "/api/v1/members"


@pytest.fixture
async def here(org: OrgKit) -> AsyncIterator[OrgWorld]:
    async with org_world(org) as world:
        yield world


def body(here: OrgWorld, **given: Any) -> dict[str, Any]:
    fields = {k: v for k, v in person(here.org, **given).items() if v != ""}
    return {"unit_id": str(here.one.id), "fields": fields}


async def count(here: OrgWorld) -> int:
    async with here.org.kit.database.transaction() as session:
        return await session.scalar(select(func.count()).select_from(Member)) or 0


async def post(browser: Browser, json: Any, key: str) -> Any:
    return await browser.api("POST", PATH, json, {"idempotency-key": key})


async def test_repeats_are_done_once(here: OrgWorld) -> None:
    clerk, asked = await here.signed_in("clerk"), body(here, identity="", birth="2001-02-03")
    answers = await asyncio.gather(*(post(clerk, asked, "k-1") for _ in range(4)))
    assert [a.status_code for a in answers] == [201] * 4
    assert len({a.text for a in answers}) == 1
    assert sorted(a.headers.get("idempotent-replayed", "") for a in answers) == ["", "true", "true", "true"]
    assert await count(here) == 1
    assert (await post(clerk, asked, "k-1")).text == answers[0].text
    another = await post(clerk, asked, "k-2")
    assert another.status_code == 409, "another key is another request, and this person is on the roll"
    assert (await clerk.api("POST", PATH, body(here, name="乐文博"))).status_code == 201
    assert await count(here) == 2
    async with here.org.kit.database.transaction() as session:
        stored = str((await session.execute(select(RepeatedRequest.__table__))).all())
        assert asked["fields"]["phone"] not in stored


async def test_another_request_and_another_caller(here: OrgWorld) -> None:
    clerk, street = await here.signed_in("clerk"), await here.signed_in("street")
    assert (await post(clerk, body(here), "same")).status_code == 201
    wrong = await post(clerk, body(here, name="乐文博"), "same")
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, "Idempotency-Key")
    assert (await post(street, body(here, name="江晓枫"), "same")).status_code == 201
    assert (await post(clerk, body(here), "含中文".encode().hex() * 20)).status_code == 422
    assert await count(here) == 2


async def test_what_was_refused_may_be_tried_again(here: OrgWorld) -> None:
    clerk, asked = await here.signed_in("clerk"), body(here)
    wrong = {**asked, "fields": {**asked["fields"], "name": ""}}
    assert (await post(clerk, wrong, "once")).status_code == 422
    assert (await post(clerk, asked, "once")).status_code == 201


async def test_keys_are_forgotten_in_time(here: OrgWorld) -> None:
    clerk = await here.signed_in("clerk")
    await post(clerk, body(here), "old")
    async with here.org.kit.database.transaction() as session:
        await session.execute(update(RepeatedRequest).values(at=clock.now() - KEPT - timedelta(minutes=1)))
    await post(clerk, body(here, name="乐文博"), "new")
    async with here.org.kit.database.transaction() as session:
        assert list(await session.scalars(select(RepeatedRequest.key))) == ["new"]
