"""Old rows of the event log go in the order of their numbers, none the bus has not got; old receipts too."""

import asyncio
import logging
from datetime import datetime, time

from sqlalchemy import CursorResult, text

from shared.kit.clock import CHINA
from shared.kit.db import Database
from shared.kit.events.steps import first_of
from shared.kit.retention import sharing_kept_from

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
_FORGET = text(
    "DELETE FROM event_receipt WHERE ctid = ANY(ARRAY("
    "SELECT ctid FROM event_receipt WHERE event_at < :before LIMIT :chunk))"
)


class Archive:
    """Keeps log and receipts as long as the law wants to know who sent what to whom."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def run(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            while await self.trim() == CHUNK and not stop.is_set():
                pass
            await first_of(EVERY, stop)

    async def trim(self) -> int:
        """Drop one chunk of what is too old; how many rows went."""
        async with self.database.transaction() as session:
            values = {"before": datetime.combine(sharing_kept_from(), time(), CHINA), "chunk": CHUNK}
            gone = [await session.execute(statement, values) for statement in (_TRIM, _FORGET)]
            return max(done.rowcount for done in gone if isinstance(done, CursorResult))
