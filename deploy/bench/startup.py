"""How long the whole suite takes to be ready, and the memory it then holds."""

import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from deploy.bench.stage import Stage
from deploy.bench.table import Goal, Row


def rows(stage: Stage) -> Iterable[Row]:
    """Start the services on servers that run, then ask the kernel what every process holds."""
    began = time.perf_counter()
    stage.suite.start_services()
    yield Row("start of all services", time.perf_counter() - began, "s", goals=(Goal("most", 30),))
    held = {child.name: sum(map(pss, tree(child.pid))) for child in stage.suite.children()}
    for name, size in held.items():
        yield Row(f"memory of {name}", size, "MB")
    yield Row("memory of the suite", sum(held.values()), "MB", goals=(Goal("most", 2048),))


def tree(pid: int) -> Iterator[int]:
    """A process and all below it."""
    yield pid
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in task.read_text().split():
            yield from tree(int(child))


def pss(pid: int) -> float:
    """Megabytes of a process; what is shared counts for each its part."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("Pss:"))
