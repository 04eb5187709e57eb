"""Stream to database: whatever dies, comes twice or comes late, the reader ends where the owner is."""

import asyncio
import gc
import random
import shutil
from collections.abc import AsyncIterator, Sequence
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nats.aio.msg import Msg
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.contracts.event import Envelope, Event, Received
from shared.contracts.units import UnitChanged
from shared.kit.events.envelope import Arrived, check
from shared.kit.events.projector import STRETCH, Batch, Projector, effects
from shared.kit.events.pull import Pull
from shared.kit.events.relay import Relay
from shared.kit.module import Projection
from tests.fixtures.databases import FreshDatabases
from tests.kit.events_bench import Bench, Side, crashing_at, pairs, until
from tests.kit.events_reader import SUBJECT, applied, position, projector
from tests.kit.events_things import PROJECTIONS, TABLES, envelope, thing_id


@pytest.mark.parametrize(
    "step", ["projector.taken", "projector.applied", "projector.committed", "projector.acknowledged"]
)
async def test_killed_between_two_steps_every_event_takes_effect_once(b: Bench, step: str) -> None:
    at, crashed = crashing_at(step, most=3)
    b.run(Relay(b.union.database, b.union.bus).run)
    b.run(projector(b, at, batch=5).run)
    for n in range(30):
        await b.union.change(n % 6)
    await b.equal()
    assert crashed == [step] * 3
    assert await applied(b) == list(range(1, 31))


async def test_what_was_prepared_comes_along_and_what_cannot_be_is_applied_without(b: Bench) -> None:
    heard: list[tuple[int, object]] = []

    def prepare(envelope: Envelope, event: Event) -> str:
        assert isinstance(event, UnitChanged)
        if event.names == ("no good",):
            raise ValueError("no good")
        return f"{envelope.sequence} {event.names[0]}"

    async def hear(_: AsyncSession, events: Sequence[Received]) -> None:
        heard.extend((e.envelope.sequence, e.prepared) for e in events)

    reads = Projection((UnitChanged,), hear, prepare)
    b.run(Relay(b.union.database, b.union.bus).run)
    b.run(Projector(b.hub.database, b.hub.bus, [reads], stream="EVT_ALL", durable="hub").run)
    for n, name in enumerate(("one", "no good", "three")):
        await b.union.change(n, name)
    await position(b, 3)
    assert heard == [(1, "1 one"), (2, None), (3, "3 three")]
    assert await b.hub.value("SELECT count(*) FROM quarantine") == 0


async def test_the_collector_rests_while_one_batch_follows_another(
    b: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Told to look after each new object, it is seen only where a stretch ends, and on again at the end."""
    before, taken, seen_after = gc.get_threshold(), 0, set[int]()
    batches = STRETCH + 3

    async def read(_: asyncio.Event, ahead: asyncio.Queue[object]) -> None:
        for _n in range(batches):
            await ahead.put(Batch([], Msg(b.hub.bus.client)))
        await ahead.put(None)

    async def take_in(_: Batch) -> None:
        nonlocal taken
        taken += 1
        for _n in range(3):
            await asyncio.sleep(0)  # the reader puts the next one

    def seen(phase: str, _: dict[str, int]) -> None:
        if phase == "start" and 0 < taken < batches:
            seen_after.add(taken)

    reader = projector(b)
    monkeypatch.setattr(reader, "_read", read)
    monkeypatch.setattr(reader, "_take_in", take_in)
    gc.callbacks.append(seen)
    gc.set_threshold(1, 1, 1)
    try:
        await reader._work(asyncio.Event())
    finally:
        gc.callbacks.remove(seen)
        gc.set_threshold(*before)
    assert (taken, seen_after, gc.isenabled()) == (batches, {STRETCH}, True)


async def test_a_reader_that_is_cut_off_as_news_come_ends(b: Bench) -> None:
    pull = Pull(b.hub.bus, "EVT_ALL", "hub", batch=2)
    reading = asyncio.create_task(pull._wait())
    await asyncio.sleep(0.01)
    pull.wake()
    reading.cancel()
    await asyncio.wait([reading], timeout=5)
    assert reading.cancelled()


async def test_told_to_stop_it_takes_no_more_however_much_has_come(b: Bench) -> None:
    b.run(Relay(b.union.database, b.union.bus).run)
    for n in range(20):
        await b.union.change(n % 6)
    pull, stop = Pull(b.hub.bus, "EVT_ALL", "hub", batch=2), asyncio.Event()
    await pull.reset(1)
    assert await pull.take(stop)

    async def more_came() -> bool:
        return bool(pull._buffer)

    await until(more_came)
    stop.set()
    assert await pull.take(stop) == []
    await pull.close()
    b.run(projector(b).run)  # what had come is read again
    await b.equal()
    assert await applied(b) == list(range(1, 21))


async def test_two_projectors_at_once_apply_everything_once(b: Bench) -> None:
    at, crashed = crashing_at("projector.applied", "projector.committed", chance=0.4, most=8)
    b.run(Relay(b.union.database, b.union.bus).run)
    b.run(projector(b, at, batch=7).run)
    b.run(projector(b, at, batch=7).run)
    for n in range(80):
        await b.union.change(n % 9)
    await b.equal()
    assert crashed
    assert await applied(b) == list(range(1, 81))


async def test_bus_killed_again_and_again_while_both_sides_crash(b: Bench) -> None:
    at, crashed = crashing_at(
        "relay.published", "relay.numbered", "projector.applied", "projector.committed", chance=0.1, most=12
    )
    b.run(Relay(b.union.database, b.union.bus, at=at).run)
    b.run(projector(b, at, batch=20).run)
    rnd = random.Random(7)
    for turn in range(3):
        await asyncio.gather(*(b.union.change(rnd.randrange(15)) for _ in range(30)))
        b.nats.server.kill()
        await asyncio.gather(*(b.union.change(rnd.randrange(15)) for _ in range(20)))
        b.nats.server.start()
        assert turn < 3
    await b.equal(20)
    assert crashed
    assert sorted(set(await applied(b))) == list(range(1, 151))


async def test_a_lost_database_is_waited_for_and_no_event_is_blamed(b: Bench) -> None:
    b.run(Relay(b.union.database, b.union.bus).run)
    kills = 0

    def at(step: str) -> None:
        nonlocal kills
        if step == "projector.taken" and kills < 3:
            kills += 1
            asyncio.get_running_loop().create_task(killer())

    async def killer() -> None:
        await b.hub.rows(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )

    work = projector(b, at, batch=10)
    stop = asyncio.Event()

    async def again(_: asyncio.Event) -> None:  # the engine starts it again: here the same
        try:
            await work.run(stop)
        except Exception:  # noqa: BLE001
            await asyncio.sleep(0.05)

    handle, _ = b.run(again)
    for n in range(60):
        await b.union.change(n % 6)
    await b.equal()
    handle.set()
    stop.set()
    assert kills == 3
    assert await b.hub.value("SELECT count(*) FROM quarantine") == 0
    assert await applied(b) == list(range(1, 61))


async def test_a_stream_made_anew_is_read_from_its_beginning(b: Bench) -> None:
    b.run(Relay(b.union.database, b.union.bus).run)
    b.run(projector(b).run)
    for n in range(20):
        await b.union.change(n)
    await b.equal()
    b.nats.server.kill()
    for child in b.nats.folder.iterdir():
        if child.is_dir():
            shutil.rmtree(child)
    b.nats.server.start()
    await b.nats.provision()
    for n in range(5):
        await b.union.change(n)
    await b.equal(20)
    assert max(await applied(b)) == 25


histories = st.lists(st.tuples(st.integers(0, 4), st.integers(1, 9)), min_size=1, max_size=30)


@pytest.fixture(scope="module")
async def reader(databases: FreshDatabases) -> AsyncIterator[Side]:
    """A database without a bus, for many short histories."""
    urls = await databases.fresh("kit")
    made = Side.without_bus("hub", urls)
    await made.as_owner(*TABLES)
    yield made
    await made.database.close()


@given(history=histories, seed=st.integers(0, 2**32), careful=st.booleans())
@settings(max_examples=60, deadline=None)
async def test_any_order_with_repeats_ends_at_the_newest_version(
    reader: Side, history: list[tuple[int, int]], seed: int, careful: bool
) -> None:
    rnd = random.Random(seed)
    shuffled = history + rnd.choices(history, k=len(history) // 2)
    rnd.shuffle(shuffled)
    items = [
        check(Arrived(SUBJECT, envelope(n, v, s), "union"), "hub") for s, (n, v) in enumerate(shuffled, 1)
    ]
    async with reader.database.transaction() as session:
        await session.execute(text("DELETE FROM shown"))
        await effects(session, PROJECTIONS, items, "hub", careful=careful)
    want = {thing_id(n): max(v for m, v in history if m == n) for n, _ in history}
    assert pairs(await reader.rows("SELECT id, version FROM shown")) == want


async def test_an_event_sent_twice_with_other_ids_changes_nothing(b: Bench) -> None:
    for sequence, version in ((1, 1), (2, 2), (1, 1), (3, 3), (2, 2)):
        await b.put(SUBJECT, envelope(1, version, sequence, id=str(uuid4())))
    b.run(projector(b).run)
    await position(b, 5)
    assert await b.hub.rows("SELECT version FROM shown") == [(3,)]
    assert await b.hub.rows("SELECT seq FROM projection_source") == [(3,)]
