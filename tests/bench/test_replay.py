"""The limit is taken with the statements the hub really sends, and they are a whole lookup."""

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from deploy.bench.client import Clerk
from deploy.bench.lookups import Case, measured, statements
from deploy.bench.replay import Replay
from deploy.bench.stage import Size, Stage
from deploy.local.suite import Suite

CASE = Case("name", "张伟")


@pytest.mark.slow
async def test_a_lookup_is_sent_again_whole_and_measured_beside_the_hub(suite: Suite) -> None:
    stage = Stage(Size("test", 0, 0.3), suite)
    clerk = Clerk(stage.hub)
    _, noted = await statements(stage, CASE, clerk)
    sent = [statement for statement, _ in noted.sent]
    for part in ("staff_session", "person_name", "lookup_record", "FOR UPDATE", "insert into audit_entry"):
        assert sum(part in statement for statement in sent) >= 1, part
    assert len(sent) <= 8, sent
    before = await counts(stage)
    replay = await Replay.open(stage, noted)
    await replay()
    await replay()
    await replay.connection.close()
    after = await counts(stage)
    assert [b - a for a, b in zip(before, after, strict=True)] == [
        2,
        4,
        4,
    ]  # records, entries, the chain's number
    ours, limit = await measured(stage, CASE, [clerk], pause=0)
    assert min(ours.took) > 0 < min(limit.took)


async def counts(stage: Stage) -> list[int]:
    engine = create_async_engine(stage.owner_url("hub"))
    async with engine.connect() as connection:
        found = await connection.execute(text(
            "select (select count(*) from lookup_record), (select count(*) from audit_entry),"
            " (select seq from audit_head)"))  # fmt: skip
        row = [int(n) for n in found.one()]
    await engine.dispose()
    return row
