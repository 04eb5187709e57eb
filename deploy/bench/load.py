"""Sixteen at once: how long each answer takes when every client asks at its own steady pace."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

CLIENTS = 16
PAUSE = 0.5
"""Seconds from one question of a client to its next: 32 lookups a second, more than an office asks."""
Ask = Callable[[], Awaitable[object]]


@dataclass(frozen=True)
class Times:
    """Milliseconds, sorted, and how many were answered a second."""

    took: list[float]
    rate: float

    def at(self, percent: int) -> float:
        """The value that so many percent do not exceed."""
        return self.took[min(len(self.took) - 1, len(self.took) * percent // 100)]


async def timed(clients: Sequence[Ask], seconds: float, pause: float = PAUSE) -> Times:
    """Let every client ask for so long; a late answer delays that client's next question only."""
    took: list[float] = []
    began = time.perf_counter()

    async def work(ask: Ask, number: int) -> None:
        due = began + pause * number / len(clients)
        while (now := time.perf_counter()) < began + seconds:
            if now < due:
                await asyncio.sleep(due - now)
            asked = time.perf_counter()
            await ask()
            took.append((time.perf_counter() - asked) * 1000)
            due = max(due + pause, time.perf_counter())

    await asyncio.gather(*(work(ask, n) for n, ask in enumerate(clients)))
    return Times(sorted(took), len(took) / (time.perf_counter() - began))


def together(rounds: Sequence[Times]) -> Times:
    """Several rounds of the same as one."""
    return Times(sorted(t for r in rounds for t in r.took), sum(r.rate for r in rounds) / len(rounds))
