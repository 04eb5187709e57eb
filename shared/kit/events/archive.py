"""Old rows of the event log are dropped in the order of their numbers, never one the bus has not got."""

import asyncio
import logging
from datetime import timedelta

from sqlalchemy import CursorResult, text

from shared.kit.clock import now
from shared.kit.db import Database
from shared.kit.events.steps import first_of

log = logging.getLogger("quntuan.archive")
EVERY = 3600.0
CHUNK = 20_000

_TRIM = text(
    """
    WITH keep AS (
        SELECT c.channel, LEAST(c.published, COALESCE(
            (SELECT min(seq) - 1 FROM event_log WHERE channel = c.channel AND at >= :before),
            c.published)) AS upto
        FROM event_channel c)
    DELETE FROM event_log WHERE (channel, seq) IN (
        SELECT l.channel, l.seq FROM event_log l JOIN keep k USING (channel)
        WHERE l.seq <= k.upto ORDER BY l.channel, l.seq LIMIT :chunk)
    """
)


class Archive:
    """Keeps `days` of the log: as long as a reader may need to ask for missing events."""

    def __init__(self, database: Database, days: int) -> None:
        self.database, self.days = database, days

    async def run(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            while await self.trim() == CHUNK and not stop.is_set():
                pass
            await first_of(EVERY, stop)

    async def trim(self) -> int:
        """Drop one chunk of what is too old; how many rows went."""
        async with self.database.transaction() as session:
            values = {"before": now() - timedelta(days=self.days), "chunk": CHUNK}
            done = await session.execute(_TRIM, values)
            assert isinstance(done, CursorResult)
            return done.rowcount
