"""Bookings over HTTP beside bare INSERTs under the same constraint in one run; free times; two owners.

Every booking carries session, form token, audit entry, history and outbox row. `cold` clients have a venue
each, `hot` ones all want the same few. Hours are drawn far ahead: runs do not meet the demo's bookings.
"""

import asyncio
import http.client
import json
import random
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import asyncpg

from deploy.bench.client import Clerk
from deploy.bench.latency import at
from deploy.bench.stage import Stage
from deploy.bench.table import Goal, Row
from shared.kit import clock
from shared.kit.clock import CHINA

CLIENTS = 16
DAYS = 300


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


class Line:
    """One kept connection of one signed-in member of staff: the client costs as little as it can."""

    def __init__(self, clerk: Clerk) -> None:
        url = urlsplit(str(clerk.http.base_url))
        self.connection = http.client.HTTPConnection(url.hostname or "", url.port)
        cookies = "; ".join(f"{c.name}={c.value}" for c in clerk.http.cookies.jar)
        self.headers = {
            "content-type": "application/json", "accept": "application/json", "cookie": cookies,
            "x-csrf-token": clerk.csrf, "origin": f"{url.scheme}://{url.netloc}",
        }  # fmt: skip

    def ask(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Status and body."""
        self.connection.request(method, path, json.dumps(body) if body else None, self.headers)
        answer = self.connection.getresponse()
        return answer.status, json.loads(answer.read())


def rows(stage: Stage) -> Iterable[Row]:
    """Bookings a second beside bare INSERTs, free times, and one request to two owners."""
    code = stage.organisations[0]
    clerks = [Clerk(stage.address(code)) for _ in range(CLIENTS)]
    venues, seconds = make_venues(clerks[0]), stage.size.seconds * 3
    for name, chosen in (("cold", venues), ("hot", venues[:2])):
        ours = run([booker(Line(c), chosen, n) for n, c in enumerate(clerks)], seconds)
        bare = asyncio.run(bare_inserts(stage.owner_url(code), len(chosen), seconds))
        goals = (Goal("most", 60.0),)
        yield Row(f"booked on {name} venues, {CLIENTS} clients", ours.rate, "/s", bare.rate, "bare INSERTs")
        yield Row(
            f"a booking asked for on {name} venues, p99", ours.at(99), "ms", bare.at(99), "bare INSERT", goals
        )
    free = run([finder(Line(clerk)) for clerk in clerks[:4]], seconds)
    yield Row("free times, 4 clients, p95", free.at(95), "ms", goals=(Goal("most", 100.0),))
    both = run([requester(Line(Clerk(stage.hub)))], seconds)
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


def booker(line: Line, venues: list[str], number: int) -> Callable[[], bool]:
    """Asks for one hour somewhere in the next months; true when it got it."""
    chance = random.Random()  # noqa: S311 - which hour is no secret
    own = [venues[number % len(venues)]] if len(venues) == CLIENTS else venues

    def once() -> bool:
        start = hour(chance)
        body = {
            "venue_id": chance.choice(own), "start": start.isoformat(), "title": "测速",
            "end": (start + timedelta(hours=1)).isoformat(),
        }  # fmt: skip
        status, answer = line.ask("POST", "/api/v1/bookings", body)
        if status not in (201, 409):
            raise RuntimeError(f"{status}: {answer}")
        return status == 201

    return once


def finder(line: Line) -> Callable[[], bool]:
    """Looks for two free hours on a day."""

    def once() -> bool:
        day = hour(random.Random()).date()  # noqa: S311 - which day is no secret
        status, _answer = line.ask("GET", f"/api/v1/bookings/free?day={day}&minutes=120&people=30")
        return status == 200

    return once


def requester(line: Line) -> Callable[[], bool]:
    """One request for a venue of each of two owners; true when both said yes."""

    def once() -> bool:
        start = hour(random.Random())  # noqa: S311 - which hour is no secret
        day = start.date()
        _status, found = line.ask("GET", f"/api/v1/rooms/free?day={day}&minutes=60&opens=540&closes=1080")
        owners = {f["org"]: f for f in found["items"]}
        wishes = [
            {"venue_id": f["venue_id"], "start": f["start"], "end": f["end"]}
            for f in list(owners.values())[:2]
        ]
        status, answer = line.ask("POST", "/api/v1/rooms/requests", {"title": "测速", "venues": wishes})
        return status == 201 and answer["status"] in ("confirmed", "waiting")

    return once


def hour(chance: random.Random) -> datetime:
    """Some full hour of the months to come."""
    day = clock.today() + timedelta(days=chance.randrange(20, DAYS))
    return datetime(day.year, day.month, day.day, chance.randrange(24), tzinfo=CHINA)


def run(asks: list[Callable[[], bool]], seconds: float) -> Times:
    """All at once for a while."""
    times, lock = Times(), threading.Lock()
    until = time.perf_counter() + seconds

    def work(ask: Callable[[], bool]) -> None:
        while time.perf_counter() < until:
            began = time.perf_counter()
            yes = ask()
            with lock:
                times.took.append((time.perf_counter() - began) * 1000)
                times.booked += yes

    threads = [threading.Thread(target=work, args=(ask,)) for ask in asks]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    times.seconds = time.perf_counter() - began
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
