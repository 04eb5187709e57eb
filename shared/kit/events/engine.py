"""All background tasks of the event machinery: started with the worker role, restarted when they crash."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from shared.kit.context import Kit
from shared.kit.events import metrics
from shared.kit.events.archive import Archive
from shared.kit.events.effects import transient
from shared.kit.events.fetch import fetch_responder
from shared.kit.events.mend import Mender
from shared.kit.events.projector import Projector
from shared.kit.events.quarantine import Quarantine
from shared.kit.events.receipts import receipts_responder
from shared.kit.events.relay import Relay
from shared.kit.events.responders import Responders
from shared.kit.events.status import events_checks
from shared.kit.events.steps import first_of
from shared.kit.health import Check
from shared.kit.module import Module
from shared.kit.together import ended

log = logging.getLogger("quntuan.engine")
LONGEST_PAUSE = 10.0
PATIENCE = 8.0
Run = Callable[[asyncio.Event], Awaitable[None]]


@dataclass
class Crash:
    """What a task last died of."""

    reason: str
    times: int = 1


@dataclass(frozen=True)
class Inbox:
    """The stream a service reads and the durable consumer on it; both are made by the deploy job."""

    stream: str
    durable: str

    @classmethod
    def of_organisation(cls, code: str) -> "Inbox":
        """What the hub addressed to it."""
        return cls(f"CMD_{code.upper()}", code)

    @classmethod
    def of_hub(cls) -> "Inbox":
        """The events of all organisations."""
        return cls("EVT_ALL", "hub")


class EventEngine:
    """Relay, projector, mender, archive and responders of one service."""

    def __init__(
        self,
        kit: Kit,
        modules: Sequence[Module],
        inbox: Inbox,
    ) -> None:
        database, bus = kit.database, kit.bus
        projections = tuple(p for module in modules for p in module.projections)
        self.database, self.bus, self.monitor_url = database, bus, kit.settings.nats_monitor_url
        self.sync_read_at = float("-inf")
        self.relay = Relay(database, bus)
        self.projector = Projector(database, bus, projections, stream=inbox.stream, durable=inbox.durable)
        self.mender = Mender(self.projector)
        self.archive = Archive(database)
        self.quarantine = Quarantine(bus.service, projections)
        answers = [responder for module in modules for responder in module.responders]
        own = (fetch_responder(database, bus.service), receipts_responder(database))
        self.responders = Responders(bus, [*answers, *own])
        self.crashes: dict[str, Crash] = {}
        self.works = False
        self._tasks: list[asyncio.Task[None]] = []
        self._stop = asyncio.Event()

    async def start(self, *, works: bool = True) -> None:
        """Start everything and return, even while bus and database are away; the web role does no work."""
        self._stop.clear()
        self.works = works
        if not works:
            return
        await self.responders.start()
        runs: dict[str, Run] = {
            "relay": self.relay.run,
            "projector": self.projector.run,
            "mender": self.mender.run,
            "archive": self.archive.run,
        }
        metrics.from_zero(self.bus.service, runs)
        self._tasks = [
            asyncio.create_task(self._supervised(name, run), name=f"events-{name}")
            for name, run in runs.items()
        ]

    @property
    def troubles(self) -> dict[str, Crash]:
        return self.crashes

    async def probe(self) -> list[Check]:
        """Readiness, and the figures of the moment."""
        return await events_checks(self)

    async def stop(self) -> None:
        """Let each task finish the batch it is at; cut it off only when it takes too long."""
        self._stop.set()
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=PATIENCE)
            await ended(*late)
        self._tasks = []
        await self.responders.stop()

    async def _supervised(self, name: str, run: Run) -> None:
        """Run it for ever: a crash is told loudly and followed by a new start."""
        pause = 0.25
        while not self._stop.is_set():
            began = asyncio.get_running_loop().time()
            try:
                await run(self._stop)
            except Exception as error:  # noqa: BLE001 - told, counted, started again
                self._tell(name, error)
                if asyncio.get_running_loop().time() - began > 60:
                    pause = 0.25
                await first_of(pause, self._stop)
                pause = min(LONGEST_PAUSE, pause * 2)

    def _tell(self, name: str, error: Exception) -> None:
        metrics.crashes.labels(self.bus.service, name).inc()
        known = self.crashes.get(name)
        self.crashes[name] = Crash(type(error).__name__, known.times + 1 if known else 1)
        if transient(error):
            log.error("a task lost database or bus", extra={"task": name, "reason": type(error).__name__})
        else:
            log.critical("a task crashed", extra={"task": name}, exc_info=error)
