"""The tests of the tests: known wrong designs, planted, are caught by the same checks."""

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.kit.events import emit, gaps, positions
from shared.kit.events import relay as relay_module
from shared.kit.events.envelope import Checked
from shared.kit.events.gaps import Plan
from shared.kit.events.projector import Projector, effects
from shared.kit.events.relay import Relay
from tests.kit.events_bench import Bench, crashing_at, until
from tests.kit.events_reader import a_gap_is_filled as gap_check
from tests.kit.events_things import PROJECTIONS, changed, thing_id


async def slow_writers_lose_nothing(b: Bench) -> None:
    """What every design must stand: a row numbered early whose transaction commits late."""
    b.run(Relay(b.union.database, b.union.bus).run)

    async def logged() -> bool:
        return await b.union.value("SELECT count(*) FROM event_log") == count

    async def published() -> bool:
        return await b.union.value("SELECT published FROM event_channel") == count

    count = 0
    for turn in range(5):
        async with b.union.database.transaction() as session:
            emit(session, changed(turn, 1), key=thing_id(turn))
            await session.flush()
            await b.union.change(100 + turn)  # begins later, commits first
            count += 1
            await until(logged, 3)
        count += 1
        await until(logged, 3)
    await until(published)
    got = [body["sequence"] for _, body in await b.stream()]
    assert got == list(range(1, count + 1))


class CursorSequencer:
    """Planted: `id > last`. A row whose transaction commits after a later number is skipped for ever."""

    def __init__(self) -> None:
        self.last = 0

    async def __call__(self, connection: AsyncConnection, batch: int = 2000) -> int:
        async with connection.begin():
            await connection.execute(
                text("INSERT INTO event_channel (channel) VALUES ('') ON CONFLICT DO NOTHING")
            )
            moved = await connection.execute(
                text(
                    "WITH n AS (SELECT * FROM outbox WHERE id > :last),"
                    " l AS (INSERT INTO event_log SELECT channel, (SELECT newest FROM event_channel) +"
                    " row_number() OVER (ORDER BY id), event_id, type, key, data, traceparent, at FROM n RETURNING seq),"
                    " u AS (UPDATE event_channel SET newest = newest + (SELECT count(*) FROM l))"
                    " SELECT max(id), count(*) FROM n"
                ),
                {"last": self.last},
            )
            newest, count = moved.one()
            self.last = newest or self.last
            return int(count)


async def test_the_true_sequencer_stands_the_check(b: Bench) -> None:
    await slow_writers_lose_nothing(b)


async def test_a_cursor_over_the_outbox_is_caught(b: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay_module, "number", CursorSequencer())
    with pytest.raises(AssertionError, match="not reached"):
        await slow_writers_lose_nothing(b)


class EarlyPosition(Projector):
    """Planted: the position is committed before the effects (as an acknowledgement before the commit)."""

    async def _store(self, plan: Plan, reached: int, *, careful: bool) -> None:
        async with self.database.transaction() as session:
            await positions.locked(session, self.name)
            await positions.move(session, self.name, reached)
        async with self.database.transaction() as session:
            await effects(session, self.projections, plan.items, self.bus.service, careful=careful)
            self.at("projector.applied")


class LatePosition(Projector):
    """Planted: effects first, position in a transaction of its own: effects happen twice."""

    async def _store(self, plan: Plan, reached: int, *, careful: bool) -> None:
        async with self.database.transaction() as session:
            await effects(session, self.projections, plan.items, self.bus.service, careful=careful)
        self.at("projector.applied")
        async with self.database.transaction() as session:
            await positions.move(session, self.name, reached)


async def crashes_lose_and_repeat_nothing(b: Bench, kind: type[Projector]) -> None:
    """What every projector must stand: dying between effects and position."""
    at, _ = crashing_at("projector.applied", most=2)
    b.run(Relay(b.union.database, b.union.bus).run)
    b.run(kind(b.hub.database, b.hub.bus, PROJECTIONS, stream="EVT_ALL", durable="hub", at=at, batch=5).run)
    for n in range(20):
        await b.union.change(n)
    await b.equal(2.5)
    rows = await b.hub.rows("SELECT sequence FROM applied ORDER BY sequence")
    assert [n for (n,) in rows] == list(range(1, 21)), "applied twice"


async def test_the_true_projector_stands_the_check(b: Bench) -> None:
    await crashes_lose_and_repeat_nothing(b, Projector)


async def test_a_position_before_the_effects_is_caught(b: Bench) -> None:
    with pytest.raises(AssertionError, match="differ"):
        await crashes_lose_and_repeat_nothing(b, EarlyPosition)


async def test_a_position_after_the_effects_is_caught(b: Bench) -> None:
    with pytest.raises(AssertionError, match="applied twice"):
        await crashes_lose_and_repeat_nothing(b, LatePosition)


async def test_a_reader_that_does_not_look_at_owners_numbers_is_caught(
    b: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted: no gap check. Events the bus lost are then missing and nothing says so."""

    async def blind(bus: object, arrived: list[Checked], seen: dict[positions.Origin, int]) -> Plan:
        return Plan(items=list(arrived), newest=seen)

    monkeypatch.setattr(gaps, "plan", blind)
    monkeypatch.setattr(b, "equal", lambda: Bench.equal(b, 1.5))
    with pytest.raises(AssertionError, match="differ"):
        await gap_check(b)
