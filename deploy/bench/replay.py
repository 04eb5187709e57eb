"""The limit of a lookup: the statements the hub really sends for it, sent again by the bare driver.

They are noted while the hub's own code answers in this process. Sent again they are a transaction too, with
commit and audit rows; only what must differ each time does: the numbers of the audit log.
"""

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import asyncpg
import httpx
from sqlalchemy import event

from deploy.bench.client import Clerk
from deploy.bench.stage import Stage
from deploy.settings import settings_of
from services.hub.service import build

LARGEST = 10
"""Audit rows of one answer at most."""


@dataclass
class Noted:
    """Statements of one answer with their values, in order."""

    sent: list[tuple[str, tuple[Any, ...]]] = field(default_factory=list)

    def note(
        self, _connection: Any, _cursor: Any, statement: str, values: Any, _context: Any, many: bool
    ) -> None:
        self.sent += [(statement, tuple(v)) for v in (values if many else [values])]

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Note what the driver is asked without SQLAlchemy too; its own log comes late."""
        fetch = asyncpg.Connection.fetch

        async def noting(connection: Any, query: str, *values: Any, **options: Any) -> Any:
            self.sent.append((query, values))
            return await fetch(connection, query, *values, **options)

        asyncpg.Connection.fetch = noting
        try:
            yield
        finally:
            asyncpg.Connection.fetch = fetch


@asynccontextmanager
async def hub_here(stage: Stage, clerk: Clerk) -> AsyncIterator[tuple[httpx.AsyncClient, Noted]]:
    """The hub's app in this process, for the same database and clerk; `Noted` sees what it sends."""
    service = build(settings_of(stage.suite.environment("hub")))
    noted, engine = Noted(), service.kit.database.engine.sync_engine
    event.listen(engine, "before_cursor_execute", noted.note)
    await service.kit.bus.start()
    headers = {"x-csrf-token": clerk.csrf, "accept": "application/json", "origin": str(clerk.http.base_url)}
    transport = httpx.ASGITransport(service.app)
    try:
        client = httpx.AsyncClient(
            transport=transport, base_url=clerk.http.base_url, cookies=clerk.http.cookies, headers=headers
        )
        with noted.watching():
            async with client:
                yield client, noted
    finally:
        await service.kit.bus.stop()
        await service.kit.database.close()


@dataclass
class Replay:
    """One bare connection that sends noted statements again."""

    connection: Any
    sent: Sequence[tuple[str, tuple[Any, ...]]]
    first: int
    """the number the first audit row had"""

    @classmethod
    async def open(cls, stage: Stage, noted: Noted, who: UUID, now: UUID) -> "Replay":
        """A connection as the service itself opens it; what `who` asked is sent in the name of `now`."""
        url = stage.database_url("hub").replace("+asyncpg", "")
        numbers = next(values for statement, values in noted.sent if "insert into audit_entry" in statement)
        first = next(v[0] for v in numbers if isinstance(v, list) and isinstance(v[0], int))
        sent = [(statement, tuple(_of(v, who, now) for v in values)) for statement, values in noted.sent]
        return cls(await asyncpg.connect(url), sent, first)

    async def __call__(self) -> None:
        """All of them in one transaction."""
        later = 0
        async with self.connection.transaction():
            for statement, values in self.sent:
                rows = await self.connection.fetch(statement, *(_moved(v, self.first, later) for v in values))
                if statement.startswith("SELECT audit_head"):
                    later = rows[0][0] + 1 - self.first


def _of(value: Any, who: UUID, now: UUID) -> Any:
    """The value with somebody else in the place of who asked."""
    if isinstance(value, list):
        return [_of(v, who, now) for v in value]
    if isinstance(value, str):
        return value.replace(str(who), str(now))
    return now if value == who else value


def _moved(value: Any, first: int, later: int) -> Any:
    """The numbers of audit rows as they must be now; anything else as it was."""
    if later and isinstance(value, list) and isinstance(value[0], int):
        return [v + later for v in value]
    return value + later if later and type(value) is int and 0 <= value - first < LARGEST else value
