"""Stream -> database: effects and position in one transaction, the database's position is the truth."""

import asyncio
import logging
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime

from nats.aio.msg import Msg
from sqlalchemy.ext.asyncio import AsyncSession

from shared.kit.breath import SHORT_BREATH, breathing
from shared.kit.bus import TRANSIENT, ApiError, Bus, BusAway
from shared.kit.clock import now
from shared.kit.collector import undisturbed
from shared.kit.db import Database
from shared.kit.events import gaps, metrics, positions, receipts
from shared.kit.events.effects import apply_all, apply_each, told, transient
from shared.kit.events.envelope import Arrived, Checked, check, sender_of
from shared.kit.events.gaps import Plan
from shared.kit.events.positions import origin
from shared.kit.events.pull import Pull, PullBrokenError
from shared.kit.events.quarantine import put_aside
from shared.kit.events.steps import Step, first_of, nothing, sole
from shared.kit.module import Projection
from shared.kit.together import ended

log = logging.getLogger("quntuan.projector")
BATCH = 1000
"""Messages of one transaction at most; fewer when no more wait."""
STRETCH = 20
"""Batches without the garbage collector between them: it would walk each time what the next one holds."""
STANDBY = 1.0
LONGEST_PAUSE = 5.0
SOURCED_FROM = "Nats-Stream-Source"


class StreamGapError(Exception):
    """The server skipped stream numbers: read again from the stored position."""


class MovedError(Exception):
    """Somebody else moved the position meanwhile (two projectors): read again."""


@dataclass(frozen=True)
class Batch:
    """Messages that passed or failed every check, and the last of them as it came."""

    checked: list[Checked]
    last: Msg


Ahead = asyncio.Queue[Batch | Exception | None]


class Projector:
    """Applies one stream to one service's projections. Any number may run; one works."""

    def __init__(
        self,
        database: Database,
        bus: Bus,
        projections: Sequence[Projection],
        *,
        stream: str,
        durable: str,
        batch: int = BATCH,
        at: Step = nothing,
    ) -> None:
        self.database, self.bus, self.projections, self.at = database, bus, tuple(projections), at
        self.name = f"{stream}/{durable}"
        self.pull = Pull(bus, stream, durable, batch)
        self.position = 0
        self.last_problem = ""
        self._broken_at: float | None = None
        self._skip_to: int | None = None
        self._pause = 0.0

    @property
    def broken_for(self) -> float:
        """Seconds since reading broke off without a new beginning; 0 while it goes on."""
        return 0.0 if self._broken_at is None else time.monotonic() - self._broken_at

    async def run(self, stop: asyncio.Event) -> None:
        """Work until told to stop; a bug is raised, and the engine starts us again."""
        while not stop.is_set():
            async with sole(self.database.engine, f"projector:{self.name}") as connection:
                if connection is not None:
                    await self._lead(stop)
            await first_of(STANDBY, stop)

    async def _lead(self, stop: asyncio.Event) -> None:
        waker = asyncio.create_task(self._wake_at(stop))
        try:
            while not stop.is_set():
                try:
                    await self._rewind()
                    await self._work(stop)
                except (PullBrokenError, StreamGapError, MovedError, BusAway, ApiError, *TRANSIENT) as error:
                    await self._recover(error, stop)
                except Exception as error:
                    if not transient(error):
                        raise
                    await self._recover(error, stop)
        finally:
            waker.cancel()
            await self.pull.close()

    async def _wake_at(self, stop: asyncio.Event) -> None:
        await stop.wait()
        self.pull.wake()

    async def _recover(self, error: Exception, stop: asyncio.Event) -> None:
        self.last_problem = told(error)
        self._broken_at = self._broken_at or time.monotonic()
        log.warning("reading again from the stored position", extra={"reason": told(error)})
        if isinstance(error, StreamGapError | MovedError | PullBrokenError) and not self._pause:
            self._pause = 0.1  # the first time at once
            return
        self._pause = min(LONGEST_PAUSE, self._pause * 2 or 0.1)
        await first_of(self._pause, stop)

    async def _rewind(self) -> None:
        """Set the consumer back to the stored position.

        It is set to the last applied message, not the one after it: when not even that one is there,
        the stream was put back to an older state or made anew, and everything is read again.
        """
        await self.bus.wait_connected()
        async with self.database.transaction() as session:
            row = await positions.locked(session, self.name)
            seq, incarnation = row.seq, row.incarnation
        there, created = await self.pull.reset(seq)
        if incarnation is not None and (created != incarnation or (seq and not there)):
            log.critical(
                "the stream is not the one we read, reading all of it again",
                extra={"projection": self.name, "position": seq, "was": incarnation, "is": created},
            )
            seq, _ = 0, await self.pull.reset(1)
        async with self.database.transaction() as session:
            await positions.locked(session, self.name)
            await positions.move(session, self.name, seq, created)
        self.position, self._broken_at = seq, None

    async def _work(self, stop: asyncio.Event) -> None:
        """Apply batch after batch; the next one is read and checked while the database works on this one."""
        ahead: Ahead = asyncio.Queue(1)
        reader = asyncio.create_task(self._read(stop, ahead), name="projector-reader")
        try:
            while (batch := await ahead.get()) is not None:
                with undisturbed():
                    if not await self._stretch(batch, ahead):
                        return
        finally:
            await ended(reader)

    async def _stretch(self, batch: Batch | Exception | None, ahead: Ahead) -> bool:
        """This batch and those that wait behind it; False when there will be no more."""
        for left in range(STRETCH, 0, -1):
            if isinstance(batch, Exception):
                raise batch
            if batch is None:
                return False
            await self._take_in(batch)
            if left == 1 or ahead.empty():
                break
            batch = ahead.get_nowait()
        return True

    async def _take_in(self, batch: Batch) -> None:
        self.at("projector.taken")
        fresh = self._after_position(batch.checked)
        if fresh:
            await self._project(fresh)
        self._pause, self.last_problem = 0.0, ""
        await self.pull.acknowledge(batch.last)
        self.pull.pending = batch.last.metadata.num_pending
        self.at("projector.acknowledged")
        metrics.pending.labels(self.bus.service).set(self.pull.pending or 0)

    async def _read(self, stop: asyncio.Event, ahead: Ahead) -> None:
        """One batch ahead of what is applied, no more: memory stays what two batches need."""
        try:
            while messages := await self.pull.take(stop):
                service, prepare = self.bus.service, self._prepare
                breaths = breathing(messages, SHORT_BREATH)
                checked = [prepare(check(_arrived(m), service)) async for m in breaths]
                await ahead.put(Batch(checked, messages[-1]))
            await ahead.put(None)
        except Exception as error:  # noqa: BLE001 - raised again where the batches before it are applied
            await ahead.put(error)

    def _prepare(self, checked: Checked) -> Checked:
        """What its projection needs of the event alone; what is wrong with it shows when it is applied."""
        if checked.envelope is None or checked.event is None:
            return checked
        for projection in self.projections:
            if projection.prepare and isinstance(checked.event, projection.events):
                with suppress(Exception):
                    return replace(checked, prepared=projection.prepare(checked.envelope, checked.event))
        return checked

    def _after_position(self, checked: Sequence[Checked]) -> list[Checked]:
        """What is new, with no stream number left out.

        A number that is missing again after a rewind is not in the stream any more (dropped by age or
        size): the owners' numbers tell whether something of ours was lost with it.
        """
        fresh: list[Checked] = []
        expected = self.position + 1
        for item in checked:
            seq = item.arrived.position
            assert seq is not None
            if seq < expected:
                continue
            if seq > expected and self._skip_to != seq:
                self._skip_to = seq
                if not fresh:
                    raise StreamGapError(f"stream number {expected} expected, {seq} came")
                break
            fresh.append(item)
            expected = seq + 1
        return fresh

    async def _project(self, checked: Sequence[Checked]) -> None:
        async with self.database.transaction() as session:
            seen = await positions.seen(session, {origin(c.envelope) for c in checked if c.envelope})
        plan = await gaps.plan(self.bus, checked, seen)
        reached = checked[-1].arrived.position
        assert reached is not None
        try:
            await self._store(plan, reached, careful=False)
        except Exception as error:
            if isinstance(error, MovedError) or transient(error):
                raise
            log.warning("one event of a batch cannot be applied", extra={"reason": type(error).__name__})
            await self._store(plan, reached, careful=True)
        self.position = reached
        metrics.applied.labels(self.bus.service).inc(len(plan.items))
        metrics.repeated.labels(self.bus.service).inc(plan.repeated)
        metrics.applied_at.labels(self.bus.service).set(now().timestamp())

    async def _store(self, plan: Plan, reached: int, *, careful: bool) -> None:
        """Effects, quarantine, numbers seen, gaps and position: one transaction."""
        async with self.database.transaction() as session:
            row = await positions.locked(session, self.name)
            if row.seq != self.position:
                raise MovedError(f"position is {row.seq}, not {self.position}")
            await effects(session, self.projections, plan.items, self.bus.service, careful=careful)
            self.at("projector.applied")
            for gap, why in plan.missing:
                await gaps.note(session, gap, why)
            await self._see(session, plan)
            await positions.move(session, self.name, reached)
        self.at("projector.committed")

    async def _see(self, session: AsyncSession, plan: Plan) -> None:
        times: dict[positions.Origin, datetime] = {}
        for item in plan.items:
            if item.envelope and item.event:
                key = origin(item.envelope)
                times[key] = max(times.get(key, item.envelope.time), item.envelope.time)
        await positions.see(session, plan.newest, times)


def _arrived(message: Msg) -> Arrived:
    sourced_from = (message.headers or {}).get(SOURCED_FROM)
    position = message.metadata.sequence.stream
    return Arrived(message.subject, message.data, sender_of(sourced_from), position)


async def effects(
    session: AsyncSession,
    projections: Sequence[Projection],
    items: Sequence[Checked],
    service: str,
    *,
    careful: bool,
) -> None:
    """Apply what is good and put the rest aside; `careful`: one by one, whatever fails is put aside too."""
    at = now()
    good = [item for item in items if item.event is not None]
    bad = [(item, item.reason or "") for item in items if item.event is None]
    received = [item.received(at) for item in good]
    if careful:
        failed = await apply_each(session, projections, received)
        bad += [(good[index], why) for index, why in failed.items()]
    else:
        await apply_all(session, projections, received)
    for item, why in bad:
        await put_aside(session, item, why, service)
    aside = {id(item) for item, _ in bad}
    came = [(c.envelope, id(c) in aside) for c in items if c.envelope is not None]
    await receipts.write(session, [(e, "aside" if bad_one else "applied") for e, bad_one in came], at)
