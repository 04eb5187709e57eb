"""What must not be kept, or would be lost without a word, is refused: numbers in free text, unknown fields."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import func, select

from shared.org.kit import OrgKit
from shared.org.members import Member
from shared.org.members.models import MemberChange
from tests.org.people import person
from tests.org.rooms import at, booked, venue
from tests.org.seasons import season
from tests.org.web import Browser, OrgWorld, org_world

PATH = "/api/v1/members"
NUMBER = "519901199001017774"


@pytest.fixture
async def here(org: OrgKit) -> AsyncIterator[OrgWorld]:
    async with org_world(org) as world:
        yield world


async def admitted(here: OrgWorld, clerk: Browser) -> dict[str, Any]:
    fields = {k: v for k, v in person(here.org).items() if v != ""}
    answer = await clerk.api("POST", PATH, {"unit_id": str(here.one.id), "fields": fields})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def test_no_number_in_a_reason_or_a_post(here: OrgWorld) -> None:
    clerk = await here.signed_in("clerk")
    member = await admitted(here, clerk)
    one, version = f"{PATH}/{member['id']}", member["version"]
    for path, method, body in (
        (one, "PATCH", {"version": version, "fields": {"post": "组长"}, "reason": f"身份证{NUMBER}"}),
        (one, "PATCH", {"version": version, "fields": {"post": "电话 120 0000 5432"}}),
        (f"{one}/leave", "POST", {"left_on": "2026-01-05", "reason": f"证件 {NUMBER} 已核"}),
    ):
        answer = await clerk.api(method, path, body)
        assert answer.status_code == 422, answer.text
        assert "证件号或手机号" in answer.text
        assert NUMBER not in answer.text
    unit = {"version": 1, "reason": f"负责人 {NUMBER}"}
    closed = await clerk.api("POST", f"/api/v1/units/{here.two.id}/close", unit)
    assert (closed.status_code, "证件号或手机号" in closed.text) == (422, True), closed.text
    async with here.org.kit.database.transaction() as session:
        kept = await session.scalar(
            select(func.count()).select_from(MemberChange).where(MemberChange.reason.contains(NUMBER))
        )
        assert kept == 0


@pytest.mark.parametrize("nothing", ["  ", "\u3000\u3000", "\u3164", "\u2800\u200d"])
async def test_a_reason_of_blanks_is_none(here: OrgWorld, nothing: str) -> None:
    async with here.org.kit.database.transaction() as session:
        hall = await venue(session, here.org, here.one)
        opened = await season(session, hall)
        waiting = await booked(session, here.org, hall, at(3, 9))
        waiting.status = "waiting"
    keeper = await here.signed_in("keeper")
    member = await admitted(here, keeper)
    bookings = f"/venues/bookings/{waiting.id}"
    for path, said in (
        (f"/venues/rounds/{opened.id}/cancel", "请写明原因"),
        (f"{bookings}/refuse", "请写明拒绝的理由"),
        (f"/venues/{hall.id}/close", "请写明停用的原因"),
        (f"/units/{here.two.id}/close", "请写明撤销的原因"),
        (f"/members/{member['id']}/reveal", "请写明用途"),
        ("/members/export?full=true", "请写明用途"),
    ):
        answer = await keeper.post(path, {"reason": nothing, "version": "1", "full": "true"})
        assert (answer.status_code, said in answer.text) == (422, True), (path, answer.text)
    for path, body in (
        (f"/api/v1/bookings/{waiting.id}/refuse", {}),
        (f"/api/v1/rounds/{opened.id}/cancel", {"version": 1}),
    ):
        refused = await keeper.api("POST", path, {**body, "reason": nothing})
        assert refused.status_code == 422, refused.text


async def test_a_misspelt_field_is_told(here: OrgWorld) -> None:
    clerk = await here.signed_in("clerk")
    fields = {k: v for k, v in person(here.org).items() if v != ""}
    misspelt = {**fields, "idenity": fields["identity"]}
    refused = await clerk.api("POST", PATH, {"unit_id": str(here.one.id), "fields": misspelt})
    assert refused.status_code == 422
    assert "identity" in refused.json()["detail"], "the hint names the fields there are"
    member = await admitted(here, clerk)
    one = f"{PATH}/{member['id']}"
    patched = await clerk.api("PATCH", one, {"version": member["version"], "clear": ["nonsense"]})
    assert patched.status_code == 422
    asked = await clerk.api("GET", f"{PATH}?standng=left")
    assert (asked.status_code, asked.json()["errors"][0]["field"]) == (422, "standng")
    async with here.org.kit.database.transaction() as session:
        assert await session.scalar(select(func.count()).select_from(Member)) == 1


async def test_a_fault_is_placed_by_our_names_only(here: OrgWorld) -> None:
    clerk = await here.signed_in("clerk")
    body = {"unit_id": str(here.one.id), "fields": {NUMBER: "x\u202e"}}
    answer = await clerk.api("POST", PATH, body)
    assert answer.status_code == 422
    assert [e["field"] for e in answer.json()["errors"]] == ["fields"]
    assert NUMBER not in answer.text


async def test_no_number_in_the_name_of_a_file(here: OrgWorld) -> None:
    clerk = await here.signed_in("clerk")
    file = {"file": (f"{NUMBER}.csv", "姓名\n单文慧\n".encode())}
    headers = {"accept": "application/json", "x-csrf-token": clerk.csrf, "sec-fetch-site": "same-origin"}
    answer = await clerk.client.post("/api/v1/imports", files=file, headers=headers)
    assert answer.status_code == 422
    assert "文件名" in answer.text
    assert NUMBER not in answer.text
