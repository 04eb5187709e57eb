"""A town: hub and organisations in this process, each over its own database, one bus between them."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest

from deploy.local.bus import Bus as Nats
from tests.conftest import ORGANISATIONS
from tests.faults.town import Town
from tests.fixtures.databases import FreshDatabases


@pytest.fixture
async def town(databases: FreshDatabases, bus: Nats) -> AsyncIterator[Town]:
    """All services run; nobody lives there yet."""
    async with AsyncExitStack() as stack:
        made = Town(databases, bus, stack)
        for code in (*ORGANISATIONS, "hub"):
            await made.move_in(code)
        yield made
