"""Bookings over HTTP beside bare INSERTs under the same constraint in one run; free times; two owners.

Every booking carries session, form token, audit entry, history and outbox row. `cold` clients have a venue
each, `hot` ones all want the same few. Hours are drawn far ahead: runs do not meet the demo's bookings.
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import uuid4

import asyncpg
import orjson

from deploy.bench.client import Clerk
from deploy.bench.http import Line
from deploy.bench.latency import at
from deploy.bench.stage import Stage
from deploy.bench.table import Goal, Row
from shared.kit import clock
from shared.kit.clock import CHINA

CLIENTS = 16
DAYS = 300
SECONDS, WARMING = 10.0, 1.0
"""How long is measured at least, and not measured before."""
Work = Callable[[Line, int], Awaitable[bool]]
"""What a client does again and again, knowing its number; true when it got what it wanted."""


@dataclass
class Times:
    """Milliseconds of each answer; how many booked."""

    took: list[float] = field(default_factory=list)
    booked: int = 0
    seconds: float = 0

    @property
    def rate(self) -> float:
        """Bookings made a second."""
        return self.booked / self.seconds

    def at(self, percent: int) -> float:
        """Milliseconds that so many percent of the answers do not exceed."""
        return at(sorted(self.took), percent)


def rows(stage: Stage) -> Iterable[Row]:
    """Bookings a second beside bare INSERTs, free times, and one request to two owners."""
    code = stage.organisations[0]
    stage.apart(code)  # as in compose
    clerks = [Clerk(stage.address(code)) for _ in range(CLIENTS)]
    venues, seconds = make_venues(clerks[0]), max(SECONDS, stage.size.seconds * 3)
    for name, chosen in (("cold", venues), ("hot", venues[:2])):
        asyncio.run(run(clerks, booker(chosen), WARMING))
        ours = asyncio.run(run(clerks, booker(chosen), seconds))
        bare = asyncio.run(bare_inserts(stage.owner_url(code), len(chosen), seconds))
        yield Row(f"booked on {name} venues, {CLIENTS} clients", ours.rate, "/s", bare.rate, "bare INSERTs",
                  (Goal("least", 1_000),))  # fmt: skip
        yield Row(f"a booking asked for on {name} venues, p99", ours.at(99), "ms", bare.at(99), "bare INSERT",
                  (Goal("most", 60),))  # fmt: skip
    free = asyncio.run(run(clerks[:4], free_times, seconds))
    yield Row("free times, 4 clients, p95", free.at(95), "ms", goals=(Goal("most", 100.0),))
    both = asyncio.run(run([Clerk(stage.hub)], two_owners, seconds))
    yield Row("two owners in one request, p50", both.at(50), "ms")


def make_venues(clerk: Clerk, number: int = CLIENTS, people: int = 50) -> list[str]:
    """So many venues for so many people, open day and night."""
    unit, weekly = clerk.top_unit(), [{"weekday": d, "opens": 0, "closes": 1440} for d in range(7)]
    mark = uuid4().hex[:8]
    return [
        clerk.json(
            "POST", "/api/v1/venues", name=f"测速{mark}-{n}", kind="room", capacity=people,
            address="测速路1号", unit_id=unit,
            opening={"weekly": weekly, "holidays": "as_usual"},
            sharing={"approval": "nobody", "notice_hours": 0, "horizon_days": 730},
        )["id"]
        for n in range(number)
    ]  # fmt: skip


def booker(venues: list[str]) -> Work:
    """Asks for one hour somewhere in the next months; true when it got it."""
    chance = random.Random()  # noqa: S311 - which hour is no secret

    async def once(line: Line, number: int) -> bool:
        start = hour(chance)
        venue = venues[number] if len(venues) == CLIENTS else chance.choice(venues)
        body = {
            "venue_id": venue, "start": start.isoformat(), "title": "测速",
            "end": (start + timedelta(hours=1)).isoformat(),
        }  # fmt: skip
        status, answer = await line.answer("POST", "/api/v1/bookings", body)
        if status not in (201, 409):
            raise RuntimeError(f"{status}: {answer.decode()}")
        return status == 201

    return once


async def free_times(line: Line, _number: int) -> bool:
    """Looks for two free hours on a day."""
    day = hour(random.Random()).date()  # noqa: S311 - which day is no secret
    await line.ask("GET", f"/api/v1/bookings/free?day={day}&minutes=120&people=30")
    return True


async def two_owners(line: Line, _number: int) -> bool:
    """One request for a venue of each of two owners; true when both said yes."""
    day = hour(random.Random()).date()  # noqa: S311 - which hour is no secret
    path = f"/api/v1/rooms/free?day={day}&minutes=60&opens=540&closes=1080"
    found = orjson.loads(await line.ask("GET", path))
    owners = {f["org"]: f for f in found["items"]}
    wishes = [
        {"venue_id": f["venue_id"], "start": f["start"], "end": f["end"]} for f in list(owners.values())[:2]
    ]
    asked = {"title": "测速", "venues": wishes}
    status, answer = await line.answer("POST", "/api/v1/rooms/requests", asked)
    return status == 201 and orjson.loads(answer)["status"] in ("confirmed", "waiting")


def hour(chance: random.Random) -> datetime:
    """Some full hour of the months to come."""
    day = clock.today() + timedelta(days=chance.randrange(20, DAYS))
    return datetime(day.year, day.month, day.day, chance.randrange(24), tzinfo=CHINA)


async def run(clerks: Sequence[Clerk], work: Work, seconds: float) -> Times:
    """All at once for a while, each on a connection of its own."""
    lines = [await Line.open(clerk) for clerk in clerks]
    times, began = Times(), time.perf_counter()

    async def client(line: Line, number: int) -> None:
        while (asked := time.perf_counter()) < began + seconds:
            yes = await work(line, number)
            times.took.append((time.perf_counter() - asked) * 1000)
            times.booked += yes

    await asyncio.gather(*(client(line, number) for number, line in enumerate(lines)))
    times.seconds = time.perf_counter() - began
    for line in lines:
        line.close()
    return times


async def bare_inserts(owner_url: str, venues: int, seconds: float) -> Times:
    """The driver alone, into a table with the same columns and the same constraint."""
    dsn = owner_url.replace("postgresql+asyncpg", "postgresql")
    pool = await asyncpg.create_pool(dsn, min_size=CLIENTS, max_size=CLIENTS)
    table = f"bench_booking_{uuid4().hex[:8]}"
    await pool.execute(f"CREATE TABLE {table} (LIKE booking INCLUDING ALL)")
    halls = [uuid4() for _ in range(venues)]
    statement = (
        f"INSERT INTO {table} (id, version, venue_id, hall_id, place, during, busy, status, approval, title,"
        " people, org, mark, office, staff_name, reason, decided_by)"
        " SELECT $1, 1, $2, $2, '[0,)', tstzrange($3, $4), tstzrange($3, $4), 'confirmed', false, 'x', 0,"
        " 'x', '{}', '', '', '', '' ON CONFLICT DO NOTHING RETURNING id"
    )
    times, until = Times(), time.perf_counter() + seconds
    began = time.perf_counter()

    async def work(number: int) -> None:
        chance = random.Random()  # noqa: S311 - which hour is no secret
        own = [halls[number]] if venues == CLIENTS else halls
        async with pool.acquire() as connection:
            insert = await connection.prepare(statement)
            while time.perf_counter() < until:
                start, asked = hour(chance), time.perf_counter()
                made = await insert.fetchval(uuid4(), chance.choice(own), start, start + timedelta(hours=1))
                times.took.append((time.perf_counter() - asked) * 1000)
                times.booked += made is not None

    await asyncio.gather(*(work(n) for n in range(CLIENTS)))
    times.seconds = time.perf_counter() - began
    await pool.execute(f"DROP TABLE {table}")
    await pool.close()
    return times
