"""ASGI middleware of every service: trace, access log without personal data, metrics, body limit, HEAD."""

import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any

from prometheus_client import Counter, Histogram
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.kit import errors
from shared.kit.log import begin_trace

log = logging.getLogger("quntuan.http")

REQUESTS = Counter(
    "quntuan_http_requests_total", "Answers by route and status", ["service", "route", "status"]
)
SECONDS = Histogram(
    "quntuan_http_seconds",
    "Time to the last byte",
    ["service", "route"],
    buckets=(0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10),
)
FOR_STRANGERS = 64_000
"""Bytes a request may carry whose session or token nobody knows: a sign-in form needs less."""
QUIET = {"/healthz", "/readyz", "/metrics"}


class Observe:
    """Begin a trace, then count, time and log the answer by its route's pattern, never by its address."""

    def __init__(self, app: ASGIApp, service: str) -> None:
        self.app, self.service = app, service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        begin_trace(headers.get(b"traceparent", b"").decode("latin-1"))
        began, status = time.perf_counter(), 500

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, sending)
        finally:
            self._note(scope, status, time.perf_counter() - began)

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        route = route_pattern(scope)
        REQUESTS.labels(self.service, route, str(status)).inc()
        SECONDS.labels(self.service, route).observe(seconds)
        if route in QUIET or route.startswith("/static"):
            return
        extra: dict[str, Any] = {
            "method": scope["method"],
            "route": route,
            "status": status,
            "ms": round(seconds * 1000, 1),
        }
        staff = scope.get("state", {}).get("staff")
        if staff is not None:
            extra["staff"] = str(staff.id)
        log.info("answered", extra=extra)


class Heads:
    """HEAD is answered as GET would be, without the body: watchers ask so whether a page is there."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self.app(scope, receive, send)
            return
        started = False

        async def sending(message: Message) -> None:
            nonlocal started
            if not started and message["type"] == "http.response.start":
                started = True
                await send(message)
                await send({"type": "http.response.body", "body": b""})

        await self.app({**scope, "method": "GET"}, receive, sending)


def route_pattern(scope: Scope) -> str:
    """The path pattern of the route that answered (`/members/{id}`), or `unmatched`."""
    route = scope.get("route")
    path = getattr(route, "path", None)
    if path is None and scope.get("path", "").startswith("/static"):
        return "/static"
    return str(path) if path else "unmatched"


Knows = Callable[[Request], Awaitable[bool]]
"""Whether a request comes from somebody known; asked for large bodies only."""


class BodyLimit:
    """Refuse bodies over the limit before anything reads them; strangers may only send small ones."""

    def __init__(self, app: ASGIApp, limit: int, larger: dict[str, int], knows: Knows) -> None:
        """`larger`: limits of single paths."""
        self.app, self.limit, self.larger, self.knows = app, limit, larger, knows

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        declared = Headers(scope=scope).get("content-length", "0")
        limit = await self._limit(scope, int(declared) if declared.isdigit() else 0)
        if declared.isdigit() and int(declared) > limit:
            await self._refuse(scope, receive, send, limit)
            return
        seen = 0

        async def counting() -> Message:
            nonlocal seen, limit
            message = await receive()
            before, seen = seen, seen + len(message.get("body", b""))
            if before <= FOR_STRANGERS < seen:  # nothing, or too little, was declared
                limit = await self._limit(scope, seen)
            if seen > limit:
                raise _too_large(limit)
            return message

        await self.app(scope, counting, send)

    async def _limit(self, scope: Scope, size: int) -> int:
        most = self.larger.get(scope["path"], self.limit)
        return most if size <= FOR_STRANGERS or await self.knows(Request(scope)) else FOR_STRANGERS

    async def _refuse(self, scope: Scope, receive: Receive, send: Send, limit: int) -> None:
        request = Request(scope, receive)
        response = await errors.respond(request, _too_large(limit))
        await response(scope, receive, send)


def _too_large(limit: int) -> errors.TooLarge:
    return errors.TooLarge(
        "提交的内容太大", hint=f"最多 {max(round(limit / 1_048_576), 1)} MB，请分成几份再提交。"
    )
