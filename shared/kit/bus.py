"""The connection to NATS: made in the background, never given up, loud about refused rights."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import nats
import orjson
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.errors import NoRespondersError
from prometheus_client import Counter, Gauge
from pydantic import BaseModel, ValidationError

from shared.contracts.event import rpc_subject
from shared.kit.errors import Problem, Unavailable
from shared.kit.log import current_traceparent
from shared.kit.settings import Settings
from shared.kit.together import ended

log = logging.getLogger("quntuan.bus")
A = TypeVar("A", bound=BaseModel)
RECONNECT_WAIT = 0.25
QUIET = 180.0
"""Seconds without a refusal after which the rights count as right again."""
TRY_AGAIN = 60.0
"""Seconds until a refused subscription is tried again: less than QUIET, so that one still refused is told."""
ANSWERS = ("_r_.", "_inbox.")
"""Where answers go. The right to answer ends with the server that passed the question on: what comes later is
refused, which says nothing of our rights; who asked has long asked again."""
CONNECTED = Gauge("quntuan_bus_connected", "1 while connected to NATS", ["service"])
VIOLATIONS = Counter("quntuan_bus_violations_total", "Refused by the bus: rights are wrong", ["service"])
TRANSIENT = (NatsError, asyncio.TimeoutError, OSError)
"""What a bus that is away raises; nats-py sometimes raises the bare TimeoutError."""


class BusAway(Unavailable):
    """Not connected, or nobody answered in time."""


class Declined(Problem):
    """The other service answered with a refusal; status, code and texts are its own."""

    def __init__(self, body: dict[str, Any]) -> None:
        fields = {
            str(e.get("field")): str(e.get("message")) for e in body.get("errors", ()) if isinstance(e, dict)
        }
        super().__init__(
            str(body.get("title", "对方服务拒绝了请求")), hint=str(body.get("detail", "")), fields=fields
        )
        self.status = int(body.get("status", 500))
        self.code = str(body.get("type", "")).rpartition(":")[2] or "declined"


class ApiError(Exception):
    """JetStream's API refused; `err_code` is its own number."""

    def __init__(self, error: dict[str, Any]) -> None:
        self.code, self.err_code = int(error.get("code", 0)), int(error.get("err_code", 0))
        super().__init__(f"{self.err_code}: {error.get('description', '')}")


def connect_options(service: str, seed: str | None) -> dict[str, Any]:
    """The same for every connection. A finite number of attempts would in the end freeze the event loop."""
    options: dict[str, Any] = {
        "name": f"quntuan-{service}",
        "inbox_prefix": f"_INBOX_{service}",
        "max_reconnect_attempts": -1,
        "reconnect_time_wait": RECONNECT_WAIT,
        "connect_timeout": 2,
        "ping_interval": 10,
    }
    if seed:
        options["nkeys_seed_str"] = seed
    return options


class Bus:
    """One service's connection. `start` returns at once: a service works while the bus is away."""

    def __init__(self, url: str, service: str, seed: str | None = None) -> None:
        self.url, self.service, self.seed = url, service, seed
        VIOLATIONS.labels(service)  # from nought: of a series that begins at one an alarm sees no increase
        self.client = Client()
        self.violations = 0
        self.last_violation = ""
        self._refused_at: float | None = None
        self._retries: dict[str, asyncio.Task[None]] = {}
        self._came: list[Callable[[], None]] = []
        self._connecting: asyncio.Task[None] | None = None
        self._up = asyncio.Event()

    @classmethod
    def of(cls, settings: Settings) -> "Bus":
        seed = settings.nats_seed.get_secret_value() if settings.nats_seed else None
        return cls(settings.nats_url, settings.service, seed)

    @property
    def connected(self) -> bool:
        return self.client.is_connected

    @property
    def refused(self) -> bool:
        """True from a refused right until QUIET seconds have passed without another."""
        return self._refused_at is not None and time.monotonic() - self._refused_at < QUIET

    def when_connected(self, call: Callable[[], None]) -> None:
        """Call this after every connect and reconnect; at once when the bus is there already."""
        self._came.append(call)
        if self.connected:
            call()

    async def start(self) -> None:
        self._connecting = asyncio.create_task(self._connect(), name="bus-connect")

    async def wait_connected(self) -> None:
        await self._up.wait()

    async def stop(self) -> None:
        await ended(*(task for task in (self._connecting, *self._retries.values()) if task))
        with contextlib.suppress(*TRANSIENT):
            if self.connected:
                await self.client.flush(timeout=2)
        with contextlib.suppress(*TRANSIENT):
            await self.client.close()
        self._up.clear()

    async def _connect(self) -> None:
        while True:
            try:
                self.client = await nats.connect(
                    self.url,
                    error_cb=self.report,
                    disconnected_cb=self._lost,
                    reconnected_cb=self._reached,
                    **connect_options(self.service, self.seed),
                )
                return await self._reached()
            except TRANSIENT as error:
                log.warning("cannot connect to the bus", extra={"reason": repr(error)})
                await asyncio.sleep(1)

    async def _reached(self) -> None:
        log.info("bus connected")
        CONNECTED.labels(self.service).set(1)
        self._up.set()
        for call in self._came:
            call()

    async def _lost(self) -> None:
        CONNECTED.labels(self.service).set(0)
        self._up.clear()
        if not self.client.is_closed:  # else we closed it
            log.warning("bus lost")

    async def report(self, error: Exception) -> None:
        """Errors nats-py has no caller for; a refused right shows here only."""
        self.tell("own", error, self._reconnect)

    async def _reconnect(self) -> None:
        await self.client.force_reconnect()

    def tell(self, connection: str, error: Exception, reconnect: Callable[[], Awaitable[None]]) -> None:
        """Count and log an error of one connection; try a refused subscription again after a while.

        A refused publication is tried again by whoever published, but subscriptions are made once for each
        connection: after the rights are mended, only a new one gets them.
        """
        said = str(error).lower()
        if "permissions violation" not in said or any(f'publish to "{mine}' in said for mine in ANSWERS):
            log.warning("bus error", extra={"reason": repr(error)})
            return
        self.violations += 1
        self.last_violation = str(error)
        self._refused_at = time.monotonic()
        VIOLATIONS.labels(self.service).inc()
        log.critical("the bus refused us: check accounts and rights", extra={"reason": str(error)})
        waiting = self._retries.get(connection)
        if "for subscription" in said and (waiting is None or waiting.done()):
            self._retries[connection] = asyncio.create_task(self._later(reconnect), name="bus-retry")

    async def _later(self, reconnect: Callable[[], Awaitable[None]]) -> None:
        await asyncio.sleep(TRY_AGAIN)
        with contextlib.suppress(*TRANSIENT):
            await reconnect()

    async def call(
        self, subject: str, payload: bytes, timeout: float, headers: dict[str, str] | None = None
    ) -> Msg:
        """A request on a plain subject; BusAway when there is nobody or no time."""
        if not self.connected:
            raise BusAway("消息总线暂时不可用", hint="请稍后再试。")
        try:
            return await self.client.request(subject, payload, timeout=timeout, headers=headers)
        except NoRespondersError as error:
            raise BusAway("对方服务不在线", hint="请稍后再试。", subject=subject) from error
        except TRANSIENT as error:
            raise BusAway("对方服务没有及时应答", hint="请稍后再试。", subject=subject) from error

    async def request(
        self, owner: str, name: str, question: BaseModel, answer: type[A], *, timeout: float = 5.0
    ) -> A:
        """Ask the service `owner` for `name`. BusAway: no answer. Declined: its own refusal."""
        trace = current_traceparent()
        reply = await self.call(
            rpc_subject(owner, name),
            question.model_dump_json().encode(),
            timeout,
            {"traceparent": trace} if trace else None,
        )
        try:
            body = orjson.loads(reply.data)
            if "problem" in body:
                raise Declined(body["problem"])
            return answer.model_validate(body["answer"])
        except (orjson.JSONDecodeError, KeyError, TypeError, ValidationError) as error:
            raise BusAway("对方服务的应答无法读取", subject=rpc_subject(owner, name)) from error

    async def api(self, name: str, body: dict[str, Any], timeout: float = 3.0) -> dict[str, Any]:
        """JetStream's own API: `$JS.API.<name>`."""
        reply = await self.call(f"$JS.API.{name}", orjson.dumps(body), timeout)
        answer: dict[str, Any] = orjson.loads(reply.data)
        if "error" in answer:
            raise ApiError(answer["error"])
        return answer
