"""A program of one member of staff: asks until there is an answer, however often the other side dies."""

import http.client
import json
import time
from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from deploy.bench.client import Clerk

PATIENCE = 60.0
"""Seconds after which a service that does not answer counts as lost."""
AGAIN = 0.05
TIMEOUT = 10.0


Connect = Callable[[], http.client.HTTPConnection]


class NoAnswerError(Exception):
    """Nothing came back although the service had long enough to return."""


class Line:
    """One kept connection with a session that outlives the service's process."""

    def __init__(self, clerk: Clerk, connect: Connect | None = None) -> None:
        url = urlsplit(str(clerk.http.base_url))
        self.clerk = clerk
        self._connect = connect or partial(
            http.client.HTTPConnection, url.hostname or "", url.port, timeout=TIMEOUT
        )
        cookies = "; ".join(f"{c.name}={c.value}" for c in clerk.http.cookies.jar)
        self._headers = {
            "content-type": "application/json", "accept": "application/json", "cookie": cookies,
            "x-csrf-token": clerk.csrf, "origin": f"{url.scheme}://{url.netloc}",
        }  # fmt: skip
        self._connection: http.client.HTTPConnection | None = None

    def once(self, method: str, path: str, body: Any = None, key: str = "") -> tuple[int, Any] | None:
        """Status and body; None when nobody can know whether it was done."""
        headers = {**self._headers, **({"idempotency-key": key} if key else {})}
        try:
            if self._connection is None:
                self._connection = self._connect()
            self._connection.request(method, path, json.dumps(body) if body else None, headers)
            answer = self._connection.getresponse()
            text = answer.read()
        except (OSError, http.client.HTTPException):
            self.close()
            return None
        if answer.status >= 500 or answer.status == 429:
            return None
        return answer.status, json.loads(text)

    def ask(self, method: str, path: str, body: Any = None, key: str = "") -> tuple[int, Any, int]:
        """Status, body and how often it was sent: again and again until there is an answer."""
        until, sent = time.monotonic() + PATIENCE, 0
        while time.monotonic() < until:
            sent += 1
            answer = self.once(method, path, body, key)
            if answer is not None:
                return *answer, sent
            time.sleep(AGAIN)
        raise NoAnswerError(f"{method} {path}: no answer in {PATIENCE:.0f} s")

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
