"""Stream to database: whatever dies, comes twice, comes late or is poisoned, the reader ends where the owner is."""

import asyncio
import random
import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from uuid import UUID, uuid4

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.contracts.event import Received
from shared.contracts.lookups import LookupRecorded
from shared.contracts.rpc import FETCH, FetchAnswer, FetchRequest
from shared.kit.bus import Bus, BusAway
from shared.kit.clock import now
from shared.kit.events import emit
from shared.kit.events.envelope import Arrived, check, encode, sender_of
from shared.kit.events.fetch import fetch_responder
from shared.kit.events.mend import Mender
from shared.kit.events.projector import Projector, effects
from shared.kit.events.quarantine import Quarantine
from shared.kit.events.relay import Relay
from shared.kit.events.responders import Responders
from shared.kit.events.sequencer import number
from shared.kit.events.steps import Step, nothing
from shared.kit.module import Projection
from tests.fixtures.databases import FreshDatabases
from tests.kit.events_bench import (
    PROJECTIONS,
    TABLES,
    Bench,
    Side,
    crashing_at,
    envelope,
    pairs,
    thing_id,
    until,
)

SUBJECT = "quntuan.union.unit.changed.v1"


def projector(b: Bench, at: Step = nothing, batch: int = 500) -> Projector:
    return Projector(
        b.hub.database, b.hub.bus, PROJECTIONS, stream="EVT_ALL", durable="hub", at=at, batch=batch
    )


async def position(b: Bench, at_least: int, timeout: float = 10) -> None:
    """Wait until the projection has read so far."""

    async def there() -> bool:
        reached = await b.hub.value("SELECT coalesce(max(seq), 0) FROM projection_position")
        return int(str(reached)) >= at_least

    await until(there, timeout)


async def applied(b: Bench) -> list[int]:
    return [int(str(n)) for (n,) in await b.hub.rows("SELECT sequence FROM applied ORDER BY sequence")]


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


async def test_one_poisoned_among_a_hundred_is_put_aside_and_applied_after_mending(b: Bench) -> None:
    b.run(Relay(b.union.database, b.union.bus).run)
    for n in range(100):
        await b.union.change(n, "poison" if n == 41 else "工会")
    await asyncio.sleep(0.3)
    b.run(projector(b).run)
    await position(b, 100)
    assert await b.hub.value("SELECT count(*) FROM shown") == 99
    (row,) = await b.hub.rows("SELECT id, source, type, reason, raw, bus_subject FROM quarantine")
    assert row[1:3] == ("union", "unit.changed.v1")
    assert "no_poison" in str(row[3])
    assert row[5] == SUBJECT
    body = orjson.loads(bytes(row[4]))  # type: ignore[call-overload]
    assert body["sequence"] == 42

    quarantine = Quarantine("hub", PROJECTIONS)
    number = int(str(row[0]))
    async with b.hub.database.transaction() as session:
        assert "no_poison" in str(await quarantine.retry(session, number, "ops"))
    assert await b.hub.rows("SELECT tries, settled_at FROM quarantine") == [(1, None)]
    await b.hub.as_owner("ALTER TABLE shown DROP CONSTRAINT no_poison")
    async with b.hub.database.transaction() as session:
        assert await quarantine.retry(session, number, "ops") is None
    await b.equal()
    assert await b.hub.rows("SELECT tries, settled_by, settlement FROM quarantine") == [(2, "ops", "applied")]


HOSTILE = {
    "not JSON": (SUBJECT, b"{", "not JSON"),
    "not an object": (SUBJECT, b"[1]", "not a JSON object"),
    "no envelope": (SUBJECT, b"{}", "missing"),
    "foreign source": (SUBJECT, envelope(1, 1, 1, source="league"), "it was sent by union"),
    "foreign type": (SUBJECT, envelope(1, 1, 1, type="member.left.v1"), "it came on"),
    "unknown type": ("quntuan.union.unit.burnt.v1", envelope(1, 1, 1, type="unit.burnt.v1"), "unknown type"),
    "type of the hub": (
        "quntuan.union.lookup.recorded.v1",
        envelope(1, 1, 1, type="lookup.recorded.v1"),
        "may not publish",
    ),
    "missing field": (SUBJECT, envelope(1, 1, 1, data={"version": 1}), "unit_id: missing"),
    "wrong kind of value": (SUBJECT, envelope(1, 1, 1, data={"version": "x"}), "version: int_parsing"),
    "future": (SUBJECT, envelope(1, 1, 1, time="2099-01-01T00:00:00Z"), "in the future"),
    "no zone": (SUBJECT, envelope(1, 1, 1, time="2026-01-01T00:00:00"), "timezone"),
    "NUL": (SUBJECT, envelope(1, 1, 1, subject="a\x00"), "not allowed"),
    "turned direction": (SUBJECT, envelope(1, 1, 1, subject="a\u202e"), "not allowed"),
    "lone surrogate": (SUBJECT, envelope(1, 1, 1).replace(b'"1.0"', b'"\\ud800"'), "not JSON"),
    "huge number": (SUBJECT, envelope(1, 1, 1).replace(b'"sequence":1', b'"sequence":1e30'), "out of range"),
    "NaN": (SUBJECT, envelope(1, 1, 1).replace(b'"sequence":1', b'"sequence":NaN'), "not JSON"),
    "deep": (SUBJECT, envelope(1, 1, 1).replace(b'"1.0"', b"[" * 60 + b"]" * 60), "too deep"),
    "long name": (SUBJECT, envelope(1, 1, 1, subject="x" * 70_000), "too long"),
    "large": (SUBJECT, envelope(1, 1, 1, extra="x" * 600_000), "larger than"),
    "addressed, on the open subject": (SUBJECT, envelope(1, 1, 1, to="hub"), "it came on"),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_a_hostile_message_is_refused_with_its_reason(case: str) -> None:
    subject, raw, reason = HOSTILE[case]
    verdict = check(Arrived(subject, raw, "union", 1), "hub")
    assert verdict.event is None
    assert reason in str(verdict.reason)


async def test_hostile_messages_go_to_quarantine_and_hold_up_nothing(b: Bench) -> None:
    for subject, raw, _ in HOSTILE.values():
        await b.put(subject, raw)
    await b.put(SUBJECT, envelope(500, 1, 1))
    b.run(projector(b).run)
    await position(b, len(HOSTILE) + 1, timeout=5)
    assert await b.hub.rows("SELECT name FROM shown") == [("工会",)]
    rows = await b.hub.rows("SELECT reason, bus_subject, raw FROM quarantine ORDER BY stream_seq")
    assert [(subject, bytes(raw)) for _, subject, raw in rows] == [  # type: ignore[call-overload]
        (subject, raw) for subject, raw, _ in HOSTILE.values()
    ]
    assert all(
        want in str(reason) for (reason, _, _), (_, _, want) in zip(rows, HOSTILE.values(), strict=True)
    )


async def test_an_event_forged_by_another_organisation_is_put_aside_for_good(b: Bench) -> None:
    """The union, with every right in its account, claims to be the league: the server knows better."""
    league = "quntuan.league.unit.changed.v1"
    await b.forge(league, envelope(1, 9, 1, source="league"))
    b.run(projector(b).run)
    await position(b, 1)
    (row,) = await b.hub.rows("SELECT id, source, bus_subject, reason FROM quarantine")
    assert row[1:3] == ("union", league)
    assert "sent by union" in str(row[3])
    quarantine = Quarantine("hub", PROJECTIONS)
    async with b.hub.database.transaction() as session:  # staff cannot let it in by mistake
        assert "sent by union" in str(await quarantine.retry(session, int(str(row[0])), "ops"))
    await b.put(league, envelope(1, 1, 1, source="league"), "league")
    await position(b, 2)
    assert await b.hub.rows("SELECT version, source FROM shown") == [(1, "league")]
    assert await b.hub.rows("SELECT source, seq FROM projection_source") == [("league", 1)]


@pytest.mark.parametrize(
    ("header", "sender"),
    [
        ("EVT_UNION:GPVGsJ6m:C=O3P4OnXV 1 > > quntuan.union.member.admitted.v1 VZmnusWj", "union"),
        ("EVT_UNION 1 > >", "union"),
        ("EVT_UNION2:x 1", "union2"),
        ("CMD_UNION:x 1", None),
        ("X_EVT_UNION:x 1", None),
        ("EVT_", None),
        ("", None),
        (None, None),
    ],
)
def test_the_sender_is_the_stream_the_server_names(header: str | None, sender: str | None) -> None:
    assert sender_of(header) == sender


async def test_discarding_needs_a_reason_and_happens_once(b: Bench) -> None:
    await b.put(SUBJECT, b"rubbish")
    b.run(projector(b).run)
    await position(b, 1)
    quarantine = Quarantine("hub", PROJECTIONS)
    async with b.hub.database.transaction() as session:
        (row,) = await quarantine.open_rows(session)
        with pytest.raises(Exception, match="理由"):
            await quarantine.discard(session, row.id, "ops", " ")
        await quarantine.discard(session, row.id, "ops", "来源已确认是误发")
    async with b.hub.database.transaction() as session:
        assert await quarantine.count(session) == 0
        (row,) = await quarantine.settled_rows(session)
        assert (row.settlement, row.note) == ("discarded", "来源已确认是误发")
        with pytest.raises(Exception, match="处理过"):
            await quarantine.retry(session, row.id, "ops")


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


async def reachable(asker: Bus, owner: str, question: FetchRequest) -> None:
    """Wait until `owner` answers."""

    async def there() -> bool:
        try:
            await asker.request(owner, FETCH, question, FetchAnswer, timeout=1)
        except BusAway:
            return False
        return True

    await until(there)


@asynccontextmanager
async def answering(b: Bench) -> AsyncIterator[None]:
    """The owner answers requests for missing events."""
    responders = Responders(b.union.bus, [fetch_responder(b.union.database, "union")])
    await responders.start()
    try:
        await reachable(b.hub.bus, "union", FetchRequest(first=1, last=1))
        yield
    finally:
        await responders.stop()


async def publish_with_hole(b: Bench, missing: set[int], count: int) -> None:
    """The owner has numbered 1..count; the bus lost some."""
    for n in range(count):
        await b.union.change(n)
    async with b.union.database.engine.connect() as connection:
        assert await number(connection) == count
        rows = (await connection.execute(text("SELECT * FROM event_log ORDER BY seq"))).mappings().all()
    for row in rows:
        if row["seq"] not in missing:
            await b.put(SUBJECT, encode("union", row))


async def test_a_gap_is_fetched_from_its_owner_before_going_on(b: Bench) -> None:
    await a_gap_is_filled(b)


async def a_gap_is_filled(b: Bench) -> None:
    """What every reader must stand: the bus lost some events."""
    async with answering(b):
        await publish_with_hole(b, {1, 4, 5, 6}, 10)
        b.run(projector(b).run)
        await b.equal()
        assert await b.hub.rows("SELECT count(*) FROM projection_gap") == [(0,)]
        assert await b.hub.rows("SELECT source, channel, seq FROM projection_source") == [("union", "", 10)]
        assert [n for (n,) in await b.hub.rows("SELECT sequence FROM applied ORDER BY ctid")] == list(
            range(1, 11)
        )


def tell_lookup(session: AsyncSession, n: int, to: str = "union") -> None:
    told = LookupRecorded(
        lookup_id=thing_id(n),
        member_id=thing_id(n),
        at=now(),
        staff_name="测试",
        staff_office="测试",
        purpose="service",
        purpose_title="服务",
    )
    emit(session, told, key=told.member_id, to=to)


async def test_a_gap_in_what_the_hub_addressed_to_one_is_fetched_from_the_hub(b: Bench) -> None:
    """CMD_UNION lost 1 and 3: the union asks the hub for its own channel, the accounts say it is the union."""
    heard: list[tuple[int, UUID]] = []

    async def hear(_: AsyncSession, events: Sequence[Received]) -> None:
        for received in events:
            assert isinstance(received.event, LookupRecorded)
            heard.append((received.envelope.sequence, received.event.lookup_id))

    async with b.hub.database.transaction() as session:
        for n in range(1, 6):
            tell_lookup(session, n)
            tell_lookup(session, 100 + n, to="league")
    async with b.hub.database.engine.connect() as connection:
        assert await number(connection) == 10
        query = "SELECT * FROM event_log WHERE channel = 'union' ORDER BY seq"
        rows = (await connection.execute(text(query))).mappings().all()
    reads = Projection((LookupRecorded,), hear)
    work = Projector(b.union.database, b.union.bus, [reads], stream="CMD_UNION", durable="union")
    responders = Responders(b.hub.bus, [fetch_responder(b.hub.database, "hub")])
    await responders.start()
    try:
        question = FetchRequest(channel="union", first=1, last=1)
        await reachable(b.union.bus, "hub", question)
        for row in rows:
            if row["seq"] not in (1, 3):
                await b.put("quntuan.hub.to.union.lookup.recorded.v1", encode("hub", row), "hub")
        b.run(work.run)

        async def all_came() -> bool:
            return await b.union.value("SELECT coalesce(max(seq), 0) FROM projection_source") == 5

        await until(all_came)
    finally:
        await responders.stop()
    assert heard == [(n, thing_id(n)) for n in range(1, 6)]
    assert await b.union.rows("SELECT source, channel, seq FROM projection_source") == [("hub", "union", 5)]
    assert await b.union.value("SELECT count(*) FROM projection_gap") == 0
    assert await b.union.value("SELECT count(*) FROM quarantine") == 0


async def test_a_gap_whose_owner_is_away_is_noted_and_mended_later(b: Bench) -> None:
    await publish_with_hole(b, {4, 5, 6}, 10)
    work = projector(b)
    b.run(work.run)
    await position(b, 7)
    assert await b.hub.rows("SELECT first, last, closed_at FROM projection_gap") == [(4, 6, None)]
    assert await b.hub.value("SELECT count(*) FROM shown") == 7
    async with answering(b):
        await Mender(work).mend(asyncio.Event())
        await b.equal()
        assert await b.hub.rows("SELECT outcome FROM projection_gap") == [("fetched",)]


async def test_events_missing_at_the_tail_are_found_by_asking(b: Bench) -> None:
    async with answering(b):
        await publish_with_hole(b, {8, 9, 10}, 10)
        work = projector(b)
        b.run(work.run)
        await position(b, 7)
        mender = Mender(work)
        await mender.probe()
        assert await b.hub.value("SELECT count(*) FROM projection_gap") == 0  # once may be mere delay
        await mender.probe()
        await mender.mend(asyncio.Event())
        await b.equal()


async def test_what_the_owner_no_longer_has_is_told_as_gone(b: Bench) -> None:
    async with answering(b):
        await publish_with_hole(b, {1, 2, 3, 6}, 10)
        async with b.union.database.transaction() as session:
            await session.execute(text("DELETE FROM event_log WHERE seq <= 2"))
        work = projector(b)
        b.run(work.run)
        await position(b, 6)
        assert await applied(b) == list(range(3, 11))
        await Mender(work).mend(asyncio.Event())
        assert await b.hub.rows(
            "SELECT first, last, outcome FROM projection_gap WHERE closed_at IS NOT NULL"
        ) == [(3, 2, "gone: 1-2")]


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
