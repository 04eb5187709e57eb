"""A rebuild of the hub from owners that answer on the bus, by phase, beside the same rows written plainly."""

import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import AsyncExitStack
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
import uvloop
from pydantic import BaseModel
from sqlalchemy import text

from deploy.bench.member_events import member_events
from deploy.bench.scratch import ROLES, Scratch, prepare, scratch
from deploy.bench.stage import Stage
from deploy.bench.table import Row
from deploy.demo.places import ORGANISATIONS
from services.hub.rebuild import Rebuild, begin, shadow
from shared.contracts import recounts as asked
from shared.contracts.orgs import OrgAnnounced
from shared.contracts.recounts import Told
from shared.contracts.rpc import FETCH, FetchAnswer, FetchRequest
from shared.kit.clock import now
from shared.kit.context import Kit, make_kit
from shared.kit.events.responders import Responders
from shared.kit.module import Responder

MEMBERS = {"small": 20_000, "city": 8_000_000}


class Owner:
    """An organisation that answers with states made beforehand: what is measured is the hub and the bus."""

    def __init__(self, code: str) -> None:
        self.code = code
        self.told: list[tuple[UUID, Told]] = []

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
        return asked.HeadAnswer(announced=announced, members=len(self.told), units=0, newest=0)

    async def page(self, question: asked.PageRequest) -> BaseModel:
        """The next members; `after` names the last one's place in the list."""
        if question.kind == "units":
            return asked.PageAnswer(told=[], after=None)
        start = question.after.int if question.after else 0
        part = self.told[start : start + asked.PAGE_SIZE]
        end = start + len(part)
        return asked.PageAnswer(
            told=[word for _, word in part], after=UUID(int=end) if end < len(self.told) else None
        )

    async def fetch(self, _: FetchRequest) -> BaseModel:
        """No event since."""
        return FetchAnswer(envelopes=[], newest=0)


def rows(stage: Stage) -> Iterable[Row]:
    """Seconds of each phase, the whole as a rate, and the limit: ready rows copied and indexed."""
    prepare(stage)
    members = MEMBERS[stage.size.name]
    took, limit, persons = uvloop.run(_measure(stage, members))
    whole = sum(took.values())
    yield Row(f"rebuild: {members:,} members, {persons:,} persons", members / whole, "members/s",
              members / limit, "ready rows copied into the same tables and indexed")  # fmt: skip
    for phase, seconds in took.items():
        yield Row(f"rebuild: {phase}", seconds, "s")


async def _measure(stage: Stage, members: int) -> tuple[dict[str, float], float, int]:
    owners: dict[str, Owner] = {code: Owner(code) for code in ORGANISATIONS}
    for code, body in member_events(stage, members):
        envelope = orjson.loads(body)
        data = envelope["data"]
        at = datetime.fromisoformat(envelope["time"])
        owners[code].told.append((UUID(data["member_id"]), Told(type=envelope["type"], at=at, data=data)))
    async with scratch(stage) as place, AsyncExitStack() as stack:
        for code, owner in owners.items():
            bus = await stack.enter_async_context(place.publisher(code))
            answering = Responders(bus, owner.responders())
            await answering.start()
            stack.push_async_callback(answering.stop)
        kit = as_owner(place)
        stack.push_async_callback(kit.database.close)
        await kit.bus.start()
        await kit.bus.wait_connected()
        stack.push_async_callback(kit.bus.stop)
        took = await _phases(kit, list(owners))
        limit = await _seconds(lambda: _plainly(kit))
        async with kit.database.transaction() as session:
            persons = int(await session.scalar(text("select count(*) from person")) or 0)
    return took, limit, persons


def as_owner(place: Scratch) -> Kit:
    """The hub's kit with the rights of the owner of its tables, as the command has them."""
    url = place.stage.suite.postgres.url(ROLES.database, ROLES.owner, ROLES.owner_password)
    return make_kit(place.kit.settings.model_copy(update={"database_url": url}))


async def _phases(kit: Kit, codes: Sequence[str]) -> dict[str, float]:
    took: dict[str, float] = {}
    since = [time.perf_counter()]

    def at(step: str) -> None:
        phase = step.removeprefix("rebuild.")
        if phase in ("fetch", "link", "describe", "index", "swap"):
            took[phase] = time.perf_counter() - since[0]
            since[0] = time.perf_counter()

    await Rebuild(kit, await begin(kit, codes), at=at).run()
    return took


async def _plainly(kit: Kit) -> None:
    """The finished tables again: rows copied by the server itself, then the same indexes."""
    async with kit.database.transaction() as session:
        await shadow.prepare(session)
        await shadow.make(session, shadow.LINKED)
        for table in shadow.TABLES:
            await session.execute(text(f"insert into {shadow.SHADOW}.{table} select * from public.{table}"))  # noqa: S608
    await shadow.index(kit.database.engine)


async def _seconds(work: Callable[[], Awaitable[Any]]) -> float:
    began = time.perf_counter()
    await work()
    return time.perf_counter() - began
