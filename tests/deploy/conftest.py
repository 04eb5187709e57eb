"""One NATS for the tests of a module; streams and consumers are new for every test."""

from collections.abc import Iterator

import pytest

from deploy.local.bus import Bus
from tests.fixtures.bus import renew, started_bus

ORGANISATIONS = ("union", "league", "womens")


@pytest.fixture(scope="module")
def bus_of_module(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bus]:
    bus = started_bus(tmp_path_factory.mktemp("bus"), ORGANISATIONS)
    yield bus
    bus.stop()


@pytest.fixture
async def bus(bus_of_module: Bus) -> Bus:
    await renew(bus_of_module)
    return bus_of_module
