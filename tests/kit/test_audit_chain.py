"""The audit log: one chain, whatever is written at once; every change to it is found; its pages."""

import asyncio
import csv
import io
import json
import random
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from decimal import Decimal
from html import unescape
from typing import Any
from uuid import uuid4

import pytest
from pydantic import SecretStr
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession, create_async_engine

from shared.kit import audit, clock
from shared.kit.audit.rules import HIDDEN, Chain, canonical, tellable
from shared.kit.db import Database
from shared.kit.settings import Settings
from tests.fixtures.databases import FreshDatabases, Urls
from tests.kit.staff_app import World, settings, world

SYSTEM = audit.System("定时任务")
ENTRIES = 40


@pytest.fixture
async def urls(databases: FreshDatabases) -> Urls:
    return await databases.fresh("kit")


@pytest.fixture
async def database(urls: Urls) -> AsyncIterator[Database]:
    made = Database(settings(urls.app))
    yield made
    await made.close()


@pytest.fixture
async def here(databases: FreshDatabases) -> AsyncIterator[World]:
    async with world(databases) as made:
        yield made


def keyed(session: AsyncSession, **more: Any) -> Settings:
    """The settings a service's transactions carry."""
    given = settings("postgresql+asyncpg://x/x", **more)
    session.info["settings"] = given
    return given


async def write(database: Database, count: int, **more: Any) -> None:
    for n in range(count):
        async with database.transaction() as session:
            keyed(session, **more)
            audit.record(
                session, actor=SYSTEM, action="thing.changed", target=("thing", uuid4()), purpose="核对",
                detail={"n": n, "names": ["甲", "乙"], "deep": {"at": clock.now(), "none": None, "yes": True}},
            )  # fmt: skip


async def check(database: Database, **more: Any) -> audit.Verification:
    async with database.transaction() as session:
        keyed(session, **more)
        return await audit.verify(session)


async def seqs(database: Database) -> list[int]:
    async with database.transaction() as session:
        return list(await session.scalars(select(audit.AuditEntry.seq).order_by(audit.AuditEntry.seq)))


# --- writing -------------------------------------------------------------------------------


async def test_an_empty_log_is_intact(database: Database) -> None:
    result = await check(database)
    assert (result.intact, result.checked, result.head.seq) == (True, 0, 0)


async def test_entries_are_contiguous_and_hold(database: Database) -> None:
    await write(database, 5)
    result = await check(database)
    assert (result.intact, result.checked, result.algorithm) == (True, 5, "hmac-sha256")
    assert await seqs(database) == [1, 2, 3, 4, 5]


async def test_concurrent_writers_make_one_chain(database: Database) -> None:
    async def writer(number: int) -> None:
        for n in range(10):
            async with database.transaction() as session:
                keyed(session)
                for _ in range(number % 3 + 1):
                    audit.record(session, actor=SYSTEM, action="thing.changed", detail={"by": number, "n": n})
                await asyncio.sleep(0)

    await asyncio.gather(*(writer(n) for n in range(12)))
    result = await check(database)
    assert result.intact, result.faults
    assert await seqs(database) == list(range(1, 241))


async def test_what_is_rolled_back_is_not_recorded_and_leaves_no_gap(database: Database) -> None:
    async def fail() -> None:
        async with database.transaction() as session:
            keyed(session)
            audit.record(session, actor=SYSTEM, action="thing.failed")
            raise RuntimeError

    await write(database, 1)
    with pytest.raises(RuntimeError):
        await fail()
    await write(database, 1)
    assert await seqs(database) == [1, 2]
    assert (await check(database)).intact


async def test_savepoints_keep_what_happened_only(database: Database) -> None:
    async def inner(session: AsyncSession, action: str, *, fails: bool) -> None:
        async with session.begin_nested():
            audit.record(session, actor=SYSTEM, action=action)
            async with session.begin_nested():
                audit.record(session, actor=SYSTEM, action=f"{action}.deeper")
            if fails:
                raise RuntimeError

    async with database.transaction() as session:
        keyed(session)
        audit.record(session, actor=SYSTEM, action="before")
        with pytest.raises(RuntimeError):
            await inner(session, "lost", fails=True)
        await inner(session, "kept", fails=False)
    async with database.transaction() as session:
        found = list(await session.scalars(select(audit.AuditEntry.action).order_by(audit.AuditEntry.seq)))
    assert found == ["before", "kept", "kept.deeper"]


async def test_a_long_transaction_does_not_hold_up_the_others(database: Database) -> None:
    async with asyncio.timeout(5), database.transaction() as slow:
        keyed(slow)
        audit.record(slow, actor=SYSTEM, action="slow")
        await slow.execute(text("select 1"))
        await write(database, 2)
    assert await seqs(database) == [1, 2, 3]
    assert (await check(database)).intact


async def test_raw_personal_numbers_are_left_out(database: Database) -> None:
    number, phone = "519901199001010010", "12012345678"
    async with database.transaction() as session:
        audit.record(
            session, actor=SYSTEM, action="thing.changed", target=("thing", phone), purpose=f"核对{number}",
            detail={"a": f"证号{number}，电话{phone}", "b": [int(phone)], "c": {"d": f"{number[:-1]}X"}},
        )  # fmt: skip
    async with database.transaction() as session:
        entry = (await session.scalars(select(audit.AuditEntry))).one()
    told = json.dumps([entry.detail, entry.purpose, entry.target_id], ensure_ascii=False)
    assert number[:14] not in told
    assert phone not in told
    assert told.count(HIDDEN) == 6
    assert tellable(str(a := uuid4())) == str(a)


def test_details_are_plain_values_only() -> None:
    for odd in (1.5, Decimal(1), object(), b"x"):
        with pytest.raises(TypeError):
            tellable({"x": odd})
    assert tellable("a\x00b\ud800") == "ab?"


def test_the_hash_covers_every_column() -> None:
    entry = {
        "seq": 1, "at": datetime(2026, 9, 1, tzinfo=UTC), "actor_id": None, "actor_name": "甲", "action": "a",
        "target_kind": "k", "target_id": "t", "purpose": "p", "detail": {}, "algorithm": "hmac-sm3", "prev_hash": b"",
    }  # fmt: skip
    assert set(entry) | {"hash"} == set(audit.AuditEntry.__table__.columns.keys())
    changes: dict[str, Any] = {
        "seq": 2, "at": datetime(2026, 9, 1, 0, 0, 0, 1, UTC), "actor_id": uuid4(), "detail": {"x": 1}, "prev_hash": b"x",
    }  # fmt: skip
    forms = {canonical(entry)} | {canonical({**entry, k: changes.get(k, "else")}) for k in entry}
    assert len(forms) == len(entry) + 1


async def test_profiles(database: Database) -> None:
    await write(database, 2)
    await write(database, 2, crypto_profile="sm")
    result = await check(database, crypto_profile="sm")
    assert (result.intact, result.checked, result.algorithm) == (True, 4, "hmac-sm3")
    assert (await check(database)).intact, "entries of the other profile stay valid"
    assert not (await check(database, secret_key=SecretStr("another secret, also long enough"))).intact


# --- tampering -----------------------------------------------------------------------------


async def edit(connection: AsyncConnection, dice: random.Random) -> str:
    column, value = dice.choice([
        ("actor_name", "'别人'"), ("action", "'x.y'"), ("at", "at + interval '1 microsecond'"), ("purpose", "purpose || ' '"),
        ("detail", "jsonb_set(detail, '{n}', '-1')"), ("detail", "detail || '{\"more\": 1}'"), ("target_id", "''"),
        ("target_kind", "'other'"), ("actor_id", "uuidv7()"), ("hash", "sha256(hash)"), ("prev_hash", "sha256(hash)"),
        ("algorithm", "'sha256'"),
    ])  # fmt: skip
    seq = dice.randint(1, ENTRIES)
    await connection.execute(text(f"UPDATE audit_entry SET {column} = {value} WHERE seq = {seq}"))
    return f"edit {column} of {seq}"


async def delete(connection: AsyncConnection, dice: random.Random) -> str:
    low = dice.randint(1, ENTRIES)
    high = min(ENTRIES, low + dice.choice([0, 0, 1, 5, ENTRIES]))
    await connection.execute(text(f"DELETE FROM audit_entry WHERE seq BETWEEN {low} AND {high}"))
    if dice.random() < 0.5:  # and close the gap
        await connection.execute(
            text(f"UPDATE audit_entry SET seq = seq - {high - low + 1} WHERE seq > {high}")
        )
        return f"delete {low}-{high} and renumber"
    return f"delete {low}-{high}"


async def reorder(connection: AsyncConnection, dice: random.Random) -> str:
    one, two = dice.sample(range(1, ENTRIES + 1), 2)
    for a, b in ((one, -1), (two, one), (-1, two)):
        await connection.execute(text(f"UPDATE audit_entry SET seq = {b} WHERE seq = {a}"))
    return f"swap {one} and {two}"


async def insert(connection: AsyncConnection, dice: random.Random) -> str:
    seq = dice.choice([0, ENTRIES + 1])
    await connection.execute(text(
        f"INSERT INTO audit_entry SELECT {seq}, at, actor_id, actor_name, action, target_kind, target_id, purpose, detail,"
        f" algorithm, prev_hash, hash FROM audit_entry WHERE seq = {dice.randint(1, ENTRIES)}"
    ))  # fmt: skip
    return f"insert at {seq}"


async def cut_and_mend(connection: AsyncConnection, dice: random.Random) -> str:
    """Delete the end and set the head to what is left: found only by an end that was kept elsewhere."""
    seq = dice.randint(1, ENTRIES - 1)
    await connection.execute(text(f"DELETE FROM audit_entry WHERE seq > {seq}"))
    await connection.execute(
        text(f"UPDATE audit_head SET seq = {seq}, hash = (SELECT hash FROM audit_entry WHERE seq = {seq})")
    )
    return f"cut after {seq}"


async def rechain_without_the_key(connection: AsyncConnection, dice: random.Random) -> str:
    """What the owner of the tables can do: change an entry and chain everything after it anew, but without the key."""
    first, last, forger = dice.randint(1, ENTRIES), b"", Chain("a guess of the secret, long enough", "intl")
    for row in (await connection.execute(text("SELECT * FROM audit_entry ORDER BY seq"))).mappings().all():
        entry = {**row, "prev_hash": last}
        last = bytes(row["hash"])
        if row["seq"] >= first:
            entry["purpose"], last = "伪造", forger.digest(canonical({**entry, "purpose": "伪造"}))
            await connection.execute(
                text(
                    "UPDATE audit_entry SET purpose = '伪造', prev_hash = :prev, hash = :hash WHERE seq = :seq"
                ),
                {"prev": entry["prev_hash"], "hash": last, "seq": row["seq"]},
            )
    await connection.execute(text("UPDATE audit_head SET hash = :hash"), {"hash": last})
    return f"forge from {first}"


async def test_two_hundred_tamperings_are_all_found(database: Database, urls: Urls) -> None:
    """As the owner of the tables, who may do anything to them; each change is rolled back before the next."""
    await write(database, ENTRIES)
    kept = (await check(database)).head
    ways = [edit, delete, reorder, insert, cut_and_mend, rechain_without_the_key]
    seed = random.randrange(2**32)
    dice, missed, silent = random.Random(seed), [], 0
    engine = create_async_engine(urls.owner)
    try:
        for turn in range(200):
            way = ways[turn % len(ways)]
            async with engine.connect() as connection:
                transaction = await connection.begin()
                what = await way(connection, dice)
                async with AsyncSession(bind=connection, join_transaction_mode="create_savepoint") as session:
                    keyed(session)
                    silent += (await audit.verify(session)).intact
                    if (await audit.verify(session, kept=[kept])).intact:
                        missed.append(what)
                await transaction.rollback()
    finally:
        await engine.dispose()
    assert missed == [], f"seed {seed}"
    assert silent <= 33, "only a mended cut needs an end that was kept elsewhere"
    assert (await check(database)).intact, "what was rolled back left the log whole"


async def test_the_service_may_not_change_its_log(database: Database) -> None:
    await write(database, 1)
    for statement in (
        "UPDATE audit_entry SET purpose = ''",
        "DELETE FROM audit_entry",
        "TRUNCATE audit_entry",
    ):
        with pytest.raises(DBAPIError, match="permission denied"):
            async with database.transaction() as session:
                await session.execute(text(statement))
    assert (await check(database)).intact


# --- pages ---------------------------------------------------------------------------------


def links(page: str) -> list[str]:
    pager = page.split('<nav class="pager"')[1].split("</nav>", maxsplit=1)[0]
    return [unescape(found) for found in re.findall(r'<a [^>]*href="([^"]+)"', pager)]


async def test_auditors_list_filter_page_and_verify(here: World) -> None:
    clerk = await here.signed_in("clerk")
    for _ in range(60):
        assert (await clerk.post("/record")).status_code == 200
    auditor = await here.signed_in("auditor")
    page = await auditor.get("/audit")
    assert page.status_code == 200
    assert "周经办" in page.text
    assert page.text.count("<code>thing.changed</code>") == 49, (
        "fifty newest: the auditor's sign-in is one of them"
    )
    second = await auditor.get(links(page.text)[-1])
    assert second.text.count("<code>thing.changed</code>") == 11
    beginning, newer = links(second.text)
    assert beginning == "/audit?"
    assert (await auditor.get(newer)).text.count("<code>thing.changed</code>") == 49
    some = await auditor.get("/audit?action=staff.signed_in&actor=&since=2020-01-01&until=")
    assert "thing.changed" not in some.text
    assert "登录" in some.text
    assert re.search(r"账号 周经办 clerk</td>", some.text), (
        "whose sign-in, but no link: auditors manage nobody"
    )
    assert "没有符合条件的记录" in (await auditor.get("/audit?until=2020-01-01")).text
    verified = await auditor.post("/audit/verify")
    assert "未能与别处比较" in verified.text, (
        "nobody answers here: that is said, and the log not called intact"
    )
    assert "日志完整" not in verified.text
    assert len(await here.audited("audit.verified")) == 1
    assert len(await here.audited("audit.read")) == 3, "every new look at the log, not every page of it"


async def test_verification_shows_what_is_wrong(here: World) -> None:
    auditor = await here.signed_in("auditor")
    engine = create_async_engine(here.owner_url)
    async with engine.begin() as connection:
        await connection.execute(text("UPDATE audit_entry SET actor_name = '别人' WHERE seq = 1"))
    await engine.dispose()
    page = await auditor.post("/audit/verify")
    assert "日志不完整" in page.text
    assert "这一条被改动" in page.text


async def test_the_file_is_safe_to_open(here: World) -> None:
    auditor = await here.signed_in("auditor")
    async with here.database.transaction() as session:
        audit.record(
            session,
            actor=audit.System("=cmd|'/c calc'!A1"),
            action="thing.changed",
            purpose='+1,"引号"\n换行',
        )
    answer = await auditor.post("/audit/export?action=thing.changed")
    assert answer.headers["content-disposition"].startswith('attachment; filename="audit-kit-')
    assert answer.content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(answer.text.lstrip("\ufeff"), newline="")))
    assert rows[0][:3] == ["序号", "时间", "操作人"]
    assert len(rows) == 2
    assert rows[1][2] == "'=cmd|'/c calc'!A1"
    assert rows[1][8] == '\'+1,"引号"\n换行'
    assert len(await here.audited("audit.exported")) == 1


@pytest.mark.parametrize(
    "query",
    ["at=x", "at=W2ZhbHNlLCJ4Il0", "since=2020-13-01", "actor=1", "target=%00", "action=" + "x" * 300],
)
async def test_odd_addresses_are_answered_calmly(here: World, query: str) -> None:
    auditor = await here.signed_in("auditor")
    assert (await auditor.get(f"/audit?{query}")).status_code in (200, 422)
