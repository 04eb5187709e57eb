"""Signing in: lockout, the same answer for everybody, new sessions, expiry, disabled accounts."""

import asyncio
import re
import statistics
import time
from datetime import timedelta

import pytest
from argon2 import PasswordHasher
from sqlalchemy import select, update

from shared.kit import clock
from shared.kit.staff import StaffAccount, StaffSession, passwords
from shared.kit.web.filters import moment
from tests.fixtures.databases import FreshDatabases
from tests.kit.staff_app import PASSWORD, Clock, World, world


async def test_five_failures_lock_for_fifteen_minutes(here: World, fake: Clock) -> None:
    browser = here.browser()
    for _ in range(4):
        assert (await browser.sign_in("clerk", "wrong")).status_code == 422
    assert (await browser.sign_in("clerk")).status_code == 303  # four do not lock, and success forgets them
    other = here.browser()
    for _ in range(5):
        assert (await other.sign_in("clerk", "wrong")).status_code == 422
    assert (await other.sign_in("clerk")).status_code == 422
    await says_locked(here, fake)
    fake.pass_(minutes=14, seconds=59)
    assert (await other.sign_in("clerk")).status_code == 422
    fake.pass_(seconds=1)
    assert (await other.sign_in("clerk", "wrong")).status_code == 422  # the count begins anew
    assert (await other.sign_in("clerk")).status_code == 303
    assert len(await here.audited("staff.locked")) == 1


async def says_locked(here: World, fake: Clock) -> None:
    """The administrator's list and the account say so and until when, and offer to unlock."""
    admin, until = await here.signed_in("admin"), fake.now() + timedelta(minutes=15)
    page = (await admin.get("/staff")).text
    row = page[page.index(">clerk</a>") :].partition("</tr>")[0]
    assert "已锁定" in row
    assert f"到{moment(until)}" in row
    [unlock] = re.findall(r'action="(/staff/[^"]+/unlock)"', row)
    account = (await admin.get(unlock.removesuffix("/unlock"))).text
    assert "<dt>状态</dt><dd>已锁定</dd>" in account
    assert unlock in account


async def test_an_administrator_unlocks_from_the_list(here: World) -> None:
    for _ in range(5):
        await here.browser().sign_in("clerk", "wrong")
    admin = await here.signed_in("admin")
    [unlock] = re.findall(r'action="(/staff/[^"]+/unlock)"', (await admin.get("/staff")).text)
    assert (await admin.post(unlock)).status_code == 303
    assert "已锁定" not in (await admin.get("/staff")).text
    assert (await here.browser().sign_in("clerk")).status_code == 303


async def test_a_lock_does_not_end_the_sessions_already_open(here: World) -> None:
    inside = await here.signed_in("clerk")
    for _ in range(5):
        await here.browser().sign_in("clerk", "wrong")
    assert (await inside.get("/things")).status_code == 200


async def test_parallel_guesses_are_all_counted(here: World) -> None:
    browsers = [here.browser() for _ in range(8)]
    answers = await asyncio.gather(*(b.sign_in("clerk", "wrong") for b in browsers))
    assert {a.status_code for a in answers} == {422}
    async with here.database.transaction() as session:
        account = (await session.scalars(select(StaffAccount).where(StaffAccount.login == "clerk"))).one()
    assert account.failed_count == 5
    assert account.locked_until is not None


async def test_every_refusal_reads_the_same(here: World) -> None:
    async with here.database.transaction() as session:
        await session.execute(update(StaffAccount).where(StaffAccount.login == "viewer").values(active=False))
        until = clock.now() + timedelta(minutes=5)
        await session.execute(
            update(StaffAccount).where(StaffAccount.login == "approver").values(locked_until=until)
        )
    bodies = set()
    for login, password in [
        ("clerk", "wrong"),
        ("nobody", "wrong"),
        ("viewer", PASSWORD),
        ("approver", PASSWORD),
    ]:
        browser = here.browser()
        answer = await browser.sign_in(login, password)
        assert answer.status_code == 422
        assert not browser.session
        bodies.add(answer.text.replace(login, "").replace(browser.csrf, ""))
    assert len({_alert(b) for b in bodies}) == 1
    assert "请联系系统管理员" in _alert(bodies.pop())


def _alert(page: str) -> str:
    return page.split('role="alert"')[1].split("</div></div>", maxsplit=1)[0]


async def test_unknown_and_known_logins_take_the_same_time(
    here: World, full_price: PasswordHasher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passwords, "HASHER", full_price)
    stored = await passwords.hashed(PASSWORD)
    assert stored.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    async with here.database.transaction() as session:
        await session.execute(update(StaffAccount).values(password_hash=stored))
    browser = here.browser()
    spans: dict[str, list[float]] = {"clerk": [], "nobody-here": []}
    await browser.sign_in("warm-up", "wrong")
    for _ in range(12):
        for login, seen in spans.items():
            async with here.database.transaction() as session:
                await session.execute(update(StaffAccount).values(failed_count=0, locked_until=None))
            began = time.perf_counter()
            await browser.post("/signin", {"login": login, "password": "wrong"})
            seen.append(time.perf_counter() - began)
    known, unknown = statistics.median(spans["clerk"]), statistics.median(spans["nobody-here"])
    assert 0.6 < known / unknown < 1.67, (known, unknown)


async def test_a_planted_session_does_not_survive_the_sign_in(here: World) -> None:
    attacker = await here.signed_in("viewer")
    planted = attacker.session
    victim = here.browser()
    victim.client.cookies.set("quntuan_kit", planted, domain="127.0.0.1")
    await victim.sign_in("clerk")
    assert victim.session
    assert victim.session != planted
    assert (await attacker.get("/things")).status_code == 303  # it no longer counts at all
    made_up = here.browser()
    made_up.client.cookies.set("quntuan_kit", "x" * 43, domain="127.0.0.1")
    await made_up.sign_in("clerk")
    assert made_up.session != "x" * 43


async def test_session_ids_are_long_and_stored_as_hashes(here: World) -> None:
    ids = {(await here.signed_in("clerk")).session for _ in range(5)}
    assert len(ids) == 5
    assert all(len(i) >= 43 for i in ids)  # 256 bits in base64
    async with here.database.transaction() as session:
        stored = list(await session.scalars(select(StaffSession.token_hash)))
    assert not {i.encode() for i in ids} & set(stored)


async def test_idle_half_an_hour_ends_the_session(here: World, fake: Clock) -> None:
    browser = await here.signed_in("clerk")
    for _ in range(3):
        fake.pass_(minutes=29)
        assert (await browser.get("/things")).status_code == 200
    fake.pass_(minutes=30)
    answer = await browser.get("/things?kind=a")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/signin?next=%2Fthings%3Fkind%3Da"


async def test_a_page_that_looks_again_by_itself_keeps_no_session_open(here: World, fake: Clock) -> None:
    browser = await here.signed_in("clerk")
    for status in (200, 200, 303):
        fake.pass_(minutes=10)
        assert (await browser.get("/things", headers={"x-looks": "again"})).status_code == status


async def test_the_last_use_is_noted_once_a_minute_by_whoever_only_reads(here: World, fake: Clock) -> None:
    clerk, began = await here.signed_in("clerk"), fake.at
    for passed, noted in ((59, 0), (1, 60), (59, 60)):
        fake.pass_(seconds=passed)
        assert (await clerk.get("/things")).status_code == 200
        async with here.database.reading() as session:
            assert await session.scalar(select(StaffSession.last_seen_at)) == began + timedelta(seconds=noted)


async def test_twelve_hours_end_the_session_however_busy(here: World, fake: Clock) -> None:
    browser = await here.signed_in("clerk")
    for _ in range(71):
        fake.pass_(minutes=10)
        assert (await browser.get("/things")).status_code == 200
    fake.pass_(minutes=10)
    assert (await browser.get("/things")).status_code == 303


async def test_disabling_ends_the_sessions_at_once(here: World) -> None:
    clerk, admin = await here.signed_in("clerk"), await here.signed_in("admin")
    async with here.database.transaction() as session:
        who = (await session.scalars(select(StaffAccount.id).where(StaffAccount.login == "clerk"))).one()
    assert (await admin.post(f"/staff/{who}/disable")).status_code == 303
    assert (await clerk.get("/things")).status_code == 303
    assert (await here.browser().sign_in("clerk")).status_code == 422
    await admin.post(f"/staff/{who}/enable")
    assert (await clerk.get("/things")).status_code == 303, "enabling must not revive old sessions"
    assert (await here.browser().sign_in("clerk")).status_code == 303


async def test_signing_out_ends_the_session_on_the_server(here: World) -> None:
    browser = await here.signed_in("clerk")
    held = browser.session
    assert (await browser.post("/signout")).headers["location"] == "/signin"
    browser.client.cookies.set("quntuan_kit", held, domain="127.0.0.1")
    assert (await browser.get("/things")).status_code == 303


@pytest.mark.parametrize(
    "target", ["//evil.example", "/\\evil.example", "https://evil.example", "javascript:x", "/a\nb"]
)
async def test_signing_in_leads_to_own_addresses_only(here: World, target: str) -> None:
    answer = await here.browser().sign_in("clerk", next=target)
    assert answer.headers["location"] == "/"


async def test_signing_in_leads_back_and_tells_the_last_time(here: World) -> None:
    first = await here.browser().sign_in("clerk", next="/things?kind=a")
    assert first.headers["location"] == "/things?kind=a"
    browser = await here.signed_in("clerk")
    assert "本次之前登录" in (page := (await browser.get("/account")).text)
    assert page.count("/account/sessions/") == 1  # the other browser's, which can be ended from here


async def test_cookies_are_strict(here: World, databases: FreshDatabases) -> None:
    browser = here.browser()
    answer = await browser.sign_in("clerk")
    cookie = next(c for c in answer.headers.get_list("set-cookie") if c.startswith("quntuan_kit="))
    assert "HttpOnly" in cookie
    assert "samesite=lax" in cookie.lower()
    assert "Path=/" in cookie
    async with world(databases, secure_cookies=True) as secure:
        page = await secure.browser().get("/signin")
        cookie = page.headers["set-cookie"]
        assert cookie.startswith("__Host-quntuan_kit_form=")
        assert "Secure" in cookie
        assert "Domain" not in cookie


async def test_long_and_odd_input_is_refused_calmly(here: World) -> None:
    browser = here.browser()
    for login, password in [("x" * 900, "y" * 900), ("\x00", "\x00"), ("' OR 1=1 --", "x"), ("😀", "😀")]:
        assert (await browser.sign_in(login, password)).status_code == 422
