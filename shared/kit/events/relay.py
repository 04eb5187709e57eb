"""Event log -> bus: in order, in atomic batches, remembering how far; notices when the bus lost data."""

import asyncio
import base64
import logging
import time
from collections.abc import Sequence
from typing import Any

import orjson
from sqlalchemy import RowMapping, Text, cast, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.contracts.event import bus_subject
from shared.kit.bus import TRANSIENT, ApiError, Bus, BusAway
from shared.kit.clock import now
from shared.kit.db import Database
from shared.kit.events import metrics
from shared.kit.events.effects import told
from shared.kit.events.envelope import encode, message_id, subject_pattern
from shared.kit.events.models import ChannelRow, LogRow
from shared.kit.events.publisher import MAX_BYTES, MAX_MESSAGES, Outgoing, publish
from shared.kit.events.sequencer import number
from shared.kit.events.steps import Step, first_of, nothing, sole

log = logging.getLogger("quntuan.relay")
POLL = 0.25
GATHER = 0.1
"""Seconds of rest after a round: in a busy minute what comes meanwhile goes out, and is applied, together.

A round costs its owner, the bus and the hub nearly the same however few events it carries.
"""
STANDBY = 1.0
LONGEST_PAUSE = 5.0
COMPARE_TRIES = 3
COMPARE_EVERY = 20.0
"""Seconds between two looks at what the stream holds: one deleted while we are connected tells nobody."""


class Relay:
    """Numbers and publishes what one service emitted. Any number may run; one works."""

    def __init__(
        self,
        database: Database,
        bus: Bus,
        *,
        stream: str | None = None,
        compare_every: float = COMPARE_EVERY,
        at: Step = nothing,
    ) -> None:
        self.database, self.bus, self.at = database, bus, at
        self.compare_every = compare_every
        self.stream = stream or f"EVT_{bus.service.upper()}"
        self.wake = asyncio.Event()
        self.last_problem = ""
        self._compare_left, self._compared = COMPARE_TRIES, time.monotonic()
        self._pause, self._not_before = 0.0, 0.0
        database.when_emitted(self.wake.set)
        bus.when_connected(self._bus_came)

    def _bus_came(self) -> None:
        self._compare_left, self._not_before = COMPARE_TRIES, 0.0
        self.wake.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Work until told to stop; a database error is raised, and the engine starts us again."""
        while not stop.is_set():
            async with sole(self.database.engine, "relay") as connection:
                if connection is not None:
                    await self._lead(connection, stop)
            await first_of(STANDBY, stop)

    async def _lead(self, connection: AsyncConnection, stop: asyncio.Event) -> None:
        while not stop.is_set():
            self.wake.clear()
            moved = await number(connection)
            self.at("relay.numbered")
            moved += await self._publish_when_possible(connection)
            if not moved:
                await first_of(POLL, self.wake, stop)
            elif moved < MAX_MESSAGES:
                await first_of(GATHER, stop)

    async def _publish_when_possible(self, connection: AsyncConnection) -> int:
        """Publish, or note why not and wait longer each time; numbering goes on meanwhile."""
        if not self.bus.connected or time.monotonic() < self._not_before:
            return 0
        if time.monotonic() - self._compared > self.compare_every:
            self._compare_left = COMPARE_TRIES
        try:
            if self._compare_left:
                await self._compare(connection)
            sent = await self._publish(connection)
        except (BusAway, ApiError, *TRANSIENT) as error:
            await connection.rollback()
            self.last_problem = told(error)
            self._pause = min(LONGEST_PAUSE, self._pause * 2 or 0.1)
            self._not_before = time.monotonic() + self._pause
            log.warning("publishing stopped", extra={"reason": told(error), "pause": self._pause})
            return 0
        self._pause, self.last_problem = 0.0, ""
        return sent

    async def _publish(self, connection: AsyncConnection) -> int:
        sent = 0
        for channel in await self._channels(connection):
            if channel["published"] < channel["newest"]:
                sent += await self._publish_channel(connection, channel)
        return sent

    async def _channels(self, connection: AsyncConnection) -> Sequence[RowMapping]:
        table = ChannelRow.__table__
        async with connection.begin():
            return (await connection.execute(select(table).order_by(table.c.channel))).mappings().all()

    async def _publish_channel(self, connection: AsyncConnection, channel: RowMapping) -> int:
        messages, reached = await self._next(connection, channel)
        if not messages:
            log.error("the log lacks events never published", extra={"channel": channel["channel"]})
            return 0
        await publish(self.bus, self.stream, messages)
        self.at("relay.published")
        await self._record(connection, channel["channel"], reached)
        self.at("relay.recorded")
        metrics.published.labels(self.bus.service).inc(len(messages))
        return len(messages)

    async def _next(self, connection: AsyncConnection, channel: RowMapping) -> tuple[list[Outgoing], int]:
        """The next events after what is published, as many as one batch holds, and the last one's number."""
        table = LogRow.__table__
        columns = [column for column in table.c if column.name != "data"]
        query = (
            # the text as it is stored: taking it apart to put it together again is a quarter of the work
            select(*columns, cast(table.c.data, Text).label("data"))
            .where(table.c.channel == channel["channel"], table.c.seq > channel["published"])
            .order_by(table.c.seq)
            .limit(MAX_MESSAGES)
        )
        async with connection.begin():
            rows = (await connection.execute(query)).mappings().all()
        messages: list[Outgoing] = []
        reached, size = 0, 0
        for row in rows:
            message = self._outgoing(row, channel["epoch"])
            size += len(message.payload)
            if messages and size > MAX_BYTES:
                break
            messages.append(message)
            reached = row["seq"]
        return messages, reached

    def _outgoing(self, row: RowMapping, epoch: int) -> Outgoing:
        subject = bus_subject(self.bus.service, row["type"], row["channel"] or None)
        return Outgoing(subject, message_id(row["event_id"], epoch), encode(self.bus.service, row))

    async def _record(self, connection: AsyncConnection, channel: str, seq: int) -> None:
        async with connection.begin():
            await connection.execute(
                update(ChannelRow)
                .where(ChannelRow.channel == channel)
                .values(published=func.greatest(ChannelRow.published, seq), published_at=now())
            )

    async def _compare(self, connection: AsyncConnection) -> None:
        """After (re)connecting and now and then: does the stream still hold what we recorded as published?"""
        self._compare_left -= 1
        for channel in await self._channels(connection):
            there = await self._newest_on_bus(channel["channel"])
            if there is None or there == channel["published"]:
                continue
            if there < channel["published"]:
                await self._publish_again(connection, channel, there)
            else:
                await self._catch_up(connection, channel, there)
        self._compare_left, self._compared = 0, time.monotonic()

    async def _publish_again(self, connection: AsyncConnection, channel: RowMapping, there: int) -> None:
        metrics.bus_lost.labels(self.bus.service).inc()
        log.critical(
            "the bus lost events: publishing them again",
            extra={"channel": channel["channel"], "on_bus": there, "published": channel["published"]},
        )
        await self._set(connection, channel["channel"], published=there, epoch=channel["epoch"] + 1)

    async def _catch_up(self, connection: AsyncConnection, channel: RowMapping, there: int) -> None:
        """The bus knows more: we were cut off before recording, or our database was put back."""
        if there <= channel["newest"]:
            await self._set(connection, channel["channel"], published=there)
            return
        metrics.bus_ahead.labels(self.bus.service).inc()
        log.critical(
            "our database is older than the bus: numbers go on after the bus's newest",
            extra={"channel": channel["channel"], "on_bus": there, "newest": channel["newest"]},
        )
        await self._set(connection, channel["channel"], published=there, newest=there)

    async def _set(self, connection: AsyncConnection, channel: str, **values: int) -> None:
        async with connection.begin():
            await connection.execute(update(ChannelRow).where(ChannelRow.channel == channel).values(**values))

    async def _newest_on_bus(self, channel: str) -> int | None:
        """Our number of the stream's last message of this channel; None when it cannot be told."""
        pattern = subject_pattern(self.bus.service, channel)
        try:
            answer = await self.bus.api(f"STREAM.MSG.GET.{self.stream}", {"last_by_subj": pattern})
        except ApiError as error:
            if error.code != 404:
                raise
            return await self._nothing_there()
        body: dict[str, Any] = orjson.loads(base64.b64decode(answer["message"]["data"]))
        return int(body["sequence"])

    async def _nothing_there(self) -> int | None:
        """No message of ours: 0 when the stream never dropped any, so that it cannot have been there."""
        state = (await self.bus.api(f"STREAM.INFO.{self.stream}", {}))["state"]
        return 0 if state["messages"] == state["last_seq"] else None
