"""Engine, sessions and the one transaction per request."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Annotated, Any

import orjson
from fastapi import Depends, Request
from sqlalchemy import MetaData, event
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import Session

from shared.kit.settings import Settings

NAMING = {
    "ix": "ix_%(column_0_N_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


def new_metadata() -> MetaData:
    """A MetaData with the naming convention all branches share."""
    return MetaData(naming_convention=NAMING)


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()  # ten times as fast as json: every event is written so


class Database:
    """One per service: its own database, never another's."""

    def __init__(self, settings: Settings) -> None:
        self.source = settings.service
        self._info = {"source": settings.service, "settings": settings}
        self.engine: AsyncEngine = create_async_engine(
            settings.database_url,
            pool_size=settings.pool_size,
            max_overflow=settings.pool_size,
            pool_pre_ping=True,
            json_serializer=_json,
            hide_parameters=True,  # an error's text may reach a log: values may be personal data
            connect_args={"server_settings": {"application_name": f"quntuan-{settings.service}"}},
        )
        self._make = async_sessionmaker(self.engine, expire_on_commit=False)
        self._on_commit: list[Callable[[], None]] = []

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """One transaction: committed at the end, rolled back on any error."""
        async with self._make(info=dict(self._info)) as session:
            event.listen(session.sync_session, "after_commit", self._committed)
            async with session.begin():
                yield session

    def when_emitted(self, wake: Callable[[], None]) -> None:
        """Call `wake` after each commit that wrote an event, so that the relay need not wait for its poll."""
        self._on_commit.append(wake)

    def _committed(self, session: Session) -> None:
        if session.info.pop("emitted", False):
            for wake in self._on_commit:
                wake()

    async def close(self) -> None:
        await self.engine.dispose()


async def _request_transaction(request: Request) -> AsyncIterator[AsyncSession]:
    database: Database = request.app.state.database
    async with database.transaction() as session:
        request.state.session = session
        yield session


Tx = Annotated[AsyncSession, Depends(_request_transaction, scope="function")]
"""The request's transaction. Scope `function`: it is committed before the answer leaves."""
