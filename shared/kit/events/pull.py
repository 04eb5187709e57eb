"""Reading a durable consumer: one outstanding pull, a plain callback, never a task per message."""

import asyncio
import contextlib
import logging

import orjson
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription

from shared.kit.bus import TRANSIENT, ApiError, Bus, BusAway
from shared.kit.events.steps import first_of

log = logging.getLogger("quntuan.pull")
EXPIRES = 30.0
HEARTBEAT = 2.0
SILENCE = 3 * HEARTBEAT
GATHER_STEPS, GATHER_STEP = 20, 0.005


class PullBrokenError(Exception):
    """The pull was lost (connection, consumer, silence): read again from the stored position."""


class Pull:
    """The messages of one durable consumer since the last `reset`, in the order the server sent them."""

    def __init__(self, bus: Bus, stream: str, durable: str, batch: int) -> None:
        self.bus, self.stream, self.durable, self.batch = bus, stream, durable, batch
        self.pending: int | None = None
        """how many wait behind what was applied, as far as known"""
        self._buffer: list[Msg] = []
        self._news = asyncio.Event()
        self._subscription: Subscription | None = None
        self._inbox = ""
        self._wanted = 0
        self._broken = "not started"
        bus.when_connected(self._bus_came)

    def _bus_came(self) -> None:
        self._broken = "the bus connection is new"
        self._news.set()

    async def reset(self, first: int) -> tuple[int, str]:
        """Begin at stream number `first` with a new inbox: what is still under way to the old one is ignored.

        Returns how many messages there are from `first` on, and since when the consumer exists.
        """
        await self.close()
        self._buffer.clear()
        self._wanted, self._broken = 0, ""
        self._inbox = self.bus.client.new_inbox()
        self._subscription = await self.bus.client.subscribe(self._inbox, cb=self._receive)
        answer = await self.bus.api(f"CONSUMER.RESET.{self.stream}.{self.durable}", {"seq": max(first, 1)})
        self.pending = int(answer["num_pending"])
        return self.pending, str(answer["created"])

    async def close(self) -> None:
        if self._subscription is not None:
            with contextlib.suppress(*TRANSIENT):
                await self._subscription.unsubscribe()
            self._subscription = None

    async def take(self, stop: asyncio.Event) -> list[Msg]:
        """The next messages, at most one batch; empty when told to stop, whatever else has come."""
        while not self._buffer and not stop.is_set():
            if self._broken:
                raise PullBrokenError(self._broken)
            if self._wanted <= 0:
                await self._ask()
            await self._wait()
        if stop.is_set():
            return []  # what came is read again: the database knows the position
        await self._gather()
        taken, self._buffer = self._buffer[: self.batch], self._buffer[self.batch :]
        if taken and self._wanted <= 0 and not self._broken:
            await self._ask()  # the next come while these are applied
        return taken

    async def _gather(self) -> None:
        """While more is under way, wait a moment: a transaction for each message is slow."""
        for _ in range(GATHER_STEPS):
            full = len(self._buffer) >= self.batch or self._wanted <= 0
            if not self._buffer or full or not self._buffer[-1].metadata.num_pending:
                return
            await asyncio.sleep(GATHER_STEP)

    async def acknowledge(self, last: Msg) -> None:
        """Only so that the server's figures show our lag: the database knows the position."""
        with contextlib.suppress(*TRANSIENT):
            await last.ack()

    async def told_by_bus(self) -> int | None:
        """How many wait, without reading any: for a process that does not read. None when the bus is away."""
        try:
            told = await self.bus.api(f"CONSUMER.INFO.{self.stream}.{self.durable}", {})
        except (ApiError, BusAway):
            return None
        return int(told["num_pending"]) + int(told["num_ack_pending"])

    def wake(self) -> None:
        """Let `take` look again, for example at `stop`."""
        self._news.set()

    async def _ask(self) -> None:
        self._wanted = self.batch
        body = {"batch": self.batch, "expires": int(EXPIRES * 1e9), "idle_heartbeat": int(HEARTBEAT * 1e9)}
        subject = f"$JS.API.CONSUMER.MSG.NEXT.{self.stream}.{self.durable}"
        await self.bus.client.publish(subject, orjson.dumps(body), reply=self._inbox)

    async def _wait(self) -> None:
        self._news.clear()
        await first_of(SILENCE, self._news)
        if not self._news.is_set():
            self._broken = f"silence for {SILENCE:.0f} s"

    async def _receive(self, message: Msg) -> None:
        status = message.headers.get("Status") if message.headers and not message.data else None
        if status is None:
            self._buffer.append(message)
            self._wanted -= 1
        elif status in ("404", "408"):  # nothing there, or the pull has expired: ask again
            self._wanted = 0
        elif status != "100":
            self._broken = f"status {status}"
        self._news.set()
