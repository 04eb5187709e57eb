"""How fast relay and projector are here and now, beside the raw limit: `python -m tests.kit.events_speed [events]`.

Durable settings of PostgreSQL and NATS, realistic member events (about 1 KB on the bus), a handler that does nothing.
"""

import asyncio
import cProfile
import os
import pstats
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID, uuid4

import orjson
import uvloop
from sqlalchemy.ext.asyncio import AsyncSession

from shared.contracts.event import Received
from shared.contracts.members import MemberChanged, Tokens
from shared.kit.clock import today
from shared.kit.events import emit
from shared.kit.events.outbox import emit_many
from shared.kit.events.projector import Projector
from shared.kit.events.publisher import Outgoing, publish
from shared.kit.events.pull import Pull
from shared.kit.events.relay import Relay
from shared.kit.module import Projection
from shared.kit.testing.postgres import PostgresServer
from shared.kit.testing.process import free_port
from tests.fixtures.bus import renew, started_bus
from tests.fixtures.databases import FreshDatabases
from tests.kit.events_bench import Bench, bench, until

UNIT = uuid4()
PROFILE = os.environ.get("PROFILE") == "1"


def member(id_: UUID, version: int) -> MemberChanged:
    """About 700 bytes of state."""
    return MemberChanged(
        member_id=id_,
        version=version,
        standing="active",
        standing_title="在会",
        kind="worker",
        kind_title="职工会员",
        counted=True,
        name="测试甲",
        sex="f",
        birth_year=1988,
        identity_mask="*" * 14 + "1234",
        phone_mask="129****5678",
        identity_last4="1234",
        phone_last4="5678",
        tokens=Tokens(identity=uuid4(), phone=uuid4(), name_birth_phone=uuid4(), birth_phone_sex=uuid4()),
        unit_id=UNIT,
        unit_names=("示例市总工会", "示例区总工会", "示例街道工会", "示例公司工会"),
        unit_path="a.b.c.d",
        district="519901",
        joined_on=today(),
    )


class Heard:
    """A projection that only notes that it was called."""

    def __init__(self) -> None:
        self.count = 0
        self.at: dict[UUID, float] = {}

    async def __call__(self, _: AsyncSession, events: Sequence[Received]) -> None:
        self.count += len(events)
        for received in events:
            self.at[received.envelope.id] = time.perf_counter()


class Pace:
    """Events by the clock, and the processor's share of it in this process: the latter tells on a busy machine."""

    def __init__(self, count: int) -> None:
        self.count, self.began, self.cpu = count, time.perf_counter(), time.process_time()

    def end(self) -> "Pace":
        self.rate = self.count / (time.perf_counter() - self.began)
        self.each = (time.process_time() - self.cpu) / self.count * 1e6
        return self

    def __str__(self) -> str:
        return f"{self.rate:7.0f}/s ({self.each:4.0f} us of CPU each)"


async def emitted(b: Bench, count: int) -> None:
    for start in range(0, count, 1000):
        async with b.union.database.transaction() as session:
            ids = [uuid4() for _ in range(start, min(start + 1000, count))]
            await emit_many(session, [(id_, member(id_, 1)) for id_ in ids])


async def raw_publishing(b: Bench, count: int) -> Pace:
    """Prepared bytes in batches of 1000: what the server and the client library allow."""
    body = orjson.dumps(member(uuid4(), 1).model_dump(mode="json")) + b" " * 300
    messages = [Outgoing("quntuan.union.raw.x.v1", uuid4().hex, body) for _ in range(count)]
    pace = Pace(count)
    for start in range(0, count, 1000):
        await publish(b.union.bus, "EVT_UNION", messages[start : start + 1000])
    return pace.end()


async def relaying(b: Bench, count: int) -> Pace:
    relay = Relay(b.union.database, b.union.bus)
    pace = Pace(count)
    stop, task = b.run(relay.run)

    async def done() -> bool:
        return await b.union.value("SELECT coalesce(sum(published), 0) FROM event_channel") == count

    await until(done, 120)
    pace.end()
    stop.set()
    await task
    return pace


async def sourcing(b: Bench, count: int) -> float:
    """Wait until the server has copied everything to the hub; the rate from when the relay began to when it ended."""
    client = await b.nats.connect("hub", "ops")
    jetstream = client.jetstream()
    while True:
        info = await jetstream.stream_info("EVT_ALL")
        if info.state.messages >= count:
            break
        await asyncio.sleep(0.02)
    first, last = [(await jetstream.get_msg("EVT_ALL", n)).time for n in (1, info.state.last_seq)]
    await client.close()
    assert first is not None
    assert last is not None
    return count / (last - first).total_seconds()


async def raw_reading(b: Bench, count: int) -> Pace:
    """Pulling all messages and doing nothing."""
    pull = Pull(b.hub.bus, "EVT_ALL", "hub", 500)
    stop = asyncio.Event()
    await pull.reset(1)
    got, pace = 0, Pace(count)
    while got < count:
        messages = await pull.take(stop)
        got += len(messages)
        await pull.acknowledge(messages[-1])
    await pull.close()
    return pace.end()


async def projecting(b: Bench, count: int) -> Pace:
    heard = Heard()
    projector = Projector(
        b.hub.database, b.hub.bus, [Projection((MemberChanged,), heard)], stream="EVT_ALL", durable="hub"
    )
    pace = Pace(count)
    stop, task = b.run(projector.run)

    async def done() -> bool:
        return heard.count >= count

    await until(done, 120)
    pace.end()
    stop.set()
    await task
    return pace


async def delays(b: Bench, count: int) -> list[float]:
    """Milliseconds from the commit of a single change until it is visible to the reader's next query."""
    visible: dict[UUID, float] = {}
    heard = Heard()

    def at(step: str) -> None:
        if step == "projector.committed":
            visible.update(dict.fromkeys(heard.at.keys() - visible.keys(), time.perf_counter()))

    read = [Projection((MemberChanged,), heard)]
    projector = Projector(b.hub.database, b.hub.bus, read, stream="EVT_ALL", durable="hub", at=at)
    b.run(Relay(b.union.database, b.union.bus).run)
    b.run(projector.run)
    committed: list[float] = []
    await asyncio.sleep(1.5)
    for _ in range(count):
        async with b.union.database.transaction() as session:
            emit(session, member(uuid4(), 1), key=uuid4())
        committed.append(time.perf_counter())
        await asyncio.sleep(0.1)

    async def all_visible() -> bool:
        return len(visible) == count

    await until(all_visible, 30)
    return sorted(
        (there - when) * 1000 for when, there in zip(committed, sorted(visible.values()), strict=True)
    )


def load() -> str:
    return f"load {os.getloadavg()[0]:.1f}"


async def measure(b: Bench, count: int) -> None:
    raw = await raw_publishing(b, count)
    await renew(b.nats)
    await emitted(b, count)
    rate = await relaying(b, count)
    print(f"relay      {rate}  raw {raw}  ratio {rate.rate / raw.rate:.2f}  {load()}")
    print(
        f"sourcing   {await sourcing(b, count):8.0f}/s  into the hub's stream, since the relay began  {load()}"
    )
    raw = await raw_reading(b, count)
    profiler = cProfile.Profile() if PROFILE else None
    if profiler:
        profiler.enable()
    rate = await projecting(b, count)
    print(f"projector  {rate}  raw {raw}  ratio {rate.rate / raw.rate:.2f}  {load()}")
    if profiler:
        profiler.disable()
        pstats.Stats(profiler).sort_stats("tottime").print_stats(45)
    times = await delays(b, 100)
    p95 = times[int(len(times) * 0.95)]
    print(f"commit to visible, ms: p50 {statistics.median(times):.0f}  p95 {p95:.0f}  {load()}")


async def main(folder: Path, count: int) -> None:
    postgres = PostgresServer(folder / "postgres", free_port(), "superuser", folder / "postgres.log", {})
    postgres.start()
    nats = started_bus(folder, ("union", "league", "womens"))
    try:
        await renew(nats)
        fresh = FreshDatabases(postgres)
        urls = {code: await fresh.fresh("kit") for code in ("union", "hub")}
        async with bench(urls, nats) as b:
            await measure(b, count)
    finally:
        nats.stop()
        postgres.stop()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="quntuan-speed-") as name:
        Path(name).chmod(0o711)  # PostgreSQL runs as another user
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:  # as uvicorn runs the services
            runner.run(main(Path(name), int(sys.argv[1]) if len(sys.argv) > 1 else 30_000))
