"""Who gets in where: form tokens, origins, bearer tokens, roles, must-change, refusals on record."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any, Literal
from uuid import UUID, uuid4

import pytest
from fastapi import FastAPI
from sqlalchemy import select, update

from shared.kit import clock
from shared.kit.audit.titles import plain
from shared.kit.errors import Invalid
from shared.kit.staff import ApiToken, NewAccount, Staff, StaffAccount, access_of, accounts, api_tokens
from shared.kit.staff.accounts import Particulars, Scope
from shared.kit.staff.roles import ROLES, grants_of, objection, permits
from shared.kit.staff.rules import RULES, password_objection, rules_on
from tests.fixtures.databases import FreshDatabases
from tests.kit.staff_app import HTML, PASSWORD, Browser, Clock, World, world

TEXT = {"text": "改动"}


@pytest.fixture
async def here(databases: FreshDatabases) -> AsyncIterator[World]:
    async with world(databases) as made:
        yield made


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(clock, "now", made.now)
    return made


# --- form tokens -------------------------------------------------------------------------


async def test_the_token_is_taken_from_field_or_header(here: World) -> None:
    browser = await here.signed_in("clerk")
    assert (await browser.post("/things", TEXT)).json() == {"text": "改动", "by": "clerk"}
    by_header = await browser.client.post(
        "/things", data=TEXT, headers={**HTML, "x-csrf-token": browser.csrf}
    )
    assert by_header.json() == {"text": "改动", "by": "clerk"}


@pytest.mark.parametrize("token", ["", "0" * 64, "é" * 10, "\udcff" * 3])
async def test_without_the_token_nothing_is_done(here: World, token: str) -> None:
    browser = await here.signed_in("clerk")
    browser.csrf = token.encode("utf-8", "replace").decode()
    answer = await browser.post("/things", TEXT)
    assert answer.status_code == 403
    assert "刷新" in answer.text
    assert [e.detail["reason"] for e in await here.audited("access.refused")] == ["csrf"]


async def test_another_sessions_token_does_not_count(here: World) -> None:
    one, two = await here.signed_in("clerk"), await here.signed_in("clerk")
    assert one.csrf != two.csrf
    one.csrf = two.csrf
    assert (await one.post("/things", TEXT)).status_code == 403
    stranger = here.browser()
    await stranger.get("/signin")
    two.csrf = stranger.csrf
    assert (await two.post("/things", TEXT)).status_code == 403


async def test_the_sign_in_form_is_checked_too(here: World) -> None:
    browser, other = here.browser(), here.browser()
    await browser.get("/signin")
    await other.get("/signin")
    browser.csrf = other.csrf
    answer = await browser.post("/signin", {"login": "clerk", "password": PASSWORD})
    assert answer.status_code == 403
    assert not browser.session
    bare = here.browser()
    bare.csrf = other.csrf
    assert (await bare.post("/signin", {"login": "clerk", "password": PASSWORD})).status_code == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},  # another port of this host: another organisation's service
        {"sec-fetch-site": "", "origin": "http://127.0.0.1:8009"},
        {"origin": "http://127.0.0.1:8008"},
        {"origin": "null"},
    ],
)
async def test_other_sites_are_refused_even_with_the_token(here: World, headers: dict[str, str]) -> None:
    browser = await here.signed_in("clerk")
    base = {"accept": "text/html"}
    answer = await browser.client.post(
        "/things", data={**TEXT, "csrf_token": browser.csrf}, headers=base | headers
    )
    assert answer.status_code == 403


async def test_own_origin_behind_a_tls_proxy_is_taken(here: World) -> None:
    browser = await here.signed_in("clerk")
    headers = {"accept": "text/html", "origin": "https://127.0.0.1:8009"}
    answer = await browser.client.post("/things", data={**TEXT, "csrf_token": browser.csrf}, headers=headers)
    assert answer.status_code == 200


async def test_uploads_pass_the_check_whole(here: World) -> None:
    browser = await here.signed_in("clerk")
    content = b"0123456789" * 200_000
    answer = await browser.post("/upload", files={"file": ("名册.xlsx", content)})
    assert answer.json() == {"size": 2_000_000, "name": "名册.xlsx", "by": "clerk"}
    streamed = await browser.client.post(
        "/streamed",
        content=content,
        headers={**HTML, "x-csrf-token": browser.csrf, "content-type": "application/octet-stream"},
    )
    assert streamed.json() == {"size": 2_000_000, "by": "clerk"}
    browser.csrf = "0" * 64
    assert (await browser.post("/upload", files={"file": ("a", content)})).status_code == 403


# --- who is asking -----------------------------------------------------------------------


async def test_nobody_signed_in(here: World) -> None:
    browser = here.browser()
    assert (await browser.get("/things?a=1")).headers["location"] == "/signin?next=%2Fthings%3Fa%3D1"
    posted = await browser.post("/things", TEXT)
    assert posted.status_code == 401
    assert "没有提交" in posted.text
    part = await browser.get(
        "/things",
        headers={"accept": "*/*", "hx-request": "true", "hx-current-url": "http://127.0.0.1:8009/list?p=2"},
    )
    assert (part.status_code, part.headers["hx-redirect"]) == (401, "/signin?next=%2Flist%3Fp%3D2")
    api = await browser.client.get("/api/v1/me")
    assert api.status_code == 401
    assert api.headers["content-type"] == "application/problem+json"
    assert api.headers["www-authenticate"] == "Bearer"
    assert api.json()["type"] == "urn:quntuan:problem:unauthenticated"
    assert (await browser.get("/open")).status_code == 200


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


# --- roles -------------------------------------------------------------------------------


def test_wildcards_never_reach_accounts_audit_and_machinery() -> None:
    for role in ("viewer", "clerk", "approver", "importer"):
        grants = grants_of([role])
        assert permits(grants, "things.read")
        for reserved in ("staff.manage", "staff.read", "audit.read", "ops.read", "ops.write", "ops.manage"):
            assert not permits(grants, reserved), (role, reserved)
    for role in ("admin", "auditor"):
        for business in ("things.read", "things.write", "lookup.search", "things.export"):
            assert not permits(grants_of([role]), business), (role, business)
    assert not permits(grants_of(["admin"]), "audit.read")
    assert not permits(grants_of(["auditor"]), "staff.manage")


def test_one_person_does_not_hold_two_powers() -> None:
    assert objection(["clerk", "approver"]) is None
    assert objection(list(ROLES)) is not None
    for pair in (["admin", "auditor"], ["admin", "clerk"], ["auditor", "viewer"], [], ["root"]):
        assert objection(pair) is not None, pair


@pytest.mark.parametrize(
    ("login", "path", "status"),
    [
        ("viewer", "/things", 200),
        ("viewer", "/staff", 403),
        ("viewer", "/audit", 403),
        ("clerk", "/audit", 403),
        ("admin", "/things", 403),
        ("admin", "/staff", 200),
        ("admin", "/audit", 403),
        ("auditor", "/audit", 200),
        ("auditor", "/staff", 403),
        ("auditor", "/things", 403),
    ],
)
async def test_pages_by_role(here: World, login: str, path: str, status: int) -> None:
    browser = await here.signed_in(login)
    assert (await browser.get(path)).status_code == status
    refused = await here.audited("access.refused")
    assert len(refused) == (status == 403)
    if refused:
        assert refused[0].actor_name == browser_name(login)
        assert refused[0].detail["route"] == path
        assert ("原因", "没有这项权限") in plain(refused[0].detail)


def browser_name(login: str) -> str:
    return {"viewer": "林查看", "clerk": "周经办", "admin": "郑管理", "auditor": "冯审计"}[login]


async def test_a_route_with_two_permissions_needs_both(here: World) -> None:
    clerk = await here.signed_in("clerk")
    assert (await clerk.post("/two")).status_code == 403
    async with here.database.transaction() as session:
        await session.execute(
            update(StaffAccount).where(StaffAccount.login == "clerk").values(roles=["clerk", "approver"])
        )
    assert (await clerk.post("/two")).status_code == 200, "a new role counts from the next request on"


def test_every_route_can_be_read_back() -> None:
    # what the access matrix of the whole suite stands on
    app = FastAPI()

    @app.get("/forgotten")
    async def forgotten() -> None: ...

    assert [(a.path, a.public, a.permissions) for a in access_of(app.routes)] == [("/forgotten", False, None)]


async def test_no_route_of_staff_or_audit_is_open_by_mistake(here: World) -> None:
    matrix = {(a.method, a.path): a for a in access_of(here.app.routes)}
    assert matrix["GET", "/audit"].permissions == ("audit.read",)
    assert matrix["POST", "/two"].permissions == ("things.write", "things.approve")
    assert matrix["GET", "/api/v1/me"].permissions == ()
    assert {k for k, a in matrix.items() if a.public} == {
        ("GET", "/signin"),
        ("POST", "/signin"),
        ("GET", "/open"),
    }
    assert {k for k, a in matrix.items() if not a.public and a.permissions is None} == {
        ("GET", "/lang/{locale}")
    }
    assert all(
        a.permissions == ("staff.manage",) for (_, path), a in matrix.items() if path.startswith("/staff")
    )


# --- passwords and accounts -----------------------------------------------------------------


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


async def test_scope_comes_with_the_principal(here: World) -> None:
    clerk = await here.signed_in("clerk")
    assert (await clerk.get("/things")).json() == {"name": "周经办", "scope": "town.street"}
    assert (await clerk.client.get("/api/v1/me")).json()["scope_path"] == "town.street"


@pytest.mark.parametrize(
    ("role", "may", "may_not"),
    [
        ("viewer", ["read", "search"], ["open", "reveal", "write", "run", "export", "approve", "decide"]),
        ("clerk", ["read", "search", "open", "reveal", "write", "run", "export"], ["approve", "decide"]),
        (
            "approver",
            ["read", "search", "open", "reveal", "export", "approve", "decide"],
            ["write", "run"],
        ),
    ],
)
def test_what_each_role_may_do_in_a_business_area(role: str, may: list[str], may_not: list[str]) -> None:
    grants = grants_of([role])
    assert {a for a in may + may_not if permits(grants, f"things.{a}")} == set(may)


@pytest.mark.parametrize("role", ["admin", "auditor"])
async def test_who_sees_the_whole_service_gets_no_scope(here: World, role: str) -> None:
    async with here.database.transaction() as session:
        by = (await session.scalars(select(StaffAccount).where(StaffAccount.login == "admin"))).one()
        other = (await session.scalars(select(StaffAccount).where(StaffAccount.login == "viewer"))).one()
        admin = principal(by.id, ("admin",), "session")
        scoped = Particulars("某某", "", (role,), Scope(path="town.street"))
        for refused in (
            accounts.create(session, admin, "scoped", scoped),
            accounts.edit(session, admin, other.id, scoped),
            api_tokens.create(session, admin, "程序", (role,), Scope(path="town.street"), timedelta(days=1)),
        ):
            with pytest.raises(Invalid) as found:
                await refused
            assert "不能限定范围" in found.value.fields["scope"]
        with pytest.raises(ValueError, match="不能限定范围"):
            await accounts.ensure_accounts(
                session, [NewAccount("scoped", "某某", "", (role,), PASSWORD, "town.street")]
            )
        await accounts.create(session, admin, "whole", Particulars("某某", "", (role,)))


def principal(id_: UUID, roles: tuple[str, ...], via: Literal["session", "token"]) -> Staff:
    return Staff(
        id=id_, login="x", name="某某", office="", roles=roles, scope_path="", permissions=grants_of(roles), via=via,
    )  # fmt: skip


def test_no_token_opens_numbers_or_takes_lists_whatever_its_role() -> None:
    roles = ("clerk", "approver")
    person, program = principal(uuid4(), roles, "session"), principal(uuid4(), roles, "token")
    for permission in ("members.reveal", "members.export", "lookup.full"):
        assert (person.can(permission), program.can(permission)) == (True, False), permission
    assert program.can("members.read")
