"""Events of our own log on request, by number: what a reader missed, it asks for here."""

import orjson
from sqlalchemy import literal, select
from sqlalchemy.dialects.postgresql import JSONB

from shared.contracts.rpc import FETCH, FetchAnswer, FetchRequest
from shared.kit.db import Database
from shared.kit.errors import Forbidden
from shared.kit.events.envelope import as_envelope
from shared.kit.events.models import ChannelRow, LogRow
from shared.kit.events.responders import requester
from shared.kit.module import Responder

MOST_BYTES = 700_000
MOST_EVENTS = 1000


def fetch_responder(database: Database, service: str) -> Responder:
    """The responder every publisher has: `events.fetch`.

    The broadcast channel is open to whoever may ask at all; an addressed one to its addressee only.
    """

    async def answer(question: FetchRequest) -> FetchAnswer:
        if question.channel and question.channel != requester():
            raise Forbidden("这个通道不属于请求方")
        table = LogRow.__table__
        query = (
            select(table)
            .where(table.c.channel == question.channel, table.c.seq.between(question.first, question.last))
            .where(table.c.data != literal({}, JSONB))  # contents forgotten: as good as not there
            .order_by(table.c.seq)
            .limit(MOST_EVENTS)
        )
        async with database.transaction() as session:
            # numbers come first: an event numbered in between is then not claimed as newest
            newest = await session.scalar(
                select(ChannelRow.newest).where(ChannelRow.channel == question.channel)
            )
            rows = (await session.execute(query)).mappings().all()
        envelopes: list[dict[str, object]] = []
        size = 0
        for row in rows:
            body = orjson.dumps(as_envelope(service, row))
            size += len(body)
            if envelopes and size > MOST_BYTES:
                break
            envelopes.append(orjson.loads(body))
        return FetchAnswer(envelopes=envelopes, newest=newest or 0)

    return Responder(FETCH, FetchRequest, answer)
