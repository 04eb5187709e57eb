"""Ends of audit logs kept by another service: what was cut off or wiped at home is found, silence is told."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import partial

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

from deploy.local.bus import Bus as Nats
from shared.contracts.audits import AuditAnchored, AuditSealed
from shared.kit import audit
from shared.kit.auditors import Elsewhere, auditors
from shared.kit.auditors.elsewhere import KeptEnds, keep_telling, kept_elsewhere, tell_end
from shared.kit.context import Kit, make_kit
from shared.kit.events.engine import EventEngine, Inbox
from tests.fixtures.databases import FreshDatabases, Urls
from tests.fixtures.settings import settings_for
from tests.kit.events_bench import until

PEERS = {"union": "hub", "hub": "union"}
NOTHING = audit.Head(0, b"")


def elsewhere(code: str) -> Elsewhere:
    async def keepers(_: AsyncSession) -> list[str]:
        return [PEERS[code]]

    if code == "hub":
        return Elsewhere(AuditAnchored, AuditSealed, keepers)
    return Elsewhere(AuditSealed, AuditAnchored, keepers)


@dataclass
class Side:
    """One service with nothing but its audit log."""

    code: str
    kit: Kit
    urls: Urls
    engine: EventEngine

    async def write(self, count: int) -> None:
        for n in range(count):
            async with self.kit.database.transaction() as session:
                audit.record(session, actor=audit.System("甲"), action="thing.changed", detail={"n": n})

    async def tell(self) -> audit.Head:
        return await tell_end(self.kit, elsewhere(self.code), NOTHING)

    async def kept(self) -> KeptEnds:
        return await kept_elsewhere(self.kit.bus, [PEERS[self.code]])

    async def tamper(self, *statements: str) -> None:
        """As the owner of the tables."""
        engine = create_async_engine(self.urls.owner)
        async with engine.begin() as connection:
            for statement in statements:
                await connection.execute(text(statement))
        await engine.dispose()

    async def faults(self, kept: KeptEnds | None = None) -> list[tuple[int, str]]:
        async with self.kit.database.transaction() as session:
            found = await audit.verify(session, kept=kept.ends if kept else ())
            return [(fault.seq, fault.kind) for fault in found.faults]


@pytest.fixture
async def sides(databases: FreshDatabases, bus: Nats) -> AsyncIterator[dict[str, Side]]:
    made: dict[str, Side] = {}
    for code in PEERS:
        urls = await databases.fresh("kit")
        kit = make_kit(settings_for(code, urls, bus))
        inbox = Inbox.of_hub() if code == "hub" else Inbox.of_organisation(code)
        made[code] = Side(code, kit, urls, EventEngine(kit, [auditors(kit, elsewhere(code))], inbox))
        await kit.bus.start()
        await kit.bus.wait_connected()
        await made[code].engine.start()
    yield made
    for side in made.values():
        await side.engine.stop()
        await side.kit.bus.stop()
        await side.kit.database.close()


async def arrived(side: Side, end: audit.Head) -> None:
    async def there() -> bool:
        return end in (await side.kept()).ends

    await until(there)


@pytest.mark.parametrize("code", PEERS)
async def test_a_cut_tail_and_a_wiped_log_are_found(sides: dict[str, Side], code: str) -> None:
    side = sides[code]
    await side.write(5)
    await arrived(side, await side.tell())
    await side.write(2)
    end = await side.tell()
    await arrived(side, end)
    assert (end.seq, await side.faults(await side.kept())) == (7, [])
    await side.tamper(
        "DELETE FROM audit_entry WHERE seq > 4",
        "UPDATE audit_head SET seq = 4, hash = (SELECT hash FROM audit_entry WHERE seq = 4)",
    )
    assert await side.faults() == [], "at home everything looks whole"
    assert await side.faults(await side.kept()) == [(5, "anchor"), (7, "anchor")]
    await side.write(6)
    await arrived(side, await side.tell())
    assert await side.faults(await side.kept()) == [(5, "anchor"), (7, "anchor")], "a later end hides nothing"
    await side.tamper("DELETE FROM audit_entry", "DELETE FROM audit_head")
    assert await side.faults() == []
    assert await side.faults(await side.kept()) == [(5, "anchor"), (7, "anchor"), (10, "anchor")]


async def test_nobody_gets_or_changes_the_ends_of_others(sides: dict[str, Side]) -> None:
    await sides["union"].write(1)
    await arrived(sides["union"], await sides["union"].tell())
    kept = await sides["hub"].kept()
    assert (kept.ends, kept.answered) == ((), ("union",)), "the hub's own ends only"
    for statement in ("UPDATE kept_audit_end SET seq = 9", "DELETE FROM kept_audit_end"):
        with pytest.raises(DBAPIError, match="permission denied"):
            async with sides["hub"].kit.database.transaction() as session:
                await session.execute(text(statement))


async def test_a_keeper_without_an_answer_is_named(sides: dict[str, Side]) -> None:
    await sides["hub"].engine.responders.stop()
    kept = await sides["union"].kept()
    assert (kept.ends, kept.answered, kept.silent) == ((), (), ("hub",))


async def test_the_end_is_told_while_it_grows_and_not_else(
    sides: dict[str, Side], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.kit.auditors.elsewhere.EVERY", 0.05)
    side, stop = sides["union"], asyncio.Event()
    loop = asyncio.create_task(keep_telling(side.kit, elsewhere("union"), stop))

    async def ends() -> list[int]:
        return [end.seq for end in (await side.kept()).ends]

    async def holds(wanted: list[int]) -> bool:
        return await ends() == wanted

    for count, wanted in ((2, [2]), (1, [2, 3])):
        async with side.kit.database.transaction() as session:
            for _ in range(count):
                audit.record(session, actor=audit.System("甲"), action="thing.changed")
        await until(partial(holds, wanted))
    await asyncio.sleep(0.3)
    stop.set()
    await loop
    async with side.kit.database.transaction() as session:
        told = await session.scalar(text("SELECT newest FROM event_channel WHERE channel = ''"))
    assert told == 2
