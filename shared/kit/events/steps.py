"""Small things the event loops share: named steps, pauses, being the only one."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

Step = Callable[[str], None]
"""Called with a step's name when it is done; a test raises or kills there."""


def nothing(step: str) -> None:
    """The default: steps pass unnoticed."""


async def first_of(timeout: float, *events: asyncio.Event) -> None:
    """Wait until one of the events is set, at most `timeout` seconds."""
    waits = [asyncio.ensure_future(event.wait()) for event in events]
    try:
        await asyncio.wait(waits, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()


@contextlib.asynccontextmanager
async def sole(engine: AsyncEngine, role: str) -> AsyncIterator[AsyncConnection | None]:
    """A connection that holds the service's advisory lock for `role`, or None when another process has it.

    The lock belongs to the session, so the connection is thrown away afterwards, never pooled.
    """
    connection = await engine.connect()
    try:
        mine = await connection.scalar(select(func.pg_try_advisory_lock(func.hashtext(f"quntuan:{role}"))))
        await connection.commit()
        yield connection if mine else None
    finally:
        await connection.invalidate()
        await connection.close()
