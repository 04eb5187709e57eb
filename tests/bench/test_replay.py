"""The limit is taken with the statements the hub really sends, and they are a whole lookup."""

import asyncio
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from deploy.bench.lookups import Case, measured, statements
from deploy.bench.office import office
from deploy.bench.replay import Replay
from deploy.bench.stage import Size, Stage
from deploy.local.suite import Suite

CASE = Case("name", "张伟")


@pytest.mark.slow
async def test_a_lookup_is_sent_again_whole_and_measured_beside_the_hub(suite: Suite) -> None:
    stage = Stage(Size("test", 0, 0.3), suite)
    clerks = await asyncio.to_thread(office, stage)
    who, other, *_ = clerks
    noted = await statements(stage, CASE, clerks[who])
    sent = [statement for statement, _ in noted.sent]
    for part in ("staff_session", "person_name", "lookup_record", "FOR UPDATE", "insert into audit_entry"):
        assert sum(part in statement for statement in sent) >= 1, part
    assert len(sent) <= 8, sent
    before = await counts(stage)
    replay = await Replay.open(stage, noted, who, other)
    await replay()
    await replay()
    await replay.connection.close()
    after = await counts(stage)
    assert [b - a for a, b in zip(before, after, strict=True)] == [
        2,
        4,
        4,
    ]  # records, entries, the chain's number
    assert await newest(stage) == other  # sent in the name of another
    ours, limit = await measured(stage, CASE, {who: clerks[who]}, pause=0)
    assert min(ours.took) > 0 < min(limit.took)


async def newest(stage: Stage) -> UUID:
    engine = create_async_engine(stage.owner_url("hub"))
    async with engine.connect() as connection:
        asker = text("select staff_id from lookup_record order by at desc limit 1")
        found: UUID = (await connection.execute(asker)).scalar_one()
    await engine.dispose()
    return found


async def counts(stage: Stage) -> list[int]:
    engine = create_async_engine(stage.owner_url("hub"))
    async with engine.connect() as connection:
        found = await connection.execute(text(
            "select (select count(*) from lookup_record), (select count(*) from audit_entry),"
            " (select seq from audit_head)"))  # fmt: skip
        row = [int(n) for n in found.one()]
    await engine.dispose()
    return row
