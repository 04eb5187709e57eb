"""A service that is told to stop ends its open streams properly, whoever is listening."""

import threading
import time
from collections.abc import Callable

import httpx
import pytest

from deploy.local.suite import Suite
from tests.journeys.visitor import Visitor


@pytest.mark.timeout(240)
@pytest.mark.slow
def test_open_streams_end_when_the_service_stops(new_suite: Callable[..., Suite]) -> None:
    suite = new_suite()
    clerk = Visitor(suite.url("union")).sign_in("clerk")
    file = {"file": ("名册.csv", "姓名,单位\n单文慧,\n".encode())}
    batch = clerk.json("POST", "/api/v1/imports", files=file)
    clerk.wait_import(batch["id"], {"ready", "mapping", "refused"})
    begun, ends = threading.Barrier(4, timeout=60), list[object]()

    def listen() -> None:
        cookies = dict(clerk.client.cookies)
        try:
            with httpx.Client(base_url=suite.url("union"), cookies=cookies, timeout=60) as client:
                path = f"/imports/{batch['id']}/events"
                with client.stream("GET", path, headers={"accept": "text/event-stream"}) as stream:
                    begun.wait()
                    ends.append((stream.status_code, len(list(stream.iter_bytes()))))
        except httpx.HTTPError as error:
            ends.append(error)

    listeners = [threading.Thread(target=listen) for _ in range(3)]
    for listener in listeners:
        listener.start()
    begun.wait()
    child, since = suite.services["union"], time.monotonic()
    child.process.terminate()
    for listener in listeners:
        listener.join(30)
    child.process.wait(30)
    took = time.monotonic() - since
    assert [e[0] if isinstance(e, tuple) else e for e in ends] == [200, 200, 200]
    log = (suite.home.logs / "union.log").read_text(encoding="utf-8")
    assert "Traceback" not in log
    assert "timeout graceful shutdown exceeded" not in log, took
