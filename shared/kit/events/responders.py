"""Answering requests on the bus, by FastStream: `quntuan.rpc.<service>.as.<who>.<name>`."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextvars import ContextVar

import orjson
from faststream.middlewares import AckPolicy
from faststream.nats import NatsBroker, NatsMessage
from faststream.nats.security import NatsNKey
from nats.aio.msg import Msg
from pydantic import ValidationError

from shared.contracts.event import rpc_subject
from shared.kit.bus import TRANSIENT, Bus, connect_options
from shared.kit.errors import Invalid, Problem, Unavailable
from shared.kit.events import metrics
from shared.kit.events.effects import transient
from shared.kit.log import begin_trace
from shared.kit.module import Responder
from shared.kit.together import ended

log = logging.getLogger("quntuan.rpc")
REPLY_TO = ("_INBOX", "_R_.")
"""Where answers may go: an inbox, or the server's own reply subject for a request from another account.

Anything else is an attempt to make us publish on a subject the asker may not publish on.
"""
AT_ONCE = 4
AS = 4
"""Which part of `quntuan.rpc.<service>.as.<who>.<name>` tells who asks."""
_requester: ContextVar[str | None] = ContextVar("quntuan_requester", default=None)


def requester() -> str | None:
    """Which service asks. The accounts tell it, not the asker.

    `quntuan.rpc.<service>.as.<who>.>` is exported to the account of `<who>` alone, and imported there as
    `quntuan.rpc.<service>.>`: nobody can ask in another's name.
    """
    return _requester.get()


class Responders:
    """The broker with one subscription per responder; started in the background, stopped with patience."""

    def __init__(self, bus: Bus, responders: Sequence[Responder]) -> None:
        self.bus, self.responders = bus, tuple(responders)
        options = connect_options(bus.service, None)
        self.broker = NatsBroker(
            bus.url,
            **{**options, "name": f"{options['name']}-rpc"},
            security=NatsNKey.from_seed(bus.seed) if bus.seed else None,
            error_cb=self._report,
            apply_types=False,
            ack_policy=AckPolicy.MANUAL,
            logger=log,
            log_level=logging.DEBUG,
        )
        self._starting: asyncio.Task[None] | None = None
        for responder in self.responders:
            self._subscribe(responder)

    async def start(self) -> None:
        self._starting = asyncio.create_task(self._start(), name="responders-start")

    async def _start(self) -> None:
        while True:
            try:
                await self.broker.start()
                break
            except TRANSIENT as error:
                log.warning("cannot answer requests yet", extra={"reason": repr(error)})
                await asyncio.sleep(1)

        with contextlib.suppress(*TRANSIENT):  # the bus knows the subscriptions: who asks now is answered
            await (await self.broker.connect()).flush()

    async def _report(self, error: Exception) -> None:
        self.bus.tell("responders", error, self._reconnect)

    async def _reconnect(self) -> None:
        client = await self.broker.connect()
        await client.force_reconnect()

    async def stop(self) -> None:
        if self._starting:
            await ended(self._starting)
        with contextlib.suppress(*TRANSIENT):
            await self.broker.stop()

    def _subscribe(self, responder: Responder) -> None:
        # subscribers need the inbox prefix again, with its dot, or a restricted user silently gets nothing
        subscriber = self.broker.subscriber(
            rpc_subject(self.bus.service, f"as.*.{responder.name}"),
            queue=self.bus.service,
            max_workers=AT_ONCE,
            no_reply=True,
            decoder=_raw,
            inbox_prefix=f"_INBOX_{self.bus.service}.".encode(),
            title=responder.name,
        )
        subscriber(self._handler(responder))

    def _handler(self, responder: Responder) -> Callable[[Msg], Awaitable[None]]:
        async def handle(message: Msg) -> None:
            if not message.reply.startswith(REPLY_TO):
                log.critical("a request wanted its answer on a foreign subject", extra={"to": message.reply})
                metrics.answered.labels(self.bus.service, responder.name, "hostile").inc()
                return
            _requester.set(message.subject.split(".")[AS])
            begin_trace((message.headers or {}).get("traceparent"))
            body = await self._answer(responder, message.data)
            with contextlib.suppress(*TRANSIENT):
                await message.respond(body)

        return handle

    async def _answer(self, responder: Responder, question: bytes) -> bytes:
        """`{"answer": ...}` or `{"problem": ...}`; never silence, the asker would wait for nothing."""
        outcome = "refused"
        try:
            try:
                request = responder.request.model_validate_json(question)
            except ValidationError as error:
                raise Invalid("请求的内容不正确") from error
            answer = await responder.answer(request)
            body = b'{"answer":%b}' % answer.model_dump_json().encode()
            outcome = "answered"
        except Problem as problem:
            body = orjson.dumps({"problem": problem.body()})
        except Exception as error:
            outcome = "failed"
            log.exception("a request could not be answered", extra={"name_": responder.name})
            away = Unavailable("服务暂时不可用", hint="请稍后再试。")
            told = (away if transient(error) else Problem("内部错误")).body()
            body = orjson.dumps({"problem": told})
        metrics.answered.labels(self.bus.service, responder.name, outcome).inc()
        return body


async def _raw(message: NatsMessage) -> Msg:
    """Handlers get the message as it came: they validate it themselves and answer themselves."""
    raw = message.raw_message
    assert isinstance(raw, Msg)
    return raw
