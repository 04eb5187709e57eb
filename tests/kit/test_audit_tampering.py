"""Every change to the audit log is found, and the service may make none."""

import random

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession, create_async_engine

from shared.kit import audit
from shared.kit.audit.rules import Chain, canonical
from shared.kit.db import Database
from tests.fixtures.databases import Urls
from tests.kit.audit_log import check, keyed, write

ENTRIES = 40


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
        # by way of numbers nobody has: an UPDATE takes rows in any order and minds each number at once
        for values in (
            f"SET seq = {high - low + 1} - seq WHERE seq > {high}",
            "SET seq = -seq WHERE seq < 0",
        ):
            await connection.execute(text(f"UPDATE audit_entry {values}"))
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
