"""Old rows of the event log go in the order of their numbers, none the bus has not got; contents sooner."""

import asyncio
import logging
from datetime import date, datetime, time, timedelta

from sqlalchemy import CursorResult, text

from shared.kit.clock import CHINA
from shared.kit.db import Database
from shared.kit.events.steps import first_of
from shared.kit.retention import contents_kept_from, sharing_kept_from

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
_EMPTY = text(
    """
    UPDATE event_log SET data = '{}' WHERE ctid = ANY(ARRAY(
        SELECT l.ctid FROM event_log l JOIN event_channel c USING (channel)
        WHERE l.at >= :since AND l.at < :before AND l.seq <= c.published AND l.data <> '{}' LIMIT :chunk))
    """
)
_FORGET = text(
    "DELETE FROM event_receipt WHERE ctid = ANY(ARRAY("
    "SELECT ctid FROM event_receipt WHERE event_at < :before LIMIT :chunk))"
)


class Archive:
    """Keeps log and receipts as long as the law wants to know who sent what to whom, contents less long."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._emptied: date | None = None
        """up to which day contents are gone: what lies before need not be looked through again"""

    async def run(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            while await self.trim() == CHUNK and not stop.is_set():
                pass
            while not await self.empty() and not stop.is_set():
                pass
            await first_of(EVERY, stop)

    async def trim(self) -> int:
        """Drop one chunk of what is too old; how many rows went."""
        async with self.database.transaction() as session:
            values = {"before": _instant(sharing_kept_from()), "chunk": CHUNK}
            gone = [await session.execute(statement, values) for statement in (_TRIM, _FORGET)]
            return max(done.rowcount for done in gone if isinstance(done, CursorResult))

    async def empty(self) -> bool:
        """Forget the contents of one chunk of what is older than their term; whether nothing more is left."""
        before = contents_kept_from()
        since = self._emptied - timedelta(days=1) if self._emptied else date(2000, 1, 1)
        values = {"since": _instant(since), "before": _instant(before), "chunk": CHUNK}
        async with self.database.transaction() as session:
            done = await session.execute(_EMPTY, values)
        if isinstance(done, CursorResult) and done.rowcount == CHUNK:
            return False
        self._emptied = before
        return True


def _instant(day: date) -> datetime:
    return datetime.combine(day, time(), CHINA)
