"""How fast the hub takes in what organisations tell: batches, one message per transaction, the limit."""

import asyncio
import os
import time
from collections.abc import Iterable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from itertools import islice
from uuid import uuid4

import uvloop

from deploy.bench import loader
from deploy.bench.member_events import TOLD, member_events
from deploy.bench.scratch import Scratch, prepare, scratch
from deploy.bench.stage import Stage
from deploy.bench.startup import pss
from deploy.bench.table import Goal, Row
from deploy.demo.places import ORGANISATIONS
from deploy.topology.names import HUB
from services.hub.persons import persons
from shared.contracts.event import bus_subject
from shared.kit.events.projector import BATCH, Projector
from shared.kit.events.publisher import MAX_MESSAGES, Outgoing, publish

EVENTS = {"small": 40_000, "city": 600_000}
MEASURED, ALONE = 20_000, 1_000
"""Events of one round in batches, and of one round a message at a time."""


@dataclass
class Course:
    """How many events in how many seconds, by stretch; megabytes as it went."""

    events: dict[str, int] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    memory: list[float] = field(default_factory=list)

    def rate(self, stretch: str) -> float:
        """Events a second."""
        return self.events[stretch] / self.seconds[stretch]


def rows(stage: Stage) -> Iterable[Row]:
    """A filled projection; then some messages one by one, then a stretch in batches, then the limit."""
    prepare(stage)
    course = uvloop.run(_course(stage, EVENTS[stage.size.name]))
    rate = course.rate("batches")
    yield Row("ingest: events projected and linked, in batches", rate, "/s", course.rate("limit"),
              "COPY + ON CONFLICT of ready rows", (Goal("share", 0.5),))  # fmt: skip
    yield Row("ingest: batches beside single messages", rate, "/s", course.rate("alone"),
              "one message per transaction", (Goal("share", 15),))  # fmt: skip
    yield Row(f"ingest: memory after {course.events['all']:,} events", course.memory[-1], "MB",
              course.memory[0], "after the first tenth", (Goal("times", 1.1),))  # fmt: skip


async def _course(stage: Stage, events: int) -> Course:
    course = Course(events={"all": events})
    async with scratch(stage) as place:
        await _publish(place, events)
        for tenth in range(1, 11):
            await _project(place, course, "filling", (events - ALONE - MEASURED) * tenth // 10)
            course.memory.append(pss(os.getpid()))
        copy = await place.copied()
        await _project(place, course, "alone", course.events["reached"] + ALONE, batch=1)
        await _project(place, course, "batches", events)
        course.memory.append(pss(os.getpid()))
        measured = course.events["batches"]
        ready = await loader.batches(place.database_url(), measured, BATCH)
        course.events["limit"], course.seconds["limit"] = measured, await loader.load(copy, ready)
    return course


async def _publish(place: Scratch, events: int) -> None:
    """Everything onto the bus, by each organisation into its own stream."""
    told = member_events(place.stage, events)
    async with AsyncExitStack() as stack:
        buses = {code: await stack.enter_async_context(place.publisher(code)) for code in ORGANISATIONS}
        while part := list(islice(told, MAX_MESSAGES)):
            for code, bus in buses.items():
                mine = [
                    Outgoing(bus_subject(code, TOLD), str(uuid4()), body) for of, body in part if of == code
                ]
                if mine:
                    await publish(bus, f"EVT_{code.upper()}", mine)


async def _project(place: Scratch, course: Course, stretch: str, until: int, batch: int = BATCH) -> None:
    """Let the hub's own projector work until it has reached that message."""
    stop = asyncio.Event()

    def at(_: str) -> None:
        if projector.position >= until:
            stop.set()

    projections = persons(place.kit).projections
    projector = Projector(
        place.kit.database, place.kit.bus, projections, stream="EVT_ALL", durable=HUB, batch=batch, at=at
    )
    before = course.events.get("reached", 0)
    began = time.perf_counter()
    await projector.run(stop)
    course.seconds[stretch] = course.seconds.get(stretch, 0) + time.perf_counter() - began
    course.events[stretch] = course.events.get(stretch, 0) + projector.position - before
    course.events["reached"] = projector.position
