"""What runs at once ends together, well or not."""

import asyncio

import pytest

from shared.kit import together as module
from shared.kit.together import ended, together


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


async def test_who_forgets_a_cancellation_is_told_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """As `asyncio.wait_for` does before Python 3.12, when it meets the result: nobody waits for ever."""
    monkeypatch.setattr(module, "AGAIN", 0.01)

    async def forgets_once() -> None:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            await asyncio.sleep(60)

    task = asyncio.create_task(forgets_once())
    await asyncio.sleep(0)
    await asyncio.wait_for(ended(task), 10)
    assert task.cancelled()
