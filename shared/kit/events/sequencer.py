"""Outbox -> event log: a contiguous number per channel, given in one transaction."""

from sqlalchemy import exists, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.kit.events.models import ChannelRow, OutboxRow

BATCH = 2000

_CHANNELS = text(
    """
    INSERT INTO event_channel (channel, newest, published, epoch)
    SELECT DISTINCT channel, 0, 0, 0 FROM (SELECT channel FROM outbox ORDER BY id LIMIT :batch) waiting
    ON CONFLICT DO NOTHING
    """
)
# Rows leave the outbox only as they enter the log: a row whose channel appeared between the two
# statements is not in `numbered`, stays, and is taken next time. There is no cursor that could skip one.
_NUMBER = text(
    """
    WITH taken AS (SELECT * FROM outbox ORDER BY id LIMIT :batch FOR UPDATE),
    numbered AS (
        SELECT t.*, c.newest + row_number() OVER (PARTITION BY t.channel ORDER BY t.id) AS seq
        FROM taken t JOIN event_channel c USING (channel)),
    logged AS (
        INSERT INTO event_log (channel, seq, event_id, type, key, data, traceparent, at)
        SELECT channel, seq, event_id, type, key, data, traceparent, at FROM numbered
        RETURNING channel, seq),
    gone AS (DELETE FROM outbox o USING numbered n WHERE o.id = n.id),
    reached AS (
        UPDATE event_channel c SET newest = l.newest
        FROM (SELECT channel, max(seq) AS newest FROM logged GROUP BY channel) l
        WHERE c.channel = l.channel)
    SELECT count(*) FROM logged
    """
)


async def number(connection: AsyncConnection, batch: int = BATCH) -> int:
    """Move up to `batch` outbox rows into the log; how many were moved."""
    async with connection.begin():
        # asked four times a second: a poll that finds nothing must not write (row locks are writes)
        if not await connection.scalar(select(exists().select_from(OutboxRow))):
            return 0
        await connection.execute(_CHANNELS, {"batch": batch})
        await connection.execute(select(ChannelRow.channel).order_by(ChannelRow.channel).with_for_update())
        return int(await connection.scalar(_NUMBER, {"batch": batch}) or 0)
