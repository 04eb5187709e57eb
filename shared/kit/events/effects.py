"""Applying events inside a transaction: all at once, or one by one to find the one that cannot be applied."""

import asyncio
from collections.abc import Sequence

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncSession

from shared.contracts.event import Received
from shared.kit.bus import TRANSIENT, ApiError, BusAway
from shared.kit.module import Projection

EVENT_IS_TO_BLAME = ("22", "23", "P0")
"""SQLSTATE classes that tell something about the data; all others tell about the server or the deployment."""


def transient(error: BaseException) -> bool:
    """True when trying the same again may succeed, so that no event is to blame."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    state = getattr(cause, "sqlstate", None)
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return True
    if isinstance(error, DBAPIError) or state or type(cause).__module__.startswith("asyncpg"):
        # the driver's own errors come unwrapped while a connection is being made
        return not str(state or "").startswith(EVENT_IS_TO_BLAME)
    return isinstance(error, PoolTimeoutError | OSError | asyncio.TimeoutError | MemoryError)


async def apply_all(
    session: AsyncSession, projections: Sequence[Projection], events: Sequence[Received]
) -> None:
    """Each projection gets its events of the batch in order."""
    for projection in projections:
        mine = [received for received in events if isinstance(received.event, projection.events)]
        if mine:
            await projection.apply(session, mine)
            await session.flush()


async def apply_each(
    session: AsyncSession, projections: Sequence[Projection], events: Sequence[Received]
) -> dict[int, str]:
    """Every event behind a savepoint; the reasons of those that failed, by index; transient errors rise."""
    await session.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
    failed: dict[int, str] = {}
    for index, received in enumerate(events):
        try:
            async with session.begin_nested():
                await apply_all(session, projections, [received])
        except Exception as error:
            if transient(error):
                raise
            failed[index] = reason(error)
    return failed


def told(error: BaseException) -> str:
    """What readiness, read by anybody, tells of an error: what the bus says holds nobody's values."""
    if isinstance(error, (BusAway, ApiError, *TRANSIENT)):
        return str(error) or type(error).__name__
    return _database(error) or type(error).__name__


def reason(error: Exception) -> str:
    """What staff read in quarantine; a database error's text may quote a row, so only its code."""
    said = str(error).splitlines()
    return _database(error) or f"{type(error).__name__}: {said[0][:300] if said else ''}"


def _database(error: BaseException) -> str:
    """Kind, code and constraint of a database's error; empty for any other."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    state = getattr(cause, "sqlstate", None)
    if not isinstance(error, DBAPIError) and not state:
        return ""
    constraint = getattr(getattr(cause, "__cause__", None), "constraint_name", None)
    return " ".join(filter(None, (type(error).__name__, state, constraint)))
