"""Engine, sessions and the one transaction per request."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Annotated, Any

import orjson
from fastapi import Depends, Request
from sqlalchemy import MetaData, event
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import Session

from shared.kit.errors import Unavailable
from shared.kit.settings import Settings

NAMING = {
    "ix": "ix_%(column_0_N_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


PATIENCE = 20.0
"""Seconds a request waits for its turn."""
RESTED = 1.0
"""Seconds after which a pooled connection is asked whether it still lives; asking costs three round trips."""


def _ping_after_rest(engine: AsyncEngine) -> None:
    """What `pool_pre_ping` does, for connections that were not used a moment ago."""

    def given_back(_connection: Any, entry: Any) -> None:
        entry.info["rests_since"] = time.monotonic()

    def taken(connection: Any, entry: Any, _proxy: Any) -> None:
        if time.monotonic() - entry.info.get("rests_since", time.monotonic()) < RESTED:
            return
        try:
            engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error as error:
            raise DisconnectionError from error  # the pool takes another one

    event.listen(engine.sync_engine, "checkin", given_back)
    event.listen(engine.sync_engine, "checkout", taken)


def new_metadata() -> MetaData:
    """A MetaData with the naming convention all branches share."""
    return MetaData(naming_convention=NAMING)


async def hand_over(session: AsyncSession) -> None:
    """End a request's transaction before others do its work in theirs: meanwhile it holds no connection."""
    await session.commit()


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()  # ten times as fast as json: every event is written so


READS_ONLY = {"isolation": "AUTOCOMMIT", "default_transaction_read_only": "on"}


class Database:
    """One per service: its own database, never another's."""

    def __init__(self, settings: Settings) -> None:
        self.source = settings.service
        self._info = {"source": settings.service, "settings": settings, "database": self}
        self.engine = _engine(settings, settings.pool_size)
        self._reading_engine = _engine(settings, max(1, settings.pool_size // 4), **READS_ONLY)
        # a request may open a second transaction beside its own: with all connections taken by requests,
        # they would wait for each other
        self._requests = asyncio.Semaphore(max(1, settings.pool_size * 3 // 4))
        kind = type("ServiceSession", (Session,), {})  # its own: a listener of one service hears no other's
        event.listen(kind, "after_commit", self._committed)
        self._make = async_sessionmaker(self.engine, expire_on_commit=False, sync_session_class=kind)
        self._make_reading = async_sessionmaker(self._reading_engine, expire_on_commit=False)
        self._on_commit: list[Callable[[], None]] = []

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """One transaction: committed at the end, rolled back on any error."""
        async with self._make(info=dict(self._info)) as session, session.begin():
            yield session

    @asynccontextmanager
    async def request_transaction(self) -> AsyncIterator[AsyncSession]:
        """A transaction for as long as a request lasts; Unavailable when too many are under way."""
        await self._turn()
        try:
            async with self.transaction() as session:
                yield session
        finally:
            self._requests.release()

    async def _turn(self) -> None:
        if not self._requests.locked():
            await self._requests.acquire()  # at once: nearly every request needs no timer
            return
        try:
            async with asyncio.timeout(PATIENCE):
                await self._requests.acquire()
        except TimeoutError:
            hint = "您填写的内容没有保存，请稍后再提交一次。"
            raise Unavailable("现在使用的人太多", hint=hint) from None

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        """Statements sent each for itself, without BEGIN and COMMIT; the server refuses one that writes.

        What is noted for the audit log or the outbox is written, and so refused, when this ends.
        """
        try:
            async with self._make_reading(info=dict(self._info)) as session, session.begin():
                yield session
        except PoolTimeoutError:
            raise Unavailable("现在使用的人太多", hint="请稍后再试。") from None

    def when_emitted(self, wake: Callable[[], None]) -> None:
        """Call `wake` after each commit that wrote an event, so that the relay need not wait for its poll."""
        self._on_commit.append(wake)

    def _committed(self, session: Session) -> None:
        if session.info.pop("emitted", False):
            for wake in self._on_commit:
                wake()

    async def close(self) -> None:
        await self.engine.dispose()
        await self._reading_engine.dispose()


def _engine(
    settings: Settings, connections: int, *, isolation: str | None = None, **server: str
) -> AsyncEngine:
    engine = create_async_engine(
        settings.database_url,
        pool_size=connections,
        max_overflow=0,  # one beyond is closed when given back: busy services opened one a request
        pool_timeout=PATIENCE,
        pool_use_lifo=True,  # those in use stay few, their statements prepared
        isolation_level=isolation,
        json_serializer=_json,
        hide_parameters=True,  # an error's text may reach a log: values may be personal data
        connect_args={"server_settings": {"application_name": f"quntuan-{settings.service}", **server}},
    )
    _ping_after_rest(engine)
    return engine


async def _request_transaction(request: Request) -> AsyncIterator[AsyncSession]:
    database: Database = request.app.state.database
    async with database.request_transaction() as session:
        request.state.session = session
        yield session


Tx = Annotated[AsyncSession, Depends(_request_transaction, scope="function")]
"""The request's transaction. Scope `function`: it is committed before the answer leaves."""


async def _reading(request: Request) -> AsyncIterator[AsyncSession]:
    database: Database = request.app.state.database
    async with database.reading() as session:
        yield session


Reading = Annotated[AsyncSession, Depends(_reading, scope="function")]
"""In the place of `Tx` where a route only reads: two round trips less. Staff: `require(…, reading=True)`."""
