"""The engine as a service runs it, and what makes it ready or not."""

import pytest
from prometheus_client import generate_latest

from shared.contracts.units import UnitChanged
from shared.kit import bus as bus_module
from shared.kit.bus import VIOLATIONS
from shared.kit.context import make_kit
from shared.kit.events import status
from shared.kit.events.engine import EventEngine, Inbox
from shared.kit.events.status import check_bus
from shared.kit.module import Module
from tests.kit.events_bench import Bench, until
from tests.kit.events_things import PROJECTIONS


async def test_a_refusal_makes_not_ready_until_it_has_been_quiet(
    b: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bus_module, "QUIET", 0.6)
    engine = EventEngine(make_kit(b.union.settings), (), Inbox.of_organisation("union"))
    engine.bus = b.union.bus
    counted = VIOLATIONS.labels("union")._value.get()
    assert check_bus(engine).ok
    await b.union.bus.client.publish("quntuan.league.unit.changed.v1", b"{}")

    async def ready() -> bool:
        return check_bus(engine).ok

    async def not_ready() -> bool:
        return not check_bus(engine).ok

    await until(not_ready)
    assert "quntuan.league" in check_bus(engine).reason
    await until(ready, 3)
    assert check_bus(engine).figures == {"violations": 1}
    assert VIOLATIONS.labels("union")._value.get() == counted + 1
    await engine.database.close()


async def test_the_engines_of_two_services_carry_a_change_and_tell_their_state(b: Bench) -> None:
    module = Module("things", "东西", projections=PROJECTIONS, publishes=(UnitChanged,))
    kits = {side.settings.service: make_kit(side.settings) for side in (b.union, b.hub)}
    engines = {
        "union": EventEngine(kits["union"], (module,), Inbox.of_organisation("union")),
        "hub": EventEngine(kits["hub"], (module,), Inbox.of_hub()),
    }
    engines["hub"].monitor_url = b.nats.monitor_url
    for code, engine in engines.items():
        await kits[code].bus.start()
        await engine.start(works=True)
    shown = generate_latest().decode()
    for seldom in ("relay_bus_lost", "quarantined", "bus_violations"):
        assert f'quntuan_{seldom}_total{{service="hub"}}' in shown, "an alarm must see it rise from nought"
    assert 'quntuan_task_crashes_total{service="hub",task="relay"}' in shown
    b.union.database.when_emitted(engines["union"].relay.wake.set)
    for n in range(20):
        await b.union.change(n)
    await b.equal()
    checks = {check.name: check for check in await engines["hub"].probe()}
    assert all(check.ok for check in checks.values()), checks
    assert checks["bus_sync"].ok
    assert (checks["projector"].figures or {})["position"] == 20
    union = {check.name: check for check in await engines["union"].probe()}
    assert union["relay"].figures == {"outbox": 0, "unpublished": 0, "unsent_seconds": 0}
    assert all(engine.crashes == {} for engine in engines.values())
    for code, engine in engines.items():
        await engine.stop()
        await kits[code].bus.stop()
        await kits[code].database.close()


async def test_a_consumer_that_cannot_be_read_and_a_policy_nobody_knows_are_not_ready(
    b: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(status, "PROJECTOR_LATE", 1.0)
    kit = make_kit(b.hub.settings)
    module = Module("things", "东西", projections=PROJECTIONS)
    engine = EventEngine(kit, (module,), Inbox.of_hub())
    engine.monitor_url = b.nats.monitor_url
    await kit.bus.start()
    await engine.start(works=True)

    async def ready() -> bool:
        return all(check.ok for check in await engine.probe())

    async def unreadable() -> bool:
        checks = {check.name: check for check in await engine.probe()}
        figures = checks["projector"].figures or {}
        return not checks["projector"].ok and figures["pending"] == "unknown"

    try:
        await until(ready)
        client = await b.nats.connect("hub", "ops")
        await client.jetstream().delete_consumer("EVT_ALL", "hub")
        await client.close()
        await until(unreadable, 40)
        await b.nats.provision()
        await until(ready, 40)
        engine.monitor_url = "http://127.0.0.1:9"
        assert await ready(), "what was read a moment ago still counts"
        engine.sync_read_at = float("-inf")
        assert not await ready()
    finally:
        await engine.stop()
        await kit.bus.stop()
        await kit.database.close()


async def test_a_process_that_only_serves_pages_tells_what_waits_for_the_worker(
    b: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From database and bus; it stays ready, and who sends and who applies is named by what is late."""
    monkeypatch.setattr(status, "RELAY_LATE", -1.0)
    monkeypatch.setattr(status, "PROJECTOR_LATE", -1.0)
    kits = {side.settings.service: make_kit(side.settings) for side in (b.union, b.hub)}
    union = EventEngine(kits["union"], (), Inbox.of_organisation("union"))
    hub = EventEngine(kits["hub"], (), Inbox.of_hub())
    await kits["union"].bus.start()
    await kits["hub"].bus.start()
    await hub.start(works=False)
    for n in range(20):
        await b.union.change(n)
    unsent = await status.check_relay(union)
    assert (unsent.ok, (unsent.figures or {})["outbox"]) == (True, 20)
    assert unsent.reason.startswith("not sent for ")
    await union.start(works=True)

    async def waiting() -> bool:
        projector = await status.check_projector(hub)
        figures = projector.figures or {}
        late = projector.ok and projector.reason.startswith("not applied for ")
        return late and (figures["pending"], figures["position"], figures["quarantine"]) == (20, 0, 0)

    await until(waiting)
    b.nats.stop()

    async def unknown() -> bool:
        return ((await status.check_projector(hub)).figures or {})["pending"] == "unknown"

    await until(unknown)
    for code, engine in (("union", union), ("hub", hub)):
        await engine.stop()
        await kits[code].bus.stop()
        await kits[code].database.close()
