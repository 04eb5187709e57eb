"""What runs at once ends together, well or not."""

import asyncio

import pytest

from shared.kit.together import together


async def test_one_that_fails_ends_the_others_first() -> None:
    ended: list[str] = []

    async def works_on() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(0.01)  # as a transaction that is rolled back
            ended.append("works on")

    async def fails() -> None:
        await asyncio.sleep(0.01)
        raise ValueError("broken off")

    running = asyncio.all_tasks()
    with pytest.raises(ValueError, match="broken off"):
        await together(works_on(), fails(), works_on())
    assert ended == ["works on"] * 2
    assert asyncio.all_tasks() == running


async def test_all_are_waited_for() -> None:
    done: list[int] = []

    async def one(number: int) -> None:
        await asyncio.sleep(number / 100)
        done.append(number)

    await together(*(one(number) for number in (3, 1, 2)))
    assert done == [1, 2, 3]
