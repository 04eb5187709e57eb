"""The audit log: one chain, whatever is written at once; what an entry holds and what it leaves out."""

import asyncio
import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from pydantic import SecretStr
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.kit import audit
from shared.kit.audit.rules import HIDDEN, canonical, tellable
from shared.kit.db import Database
from tests.kit.audit_log import SYSTEM, check, keyed, write


async def seqs(database: Database) -> list[int]:
    async with database.transaction() as session:
        return list(await session.scalars(select(audit.AuditEntry.seq).order_by(audit.AuditEntry.seq)))


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
