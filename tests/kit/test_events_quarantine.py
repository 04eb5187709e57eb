"""Poisoned, hostile and forged messages: refused with a reason, put aside, mended or discarded; nothing waits for them."""

import asyncio

import orjson
import pytest

from shared.kit.events.envelope import Arrived, check, sender_of
from shared.kit.events.quarantine import Quarantine
from shared.kit.events.relay import Relay
from tests.kit.events_bench import Bench
from tests.kit.events_reader import SUBJECT, position, projector
from tests.kit.events_things import PROJECTIONS, envelope


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
