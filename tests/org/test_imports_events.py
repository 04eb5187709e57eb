"""What an import tells goes out whole: every event once, in order, in atomic batches of the bus."""

import asyncio
import math
from collections.abc import AsyncIterator, Iterator
from typing import Any

import orjson
import pytest

from deploy.local.bus import Bus as Nats
from deploy.local.packages import discover, organisations
from shared.kit.context import make_kit
from shared.kit.events.publisher import MAX_MESSAGES
from shared.kit.events.relay import Relay
from shared.org.imports.models import ImportBatch
from shared.org.imports.showing import batch_context
from shared.org.kit import OrgKit, make_org_kit
from tests.fixtures.bus import renew, started_bus
from tests.fixtures.databases import FreshDatabases
from tests.fixtures.settings import settings_for
from tests.kit.events_bench import until
from tests.org.imports_tools import HEAD, confirm, csv_file, line, upload
from tests.org.pool import policy_of, profile_of

LINES = 1_200
CODE = organisations(discover())[0]


@pytest.fixture(scope="module")
def nats(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nats]:
    bus = started_bus(tmp_path_factory.mktemp("bus"), [CODE])
    yield bus
    bus.stop()


@pytest.fixture
async def org(databases: FreshDatabases, nats: Nats) -> AsyncIterator[OrgKit]:
    """One organisation with a bus; the others publish by the same code."""
    await renew(nats)
    kit = make_kit(settings_for(CODE, await databases.fresh(CODE), nats))
    await kit.bus.start()
    await kit.bus.wait_connected()
    yield make_org_kit(kit, profile_of(CODE), policy_of(CODE))
    await kit.bus.stop()
    await kit.database.close()


async def on_the_bus(nats: Nats, expected: int) -> list[Any]:
    """All messages of the organisation's stream once so many are there."""
    client = await nats.connect(CODE, "ops")
    jetstream = client.jetstream()
    stream = f"EVT_{CODE.upper()}"

    async def all_there() -> bool:
        return (await jetstream.stream_info(stream)).state.last_seq >= expected

    await until(all_there, 60)
    last = (await jetstream.stream_info(stream)).state.last_seq
    found = [await jetstream.get_msg(stream, number) for number in range(1, last + 1)]
    await client.close()
    return found


async def sent(org: OrgKit, batch: ImportBatch) -> int | None:
    """What the page of the import says has gone out."""
    async with org.kit.database.transaction() as session:
        context = await batch_context(session, org, batch, "", "")
    shown: int | None = context["sent"]
    return shown


@pytest.mark.timeout(180)
async def test_an_import_goes_out_in_atomic_batches(org: OrgKit, nats: Nats) -> None:
    kind = next(k for k in org.policy.kinds if not k.needs_consent).title
    people = [line(org, f"甲{chr(0x4E00 + n)}", kind=kind) for n in range(LINES)]
    batch = await confirm(org, await upload(org, "名册.csv", csv_file(HEAD, *people)))
    assert batch.sums["written"] == LINES
    assert await sent(org, batch) == 0
    stop = asyncio.Event()
    relay = asyncio.create_task(Relay(org.kit.database, org.kit.bus).run(stop))
    told = await on_the_bus(nats, LINES)

    async def all_told() -> bool:
        return await sent(org, batch) == LINES

    await until(all_told)
    stop.set()
    await relay
    envelopes = [orjson.loads(message.data) for message in told]
    assert [e["sequence"] for e in envelopes] == list(range(1, len(told) + 1))
    admitted = [e["data"]["name"] for e in envelopes if e["type"] == "member.admitted.v1"]
    assert admitted == [each.partition(",")[0] for each in people]  # each once, in the order of the file
    batches = [(message.headers or {}).get("Nats-Batch-Id") for message in told]
    assert None not in batches
    assert len(set(batches)) <= math.ceil(len(told) / MAX_MESSAGES) + 1
