"""Work done while its taker waits for something else."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest

from shared.kit.breath import ahead


async def numbers(seen: list[str], last: int = 3) -> AsyncIterator[int]:
    for number in range(last):
        await asyncio.sleep(0)
        seen.append(f"made {number}")
        yield number


async def test_the_next_is_made_while_the_taker_waits_and_none_after_it() -> None:
    seen: list[str] = []
    async with aclosing(ahead(numbers(seen))) as items:
        async for number in items:
            await asyncio.sleep(0.01)
            seen.append(f"written {number}")
    assert seen == ["made 0", "made 1", "written 0", "made 2", "written 1", "written 2"]


async def test_what_goes_wrong_in_the_making_is_the_takers_to_know() -> None:
    async def broken() -> AsyncIterator[int]:
        yield 1
        raise ValueError("of no use")

    items = ahead(broken())
    assert await anext(items) == 1
    with pytest.raises(ValueError, match="of no use"):
        await anext(items)


async def test_a_taker_that_leaves_leaves_nobody_at_work() -> None:
    async def endless() -> AsyncIterator[int]:
        yield 1
        await asyncio.sleep(60)

    running = asyncio.all_tasks()
    async with aclosing(ahead(endless())) as items:
        assert await anext(items) == 1
        assert asyncio.all_tasks() > running
    assert asyncio.all_tasks() == running
