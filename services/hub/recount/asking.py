"""Asking an owner, and its words as a projection gets them."""

import asyncio
from collections.abc import AsyncGenerator, Iterable, Sequence
from uuid import UUID

from pydantic import ValidationError

from shared.contracts import recounts as asked
from shared.contracts.digests import FORM
from shared.contracts.event import CATALOGUE, Envelope, Received
from shared.kit.bus import Bus, BusAway
from shared.kit.together import ended

NAMELESS = UUID(int=0)
PATIENCE = 120.0
"""Seconds: an owner with millions of members counts for a while."""


async def sums(bus: Bus, org: str, district: str | None = None) -> asked.SumsAnswer:
    """By district, or one district by bucket."""
    question = asked.SumsRequest(form=FORM, district=district)
    return await bus.request(org, asked.SUMS, question, asked.SumsAnswer, timeout=PATIENCE)


async def rows(bus: Bus, org: str, district: str, buckets: Sequence[int]) -> dict[UUID, int]:
    """Digests of the members of these buckets, all pages."""
    found: dict[UUID, int] = {}
    after: UUID | None = None
    while True:
        question = asked.RowsRequest(form=FORM, district=district, buckets=list(buckets), after=after)
        answer = await bus.request(org, asked.ROWS, question, asked.RowsAnswer, timeout=PATIENCE)
        found |= dict(answer.rows)
        if len(answer.rows) < asked.MOST_ROWS:
            return found
        after = answer.rows[-1][0]


async def unit_rows(bus: Bus, org: str) -> dict[UUID, int]:
    """Digests of all units."""
    found: dict[UUID, int] = {}
    after: UUID | None = None
    while True:
        question = asked.UnitsRequest(form=FORM, after=after)
        answer = await bus.request(org, asked.UNITS, question, asked.RowsAnswer, timeout=PATIENCE)
        found |= dict(answer.rows)
        if len(answer.rows) < asked.MOST_ROWS:
            return found
        after = answer.rows[-1][0]


async def states(bus: Bus, org: str, kind: asked.Kind, ids: Iterable[UUID]) -> list[Received]:
    """The newest word on each of these, at most MOST_STATES; those unknown to the owner are left out."""
    question = asked.StatesRequest(kind=kind, ids=list(ids))
    answer = await bus.request(org, asked.STATES, question, asked.StatesAnswer, timeout=PATIENCE)
    return received(org, answer.told)


async def head(bus: Bus, org: str) -> asked.HeadAnswer:
    """How much there is, and where its events stand."""
    return await bus.request(org, asked.HEAD, asked.HeadRequest(), asked.HeadAnswer, timeout=PATIENCE)


async def pages(
    bus: Bus, org: str, kind: asked.Kind, after: UUID | None
) -> AsyncGenerator[tuple[list[Received], UUID | None]]:
    """Everything from `after` on, page by page, with the id after which the next begins.

    The owner makes the next page while the caller is busy with this one.
    """
    waiting = asyncio.create_task(_page(bus, org, kind, after))
    try:
        while True:
            answer = await waiting
            if answer.after is not None:
                waiting = asyncio.create_task(_page(bus, org, kind, answer.after))
            yield received(org, answer.told), answer.after
            if answer.after is None:
                return
    finally:
        await ended(waiting)


async def _page(bus: Bus, org: str, kind: asked.Kind, after: UUID | None) -> asked.PageAnswer:
    question = asked.PageRequest(kind=kind, after=after)
    return await bus.request(org, asked.PAGE, question, asked.PageAnswer, timeout=PATIENCE)


def received(org: str, told: Iterable[asked.Told]) -> list[Received]:
    """As if they had come as events of this owner: it was asked, so it is the one who speaks."""
    try:
        return [_received(org, word) for word in told]
    except (ValidationError, KeyError) as error:
        raise BusAway("对方服务的应答无法读取", subject=org) from error


def _received(org: str, word: asked.Told) -> Received:
    event = CATALOGUE[word.type].model_validate(word.data)
    # the parts were checked with the answer, and there are millions of them
    envelope = Envelope.model_construct(
        id=NAMELESS, source=org, type=word.type, time=word.at, subject="told", sequence=1, data=word.data
    )
    return Received(envelope=envelope, event=event, position=0, received_at=word.at)
