"""What a table was taken on: without it the figures mean nothing."""

import os
import platform
from pathlib import Path

from deploy.bench.stage import Size
from shared.kit import clock


def description(size: Size) -> str:
    """Day, size, processor, memory, load: one line above the table."""
    load = "/".join(f"{one:.1f}" for one in os.getloadavg())
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    return (
        f"{clock.today()}, SIZE={size.name} ({size.people:,} persons), {os.cpu_count()} x {_processor()},"
        f" {memory:.0f} GiB, Python {platform.python_version()}, load {load}"
    )


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except FileNotFoundError:
        return platform.machine()
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.machine())
