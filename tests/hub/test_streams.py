"""What goes over everybody does so in parts: a city does not fit into memory at once."""

import pytest
from sqlalchemy import text

from services.hub.persons import bulk
from services.hub.rebuild import derive
from tests.hub.conftest import Hub
from tests.hub.test_bulk import at_once, by_the_rules, fill

PART = 10


async def test_people_are_described_in_parts(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(derive, "PEOPLE", PART)
    await fill(hub, 1, 100)
    async with hub.database.engine.connect() as connection, connection.begin():
        await connection.execute(text("update belonging set person_id = home"))
        sizes = [len(group) async for group in derive._people(connection)]
    assert sum(sizes) == 100
    assert max(sizes) <= 2 * PART, "one part more is read to see where a person ends"


async def test_judging_reads_in_parts_and_gives_the_same(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    await fill(hub, 1, 100)
    monkeypatch.setattr(bulk, "ROWS", PART)
    monkeypatch.setattr(bulk, "BATCH", PART)
    assert await at_once(hub) == await by_the_rules(hub)
