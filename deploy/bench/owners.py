"""Organisations that answer a rebuild, each in a process of its own: what is measured is the hub and the bus.

Their members are those of one city again and again (`in_another_city`), made when a page is asked for.
"""

import asyncio
import multiprocessing
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import uvloop
from pydantic import BaseModel

from deploy.bench.member_events import in_another_city
from shared.contracts import recounts as asked
from shared.contracts.members import MemberAdmitted
from shared.contracts.orgs import OrgAnnounced
from shared.contracts.recounts import Told
from shared.contracts.rpc import FETCH, FetchAnswer, FetchRequest
from shared.kit.bus import Bus
from shared.kit.clock import now
from shared.kit.collector import settle_collector
from shared.kit.events.responders import Responders
from shared.kit.module import Responder

_AT = datetime(2026, 9, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Place:
    """Where an owner answers, and as whom."""

    code: str
    url: str
    seed: str


@dataclass(frozen=True)
class Owner:
    """What one organisation answers: `people` of one city, `cities` times."""

    code: str
    people: Sequence[MemberAdmitted]
    cities: int

    @property
    def count(self) -> int:
        """Members on its roll."""
        return len(self.people) * self.cities

    def responders(self) -> list[Responder]:
        """What a rebuild asks of it."""
        return [
            Responder(asked.HEAD, asked.HeadRequest, self.head),
            Responder(asked.PAGE, asked.PageRequest, self.page),
            Responder(FETCH, FetchRequest, self.fetch),
        ]

    async def head(self, _: asked.HeadRequest) -> BaseModel:
        """An announcement; nothing has happened since."""
        event = OrgAnnounced(
            code=self.code, name=self.code, short_name=self.code, letter="甲", palette="blue",
            person_term="会员", base_url="http://127.0.0.1:1",
        )  # fmt: skip
        announced = Told(type=event.type, at=now(), data=event.model_dump(mode="json"))
        return asked.HeadAnswer(announced=announced, members=self.count, units=0, newest=0)

    async def page(self, question: asked.PageRequest) -> BaseModel:
        """The next members; `after` names the last one's place on the roll."""
        if question.kind == "units":
            return asked.PageAnswer(told=[], after=None)
        start = question.after.int if question.after else 0
        end = min(start + asked.PAGE_SIZE, self.count)
        told = [self._word(number) for number in range(start, end)]
        return asked.PageAnswer(told=told, after=UUID(int=end) if end < self.count else None)

    def _word(self, number: int) -> Told:
        city, place = divmod(number, len(self.people))
        word = in_another_city(self.people[place], city)
        return Told.model_construct(type=word.type, at=_AT, data=word.model_dump(mode="json"))

    async def fetch(self, _: FetchRequest) -> BaseModel:
        """No event since."""
        return FetchAnswer(envelopes=[], newest=0)


@contextmanager
def answering(owners: Mapping[Place, Owner]) -> Iterator[None]:
    """All of them, until the end of the block."""
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=_serve, args=each, daemon=True) for each in owners.items()]
    for process in processes:
        process.start()
    try:
        yield
    finally:
        for process in processes:
            process.terminate()
            process.join()


def _serve(place: Place, owner: Owner) -> None:
    settle_collector()
    uvloop.run(_answer(place, owner))


async def _answer(place: Place, owner: Owner) -> None:
    bus = Bus(place.url, place.code, place.seed)
    await Responders(bus, owner.responders()).start()
    await asyncio.Event().wait()  # until it is ended
