"""Five defects that other systems really had: each must be caught, or the harness proves nothing.

`QUNTUAN_PLANTED` names the one this service process starts with.
"""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import asyncpg
from fastapi import FastAPI, Request
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from deploy.local.suite import Suite
from shared.kit import db, idempotency, serve
from shared.kit.events import relay, sequencer
from shared.org.bookings import claims, service

APPLICATION = f"{__name__}:create_app"
SETTING = "QUNTUAN_PLANTED"
LATE, SLOW = 0.3, 0.05
"""Seconds until a commit that comes after the answer; seconds before one, in which something can happen."""
Transaction = contextlib.AbstractAsyncContextManager[AsyncSession]


def create_app() -> FastAPI:
    """The service, with a defect when one is named."""
    if defect := os.environ.get(SETTING):
        PROCESS[defect]()
    return serve.create_app()


def _acknowledge_before_commit() -> None:
    async def later(request: Request, transaction: Transaction) -> None:
        async def commit() -> None:
            await asyncio.sleep(LATE)
            with contextlib.suppress(Exception):
                await transaction.__aexit__(None, None, None)

        request.app.state.late = asyncio.create_task(commit())

    _end_transactions(later)


def _swallow_a_lost_connection() -> None:
    async def deaf(_request: Request, transaction: Transaction) -> None:
        await asyncio.sleep(SLOW)  # the connection is lost there, if anywhere
        with contextlib.suppress(DBAPIError, OSError):
            await transaction.__aexit__(None, None, None)

    _end_transactions(deaf)


def _end_transactions(end: Callable[[Request, Transaction], Awaitable[None]]) -> None:
    """Requests' transactions end so when all went well; a refusal rolls back as ever."""

    async def other(request: Request) -> AsyncIterator[AsyncSession]:
        transaction = request.app.state.database.transaction()
        session = await transaction.__aenter__()
        request.state.session = session
        try:
            yield session
        except BaseException as error:
            await transaction.__aexit__(type(error), error, error.__traceback__)
            raise
        await end(request, transaction)

    (depends,) = db.Tx.__metadata__  # type: ignore[attr-defined]
    object.__setattr__(depends, "dependency", other)


def _do_repeats_again() -> None:
    async def forgetful(_once: Any, _kind: Any, work: Callable[[], Awaitable[Any]]) -> Any:
        return await work()

    idempotency._Once.__call__ = forgetful  # type: ignore[method-assign, assignment]


def _go_on_from_the_highest_number() -> None:
    """A reader that goes on from the highest id given out: what is committed after its look is never seen."""
    by_cursor = text(
        str(sequencer._NUMBER).replace("FROM outbox ORDER", "FROM outbox WHERE id > :after ORDER")
    )
    highest = text("SELECT coalesce(pg_sequence_last_value('outbox_id_seq'), 0)")
    reached = 0

    async def number(connection: AsyncConnection, batch: int = sequencer.BATCH) -> int:
        nonlocal reached
        async with connection.begin():
            await connection.execute(sequencer._CHANNELS, {"batch": batch})
            done = await connection.scalar(by_cursor, {"batch": batch, "after": reached})
            reached = max(reached, int(await connection.scalar(highest) or 0))
        return int(done or 0)

    relay.number = number  # type: ignore[attr-defined]


def _read_then_insert() -> None:
    """Bookings are looked for and then written; `drop_constraint` takes away what would refuse the second."""
    free = (
        "FROM ended, wanted w WHERE NOT EXISTS (SELECT 1 FROM booking b WHERE b.hall_id = w.hall AND"
        " b.place && w.place AND b.status IN ('held', 'confirmed') AND b.busy && w.busy) ORDER"
    )
    assert claims._CLAIM.count("FROM ended, wanted w ORDER") == 1
    claims._CLAIMED = claims._answered(claims._CLAIM.replace("FROM ended, wanted w ORDER", free))

    async def slowly(session: AsyncSession, *wanted: claims.Claim) -> claims.Claimed:
        claimed = await claims.claim(session, *wanted)
        await asyncio.sleep(SLOW)  # nobody finds what is not yet committed: without it two hardly ever meet
        return claimed

    service.claim = slowly  # type: ignore[attr-defined]


def drop_constraint(suite: Suite) -> None:
    """The organisations' databases no longer decide about bookings."""
    for package in suite.packages:
        if package.organisation:
            asyncio.run(_drop(suite.postgres.url(f"quntuan_{package.code}").replace("+asyncpg", "")))


async def _drop(url: str) -> None:
    connection = await asyncpg.connect(url)
    found = await connection.fetch(
        "SELECT conname FROM pg_constraint WHERE conrelid = 'booking'::regclass AND contype = 'x'"
    )
    assert found
    for row in found:
        await connection.execute(f"ALTER TABLE booking DROP CONSTRAINT {row['conname']}")
    await connection.close()


PROCESS: dict[str, Callable[[], None]] = {
    "acknowledged before committed": _acknowledge_before_commit,
    "repeats done again": _do_repeats_again,
    "relay with a high-water mark": _go_on_from_the_highest_number,
    "read, then insert": _read_then_insert,
    "lost connection swallowed": _swallow_a_lost_connection,
}
LOST = ("acknowledged but lost", "corrections lost", "leaves lost", "bookings lost", "cancellations lost")
SIGNS = {
    "acknowledged before committed": LOST,
    "repeats done again": ("entered twice", "nobody asked for them", "unacknowledged bookings"),
    "relay with a high-water mark": (
        "not finished",
        "not at the hub as at its owner",
        "hub's calendar differs",
    ),
    "read, then insert": ("overlapping bookings",),
    "lost connection swallowed": LOST,
}
"""What each does to people: only a complaint of these says that the defect was seen, not that a machine was slow."""
