"""Lookups over HTTP at the running hub, the bare driver with the same statements beside each.

Sixteen clients, two lookups a second each: API, session, audit row and all. The hub runs as compose has it,
pages and background work in two processes. The record of every lookup is written by the hub as always.
`at full speed` lets both go on without rest.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import httpx
import orjson

from deploy.bench import city
from deploy.bench.client import Clerk
from deploy.bench.http import Line
from deploy.bench.load import PAUSE, Ask, Times, timed, together
from deploy.bench.office import office
from deploy.bench.replay import Noted, Replay, hub_here
from deploy.bench.stage import Stage
from deploy.bench.table import Goal, Row
from deploy.topology.names import HUB

LIMIT = "asyncpg, the same SQL"
GOALS = {50: (Goal("times", 3),), 99: (Goal("above", 10), Goal("most", 50))}
WARM = 3


@dataclass(frozen=True)
class Case:
    """One kind of question: a new lookup of `text`, or a page of one with filters."""

    what: str
    text: str
    narrow: tuple[tuple[str, str], ...] = ()
    pages: int = 0
    """how many pages further"""

    @property
    def further(self) -> bool:
        """Whether it goes on in a lookup that was begun before."""
        return bool(self.narrow or self.pages)


def _unit(path: str) -> str:
    return str(city.unit_id("union", path))


KINDS = (
    Case("name 王 (commonest)", "王"),
    Case("name 张伟", "张伟"),
    Case("name, nobody's", "丱丱"),
    Case("given name 伟", "伟"),
    Case("pinyin w", "w"),
    Case("pinyin wang", "wang"),
    Case("pinyin zhangwei", "zhangwei"),
    Case("initials zw", "zw"),
    Case("mixed wangxm", "wangxm"),
    Case("mixed 张w", "张w"),
    Case("last four 0042", "0042"),
    Case("last four and surname 王0042", "王0042"),
)
FILTERS = (
    Case("wang, organisation", "wang", (("org", "womens"),)),
    Case("wang, district", "wang", (("district", "新津区"),)),
    Case("wang, history only", "wang", (("standing", "left"),)),
    Case("wang, all three", "wang", (("org", "womens"), ("district", "新津区"), ("standing", "left"))),
    Case("王, a district's unit", "王", (("unit", _unit("city/d3")),)),
    Case("王, a street's unit", "王", (("unit", _unit("city/d3/d3s7")),)),
    Case("wang, a street's unit", "wang", (("unit", _unit("city/d3/d3s7")),)),
    Case("w, one small unit", "w", (("unit", _unit("city/d3/d3s7/d3s7l4")),)),
    Case("王, page 50", "王", pages=49),
)


def rows(stage: Stage) -> Iterable[Row]:
    """Two rows for each kind and filter, then what both can do without rest."""
    city.ensure(stage)
    stage.apart(HUB)
    clerks = office(stage)
    for case in (*_numbers(stage), *KINDS, *FILTERS):
        ours, limit = asyncio.run(measured(stage, case, clerks))
        for percent, goals in GOALS.items():
            yield Row(f"{case.what}, p{percent}", ours.at(percent), "ms", limit.at(percent), LIMIT, goals)
    ours, limit = asyncio.run(measured(stage, KINDS[1], clerks, pause=0))
    yield Row("张伟 at full speed", ours.rate, "/s", limit.rate, LIMIT)


def _numbers(stage: Stage) -> Iterable[Case]:
    """Somebody admitted now: only an organisation can turn a number into the token the hub knows."""
    at = stage.organisations[0]
    clerk, hub = Clerk(stage.address(at)), Clerk(stage.hub)
    identity, phone = clerk.admit(clerk.top_unit(), "钱量")
    while not hub.look_up(phone)["total"]:
        pass  # each question waits for its answer: no busy loop
    return Case("identity number", identity), Case("phone", phone)


async def measured(
    stage: Stage, case: Case, clerks: Mapping[UUID, Clerk], pause: float = PAUSE
) -> tuple[Times, Times]:
    """The hub's times and the bare driver's, in turn; each clerk asks, and is sent for, in their own name."""
    who = next(iter(clerks))
    noted = await statements(stage, case, clerks[who])
    # results are kept for who began the lookup alone: its pages are read again in that one's name
    replays = [await Replay.open(stage, noted, who, who if case.further else other) for other in clerks]
    lines = [await Line.open(clerk) for clerk in clerks.values()]
    asks = [_ask(line, await _question(partial(_told, line), case)) for line in lines]
    ours, limit = list[Times](), list[Times]()
    for _ in range(stage.size.rounds):
        limit.append(await _run(replays, stage.size.seconds, pause))
        ours.append(await _run(asks, stage.size.seconds, pause))
    for line, replay in zip(lines, replays, strict=True):
        line.close()
        await replay.connection.close()
    return together(ours), together(limit)


async def _run(asks: Sequence[Ask], seconds: float, pause: float) -> Times:
    for _ in range(WARM):
        await asyncio.gather(*(ask() for ask in asks))
    return await timed(asks, seconds, pause)


Question = tuple[str, str, dict[str, str] | None]


async def statements(stage: Stage, case: Case, clerk: Clerk) -> Noted:
    """What the hub sends to its database for a case."""
    async with hub_here(stage, clerk) as (client, noted):
        question = await _question(partial(_json, client), case)
        for _ in range(WARM):
            noted.sent.clear()
            await _json(client, *question)
        return noted


async def _told(line: Line, method: str, path: str, body: object = None) -> Any:
    return orjson.loads(await line.ask(method, path, body))


async def _json(client: httpx.AsyncClient, method: str, path: str, body: object = None) -> Any:
    answer = await client.request(method, path, json=body)
    if answer.is_error:
        raise RuntimeError(f"{path.partition('?')[0]}: {answer.text}")
    return answer.json()


def _ask(line: Line, question: Question) -> Ask:
    return lambda: line.ask(*question)


async def _question(answer: Callable[..., Awaitable[Any]], case: Case) -> Question:
    """What is asked again and again: a new lookup each time, or one page of a lookup begun now."""
    body = {"text": case.text, "purpose": "joint_activity"}
    if not case.further:
        return "POST", "/api/v1/lookup", body
    found = await answer("POST", "/api/v1/lookup", body)
    path, asked = f"/api/v1/lookup/{found['lookup_id']}", dict(case.narrow)
    for _ in range(case.pages):
        if not found["next"]:
            break
        asked["cursor"] = found["next"]
        found = await answer("GET", f"{path}?{urlencode(asked)}")
    return "GET", f"{path}?{urlencode(asked)}", None
