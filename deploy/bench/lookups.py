"""Many lookups at once over HTTP at the running hub: every answer is written down, one after the other."""

import os
import random
import threading
import time

from deploy.bench.client import Clerk
from deploy.bench.latency import at

QUERIES = ("王", "张伟", "wang", "zhangwei", "lm", "0042", "王0017", "wangxm", "伟", "李娜")


def measure(hub: str, clients: int = 16, seconds: float = 10.0) -> str:
    """Lookups a second and how long each took."""
    took: list[float] = []
    failed: list[str] = []
    clerks = [Clerk(hub) for _ in range(clients)]
    until = time.perf_counter() + seconds

    def work(clerk: Clerk) -> None:
        while time.perf_counter() < until:
            began = time.perf_counter()
            try:
                clerk.look_up(random.choice(QUERIES))  # noqa: S311 - which query is no secret
            except Exception as error:  # noqa: BLE001 - counted and told
                failed.append(repr(error))
            took.append((time.perf_counter() - began) * 1000)

    threads = [threading.Thread(target=work, args=(clerk,)) for clerk in clerks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took.sort()
    load = "/".join(f"{one:.1f}" for one in os.getloadavg())
    return (
        f"{clients} clients: {len(took) / seconds:.0f} lookups/s, p50 {at(took, 50):.0f} ms,"
        f" p95 {at(took, 95):.0f} ms, failed {len(failed)} {failed[:1]}; load {load}"
    )
