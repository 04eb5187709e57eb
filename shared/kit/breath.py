"""Long computing in short breaths: pages are answered by the same process."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterable
from typing import TypeVar

T = TypeVar("T")
LONGEST_BREATH = 0.004
"""Seconds of computing after which others are let in."""
SHORT_BREATH = 0.001
"""The same for what is computed while statements are under way: one that is answered does not wait long."""


async def breathing(items: Iterable[T], longest: float = LONGEST_BREATH) -> AsyncIterator[T]:
    """The items one by one; every few milliseconds everybody else in this process has a turn."""
    since = time.monotonic()
    for item in items:
        yield item
        if time.monotonic() - since > longest:
            await asyncio.sleep(0)
            since = time.monotonic()
