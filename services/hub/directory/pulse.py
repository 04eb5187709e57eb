"""Asking organisations whether they said more than came here: silence alone tells nothing."""

import asyncio
from datetime import datetime

from sqlalchemy import update

from services.hub.directory.known import Known, organisations
from services.hub.directory.models import Organisation
from shared.contracts.rpc import FETCH, FetchAnswer, FetchRequest
from shared.kit import clock
from shared.kit.context import Kit
from shared.kit.errors import Problem
from shared.kit.events.steps import first_of

EVERY = 5.0
PATIENCE = 2.0


async def keep_asking(kit: Kit, stop: asyncio.Event) -> None:
    """Until told to stop."""
    while not stop.is_set():
        await ask_all(kit)
        await first_of(EVERY, stop)


async def ask_all(kit: Kit) -> None:
    """One round: who answers was heard, with its newest number and since when something waits."""
    async with kit.database.transaction() as session:
        known = await organisations(session)
    answers = await asyncio.gather(*(_ask(kit, org) for org in known))
    async with kit.database.transaction() as session:
        for org, answer in zip(known, answers, strict=True):
            if answer is not None:
                waiting = answer.envelopes[0]["time"] if answer.envelopes else None
                heard = {
                    "heard_at": clock.now(),
                    "newest": answer.newest,
                    "waiting_since": datetime.fromisoformat(str(waiting)) if waiting else None,
                }
                await session.execute(update(Organisation).where(Organisation.code == org.code).values(heard))


async def _ask(kit: Kit, org: Known) -> FetchAnswer | None:
    following = org.events + 1
    question = FetchRequest(first=following, last=following)
    try:
        return await kit.bus.request(org.code, FETCH, question, FetchAnswer, timeout=PATIENCE)
    except Problem:
        return None
