"""The event ledger over a real bus: who told whom what and since when it holds, of both sides, without names."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from html import unescape
from typing import Any
from uuid import uuid4

import httpx
import orjson
import pytest
from sqlalchemy import event, text

from deploy.local.bus import Bus as Nats
from services.hub.service import build
from shared.contracts.lookups import LookupRecorded
from shared.kit import clock
from shared.kit.events import emit
from shared.kit.pagination import Cursor
from shared.kit.service import Service
from shared.kit.staff import ensure_accounts
from tests.conftest import ORGANISATIONS
from tests.fixtures.databases import FreshDatabases, Urls, as_owner
from tests.fixtures.settings import settings_for
from tests.hub.over_bus import Organisation, organisation, until
from tests.hub.site import ACCOUNTS, BASE, Client
from tests.hub.telling import announced, state

CODE = ORGANISATIONS[0]
NAME = "欧阳测试"


@pytest.fixture
async def urls(databases: FreshDatabases) -> AsyncIterator[Urls]:
    async with databases.once("hub") as urls:
        yield urls


@pytest.fixture
async def running(urls: Urls, bus: Nats) -> AsyncIterator[Service]:
    hub = build(settings_for("hub", urls, bus))
    async with hub.running():
        yield hub


@pytest.fixture
async def org(databases: FreshDatabases, bus: Nats) -> AsyncIterator[Organisation]:
    async with organisation(databases, bus, CODE) as made:
        yield made


@pytest.fixture
async def admin(running: Service) -> AsyncIterator[Client]:
    async with running.kit.database.transaction() as session:
        await ensure_accounts(session, ACCOUNTS)
    headers = {"accept": "text/html", "origin": BASE}
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(running.app), base_url=BASE, headers=headers
    ) as http:
        yield await Client(http).sign_in("admin")


def lines(page: str) -> list[str]:
    """The rows of the list as they read."""
    rows = re.findall(r"<tr><td class=\"num\">.*?</tr>", page, re.DOTALL)
    return [re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", row))) for row in rows]


def turning(page: str) -> list[str]:
    """Where the buttons under the list lead."""
    pager = page.split('<nav class="pager"')[1].split("</nav>", maxsplit=1)[0]
    return [unescape(found) for found in re.findall(r'<a [^>]*href="([^"]+)"', pager)]


async def read(admin: Client, query: str = "") -> list[str]:
    answer = await admin.get(f"/ops/ledger?{query}")
    assert answer.status_code == 200, answer.text[:500]
    return lines(answer.text)


async def look_up(running: Service, member: Any) -> None:
    """Tell the organisation that somebody looked at its member."""
    async with running.kit.database.transaction() as session:
        told = LookupRecorded(
            lookup_id=uuid4(), member_id=member, at=clock.now(), staff_name="何静怡", staff_office="办公室",
            purpose="visit", purpose_title="上门走访",
        )  # fmt: skip
        emit(session, told, key=told.lookup_id, to=CODE)


async def test_both_sides_are_told_with_the_time_and_no_name(
    running: Service, org: Organisation, admin: Client
) -> None:
    assert "还没有事件" in (await admin.get("/ops/ledger")).text
    person = state(NAME, phone="12012345678")
    await org.tell(announced(CODE, "甲"), person)
    await look_up(running, person.member_id)

    async def all_applied() -> bool:
        return sum("已经生效" in line for line in await read(admin)) == 3

    await until(all_applied)
    page = (await admin.get("/ops/ledger")).text
    newest, *_ = lines(page)
    assert re.search(r"大群团协同平台 .*发给 甲市总会 .*有一人的资料在平台被打开", newest), newest
    assert re.search(r"甲市总会 .*发给 大群团协同平台 .*有一人登入名册", " ".join(lines(page)))
    for link in re.findall(r'href="(/ops/ledger/event[^"]+)"', page):
        detail = (await admin.get(unescape(link))).text
        assert "已经生效" in detail
        page += detail
    assert "同一人" in page.split("由谁处理")[2], "which part of the hub takes it in"
    for secret in (NAME, "欧阳", "5678", "何静怡", "上门走访", "办公室"):
        assert secret not in page
    assert [len(await read(admin, f"subject={person.member_id}")), len(await read(admin, "sender=hub"))] == [
        1,
        1,
    ]
    assert len(await read(admin, f"sender={CODE}&kind=member.admitted.v1&day={clock.today()}")) == 1
    assert await read(admin, f"day={clock.today() - timedelta(days=1)}") == []
    assert len(await read(admin, "state=applied")) == 3


async def test_what_waits_and_what_was_put_aside_is_found(
    running: Service, org: Organisation, admin: Client
) -> None:
    await org.tell(announced(CODE, "甲"), state("王小明").model_copy(update={"name": "１２３"}))

    async def aside() -> bool:
        return len(await read(admin, "state=aside")) == 1

    await until(aside)
    [found] = await read(admin, "state=aside")
    assert "有一人登入名册" in found
    assert "已隔离" in found
    assert len(await read(admin, "state=applied")) == 1
    [row] = re.findall(r"/ops/quarantine/(\d+)/discard", (await admin.get("/ops")).text)
    assert (await admin.post(f"/ops/quarantine/{row}/discard", note="测试")).status_code == 303
    assert await read(admin, "state=aside") == []
    assert sum("已放弃" in line for line in await read(admin)) == 1

    await org.engine.projector.pull.close()
    await org.engine.stop()
    await look_up(running, uuid4())

    async def sent() -> bool:
        return "已发出" in " ".join(await read(admin, "sender=hub"))

    await until(sent)
    assert await read(admin, "state=applied&sender=hub") == [], "nobody says so"


async def test_what_an_owner_said_and_is_not_here_waits(
    running: Service, org: Organisation, admin: Client
) -> None:
    await org.tell(announced(CODE, "甲"))

    async def applied() -> bool:
        return len(await read(admin, "state=applied")) == 1

    await until(applied)
    assert "没有等待处理的事件" in (await admin.get("/ops/ledger?state=waiting")).text
    await running.engine.stop()
    await org.tell(state("王小明"))

    async def waits() -> bool:
        return len(await read(admin, "state=waiting")) == 1

    await until(waits)
    [line] = await read(admin, f"state=waiting&sender={CODE}")
    assert "有一人登入名册" in line
    assert "待处理" in line
    assert await read(admin, "state=waiting&kind=unit.changed.v1") == []


PLANTED = (
    (
        "insert into event_receipt select case when n % 100000 = 3 then 'rare' else 'alpha' end, '', n,"
        " (array['member.changed.v1','member.admitted.v1','unit.changed.v1','x.y.v1'])[1 + n % 4],"
        " 'k' || (n / 3), timestamptz '2026-01-01' + (n / 500) * interval '5 minutes', 'applied', now()"
        " from generate_series(1, 300000) n"
    ),
    "update event_receipt set state = 'aside' where seq in (7, 299999)",
    (
        "insert into event_log select 'alpha', n, uuidv7(), 'lookup.recorded.v1', 'k' || n, '{}', null,"
        " timestamptz '2026-01-01' + (n / 100) * interval '1 minute' from generate_series(1, 60000) n"
    ),
    "insert into event_channel (channel, newest, published) values ('alpha', 60000, 60000)",
)
QUERIES = (
    "", "sender=rare", "sender=hub", "kind=x.y.v1&sender=rare", "state=aside", "subject=k99999", "day=2026-01-02",
    "state=applied&sender=alpha",
)  # fmt: skip


async def test_no_page_reads_more_than_a_little_of_many_events(
    urls: Urls, running: Service, admin: Client
) -> None:
    """Every statement of every filter is explained with what it really read: blocks, not seconds."""
    await as_owner(urls, *PLANTED, "analyze event_receipt, event_log")
    said: list[tuple[str, Any]] = []

    def note(_c: Any, _u: Any, statement: str, values: Any, *_: Any) -> None:
        if "event_receipt" in statement or "event_log" in statement:
            said.append((statement, values))

    engine = running.kit.database.engine
    second = ""
    for query in QUERIES:
        event.listen(engine.sync_engine, "before_cursor_execute", note)
        page = (await admin.get(f"/ops/ledger?{query}")).text
        event.remove(engine.sync_engine, "before_cursor_execute", note)
        assert lines(page), query
        second = second or turning(page)[-1]
    event.listen(engine.sync_engine, "before_cursor_execute", note)
    await admin.get(second)
    event.remove(engine.sync_engine, "before_cursor_execute", note)
    async with engine.connect() as connection:
        for statement, values in said:
            plan = await connection.exec_driver_sql(
                f"explain (analyze, buffers, format json) {statement}", values
            )
            [explained] = plan.scalar_one()
            top = explained["Plan"]
            blocks = top["Shared Hit Blocks"] + top["Shared Read Blocks"]
            assert blocks < 400, orjson.dumps(top, option=orjson.OPT_INDENT_2).decode() + statement


async def test_pages_go_on_without_a_hole_both_ways(running: Service, admin: Client) -> None:
    async with running.kit.database.transaction() as session:
        for source, kind in (("alpha", "unit.changed.v1"), ("beta", "unit.changed.v1"), ("beta", "x.y.v1")):
            await session.execute(
                text(
                    "insert into event_receipt select :source, '', n + case when cast(:kind as text) = 'x.y.v1' then"
                    " 40 else 0 end, :kind, 'k' || n, timestamptz '2026-01-01' + (n / 30) * interval '1 s',"
                    " 'applied', now() from generate_series(1, 40) n"
                ),
                {"source": source, "kind": kind},
            )
    seen: list[str] = []
    pages = ["/ops/ledger"]
    while len(seen) < 120:
        page = (await admin.get(pages[-1])).text
        seen += re.findall(r"source=(\w+)&amp;channel=&amp;seq=(\d+)", page)
        pages.append(turning(page)[-1])
    assert len(seen) == len(set(seen)) == 120
    first, newer = turning(page)
    assert first == "/ops/ledger?"
    assert lines((await admin.get(newer)).text) == lines((await admin.get(pages[1])).text)


def at(*values: str) -> str:
    """A place between two pages as nobody of ours wrote it."""
    return "at=" + Cursor(values).encode()


@pytest.mark.parametrize(
    "query",
    [
        "at=x",
        "at=W2ZhbHNlLCJ4Il0",
        at("2026-11-26T00:00:00+00:00", "9" * 30, "union", ""),
        at("2026-11-26T00:00:00", "1", "union", ""),
        "day=2026-13-01",
        "subject=王小明",
        "subject=12012345678",
        "sender=%00",
        "kind=x",
    ],
)
async def test_odd_addresses_are_answered_calmly(running: Service, admin: Client, query: str) -> None:
    del running
    assert (await admin.get(f"/ops/ledger?{query}")).status_code == 422
    assert (await admin.get("/ops/ledger/event?source=alpha&seq=1")).status_code == 404
