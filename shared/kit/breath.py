"""Long computing in short breaths: pages are answered by the same process."""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Iterable
from typing import Any, TypeVar

from shared.kit.together import ended

T = TypeVar("T")
_END: Any = object()
LONGEST_BREATH = 0.004
"""Seconds of computing after which others are let in."""


async def breathing(items: Iterable[T]) -> AsyncIterator[T]:
    """The items one by one; every few milliseconds everybody else in this process has a turn."""
    since = time.monotonic()
    for item in items:
        yield item
        if time.monotonic() - since > LONGEST_BREATH:
            await asyncio.sleep(0)
            since = time.monotonic()


async def ahead(made: AsyncIterator[T]) -> AsyncGenerator[T, None]:
    """The items one by one; the next is made while the taker waits for something."""
    following = asyncio.ensure_future(anext(made, _END))
    try:
        while (item := await following) is not _END:
            following = asyncio.ensure_future(anext(made, _END))
            yield item
    finally:
        await ended(following)
