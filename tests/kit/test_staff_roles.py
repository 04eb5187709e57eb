"""Who gets in where: nobody signed in, roles, permissions of every route, scopes, refusals on record."""

from datetime import timedelta

import pytest
from fastapi import FastAPI
from sqlalchemy import select, update

from shared.kit.audit.titles import plain
from shared.kit.errors import Invalid
from shared.kit.staff import NewAccount, StaffAccount, access_of, accounts, api_tokens
from shared.kit.staff.accounts import Particulars, Scope
from shared.kit.staff.roles import ROLES, grants_of, objection, permits
from tests.kit.staff_app import PASSWORD, TEXT, World, principal


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
        assert ("原因", ["没有这项权限"]) in plain(refused[0].detail)


def test_codes_of_systems_are_shown_by_name() -> None:
    shown = plain({"compared": ["union", "here"], "note": "union"}, {"union": "锦城市总工会"})
    assert shown == [("与哪些系统比较过", ["锦城市总工会", "here"]), ("理由", ["union"])]


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
