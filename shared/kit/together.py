"""Several at once that end together."""

import asyncio
from collections.abc import Coroutine
from typing import Any

AGAIN = 1.0
"""Seconds a cancelled task has for its own clearing up before it is told once more."""


async def together(*work: Coroutine[Any, Any, None]) -> None:
    """Run all at once. When one fails, the others have ended before its error is raised.

    `asyncio.gather` leaves them running: whoever begins the same work again would meet them.
    """
    tasks = [asyncio.ensure_future(each) for each in work]
    try:
        await asyncio.gather(*tasks)
    finally:
        await ended(*tasks)


async def ended(*tasks: asyncio.Future[Any]) -> None:
    """Cancel them and wait until they are over, whatever they end with.

    Once is not enough: before Python 3.12 `asyncio.wait_for` forgets a cancellation that meets its result,
    and whoever waits for such a task then waits for ever.
    """
    while waiting := [task for task in tasks if not task.done()]:
        for task in waiting:
            task.cancel()
        await asyncio.wait(waiting, timeout=AGAIN)
    await asyncio.gather(*tasks, return_exceptions=True)  # looked at: nobody is told of them later
