"""Bearer tokens of programs: shown once, hashed, expiring, revoked, and what no token may do."""

import re
from typing import Any
from uuid import uuid4

from sqlalchemy import select

from shared.kit.staff import ApiToken
from tests.kit.staff_app import Browser, Clock, World, principal


async def token(here: World, admin: Browser, roles: list[str], days: int = 30) -> str:
    page = await admin.post("/staff/tokens", {"name": "统计接口", "days": str(days), "roles": roles})
    assert page.status_code == 200, page.text
    found = re.search(r'id="token">(qt_[\w-]{43})<', page.text)
    assert found is not None
    assert (await admin.get("/staff/tokens")).text.find(found.group(1)) == -1, "shown once only"
    return found.group(1)


async def test_bearer_tokens(here: World, fake: Clock) -> None:
    admin = await here.signed_in("admin")
    text = await token(here, admin, ["clerk"])
    program = here.browser().client
    headers = {"authorization": f"Bearer {text}"}
    assert (await program.post("/api/v1/things", headers=headers)).json() == {
        "by": "接口令牌 统计接口（郑管理建立）",
        "via": "token",
    }
    me = (await program.get("/api/v1/me", headers=headers)).json()
    assert (me["via"], me["roles"]) == ("token", [{"code": "clerk", "title": "经办"}])
    for wrong in ["", "qt_", text + "x", text[:-1], "qt_" + "é" * 43]:
        odd = {b"authorization": f"Bearer {wrong}".encode()}
        assert (await program.get("/api/v1/me", headers=odd)).status_code == 401
    async with here.database.transaction() as session:
        stored = (await session.scalars(select(ApiToken))).one()
    assert text.encode() not in stored.token_hash
    assert stored.last_used_at == fake.at
    fake.pass_(days=30)
    assert (await program.get("/api/v1/me", headers=headers)).status_code == 401


async def test_a_revoked_token_is_refused_at_once(here: World) -> None:
    admin = await here.signed_in("admin")
    text = await token(here, admin, ["viewer"])
    program = here.browser().client
    headers = {"authorization": f"Bearer {text}"}
    assert (await program.get("/things", headers=headers)).status_code == 200
    assert (await program.post("/api/v1/things", headers=headers)).status_code == 403
    async with here.database.transaction() as session:
        token_id = (await session.scalars(select(ApiToken.id))).one()
    await admin.post(f"/staff/tokens/{token_id}/revoke")
    assert (await program.get("/things", headers=headers)).status_code == 401
    assert len(await here.audited("staff.token_revoked")) == 1


async def test_a_token_lasts_a_year_at_most_and_needs_a_role(here: World) -> None:
    admin = await here.signed_in("admin")
    cases: list[dict[str, Any]] = [
        {"days": "367", "roles": ["viewer"]},
        {"days": "30"},
        {"days": "x", "roles": ["viewer"]},
    ]
    for data in cases:
        assert (await admin.post("/staff/tokens", {"name": "统计", **data})).status_code == 422
    async with here.database.transaction() as session:
        assert (await session.scalars(select(ApiToken))).all() == []


def test_no_token_opens_numbers_or_takes_lists_whatever_its_role() -> None:
    roles = ("clerk", "approver")
    person, program = principal(uuid4(), roles, "session"), principal(uuid4(), roles, "token")
    for permission in ("members.reveal", "members.export", "lookup.full"):
        assert (person.can(permission), program.can(permission)) == (True, False), permission
    assert program.can("members.read")
