"""Passwords and accounts: weak ones refused, one-time passwords, must-change, resetting, unlocking."""

import re
from typing import Any

import pytest
from sqlalchemy import select

from shared.kit import clock
from shared.kit.staff import StaffAccount
from shared.kit.staff.rules import RULES, password_objection, rules_on
from tests.kit.staff_app import PASSWORD, World


@pytest.mark.parametrize(
    "password",
    [
        "short-pw-1",
        "123456789012",
        "aaaaaaaaaaaa",
        "Password1234",
        "passwordpassword",
        "zhoujb-2026!",
        "qwertyuiop123",
        "abcdefghijkl",
        "x" * 200,
    ],
)
def test_weak_passwords_are_refused(password: str) -> None:
    assert password_objection(password, RULES[-1], ("zhoujb", "周经办")) is not None


@pytest.mark.parametrize("password", ["plum-river-lantern-7", "江边的三只白鹭在等一场雨", "Tr0ub4dor&3xyzq"])
def test_good_passwords_are_taken(password: str) -> None:
    assert password_objection(password, RULES[-1], ("zhoujb", "周经办")) is None


def test_the_numbers_carry_date_and_source() -> None:
    assert rules_on(clock.today()).source
    assert rules_on(clock.today()).valid_from <= clock.today()


async def test_a_new_account_from_one_time_password_to_work(here: World) -> None:
    admin = await here.signed_in("admin")
    await admin.get("/staff/new")
    page = await admin.post(
        "/staff/new", {"login": "Chenxl", "name": "陈新来", "office": "维权部", "roles": ["clerk"]}
    )
    found = re.search(r'id="one-time">([a-z0-9-]{19})<', page.text)
    assert found is not None, page.text
    new = here.browser()
    answer = await new.sign_in("chenxl", found.group(1))
    assert answer.headers["location"] == "/account/password"
    assert (await new.get("/things")).headers["location"] == "/account/password"
    refused = await new.client.post("/api/v1/things", headers={"x-csrf-token": new.csrf})
    assert refused.json()["type"] == "urn:quntuan:problem:change-password"
    assert (await new.get("/account/password")).status_code == 200
    elsewhere = here.browser()
    await elsewhere.sign_in("chenxl", found.group(1))
    wishes = {"old": found.group(1), "new": PASSWORD, "again": PASSWORD}
    for wrong in (
        {"new": "short"},
        {"again": "other"},
        {"old": "wrong"},
        {"new": found.group(1), "again": found.group(1)},
    ):
        assert (await new.post("/account/password", wishes | wrong)).status_code == 422
    assert (await new.post("/account/password", wishes)).status_code == 303
    assert (await new.get("/things")).status_code == 200
    assert (await elsewhere.get("/things")).status_code == 303
    assert (await elsewhere.get("/things")).headers["location"].startswith("/signin")
    assert (await here.browser().sign_in("chenxl", PASSWORD)).headers["location"] == "/"


async def test_guessing_ones_own_password_locks_and_ends_the_session(here: World) -> None:
    browser = await here.signed_in("clerk")
    for _ in range(5):
        data = {"old": "guess", "new": "江边的三只白鹭在等一场雨", "again": "江边的三只白鹭在等一场雨"}
        assert (await browser.post("/account/password", data)).status_code == 422
    assert (await browser.get("/things")).status_code == 303


async def test_accounts_are_refused_with_a_reason(here: World) -> None:
    admin = await here.signed_in("admin")
    good: dict[str, Any] = {"login": "chenxl", "name": "陈新来", "roles": ["clerk"]}
    cases: list[tuple[dict[str, Any], str]] = [
        ({"login": "clerk"}, "已经有人使用"),
        ({"login": "陈"}, "以字母开头"),
        ({"name": ""}, "太短"),
        ({"name": "a\x00b"}, 'id="e-name"'),
        ({"roles": []}, "至少选择一个角色"),
        ({"roles": ["admin", "auditor"]}, "分设账号"),
    ]
    for change, text in cases:
        answer = await admin.post("/staff/new", good | change)
        assert answer.status_code == 422, change
        assert text in answer.text, change
    async with here.database.transaction() as session:
        assert (await session.scalars(select(StaffAccount).where(StaffAccount.login == "chenxl"))).all() == []


async def test_an_administrator_cannot_change_the_own_account(here: World) -> None:
    admin = await here.signed_in("admin")
    async with here.database.transaction() as session:
        mine = (await session.scalars(select(StaffAccount.id).where(StaffAccount.login == "admin"))).one()
        other = (await session.scalars(select(StaffAccount.id).where(StaffAccount.login == "admin2"))).one()
    for action in ("/disable", "/reset", ""):
        assert (
            await admin.post(f"/staff/{mine}{action}", {"name": "郑", "roles": ["clerk"]})
        ).status_code == 409, action
    assert (await admin.post(f"/staff/{other}", {"name": "王改名", "roles": ["auditor"]})).status_code == 303
    [entry] = await here.audited("staff.changed")
    assert entry.detail == {
        "before": {"roles": ["admin"], "scope": ""},
        "after": {"roles": ["auditor"], "scope": ""},
    }
    assert (await admin.get(f"/staff/{other}")).status_code == 200
    assert (await admin.get("/staff/00000000-0000-0000-0000-000000000000")).status_code == 404


async def test_unlocking_and_resetting(here: World) -> None:
    admin = await here.signed_in("admin")
    for _ in range(5):
        await here.browser().sign_in("clerk", "wrong")
    async with here.database.transaction() as session:
        who = (await session.scalars(select(StaffAccount.id).where(StaffAccount.login == "clerk"))).one()
    assert "解除锁定" in (await admin.get(f"/staff/{who}")).text
    assert (await admin.post(f"/staff/{who}/unlock")).status_code == 303
    clerk = await here.signed_in("clerk")
    page = await admin.post(f"/staff/{who}/reset")
    assert 'id="one-time"' in page.text
    assert (await clerk.get("/things")).status_code == 303
    assert (await here.browser().sign_in("clerk")).status_code == 422
