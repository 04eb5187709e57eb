"""Free venues of a whole city: twenty thousand venues, three million bookings, sixteen people looking."""

import asyncio
import random
from collections.abc import Iterable
from datetime import datetime, time, timedelta
from functools import partial
from urllib.parse import urlencode

import asyncpg

from deploy.bench.client import Clerk
from deploy.bench.http import Line
from deploy.bench.load import CLIENTS, Times, timed
from deploy.bench.stage import Stage
from deploy.bench.table import Goal, Row
from deploy.topology.names import HUB
from shared.kit import clock
from shared.kit.clock import CHINA

VENUES = {"small": 2_000, "city": 20_000}
EACH, DAYS = 150, 90
"""Bookings of a venue and the days they stand on: one or two a day."""
CODE = "bench"
"""Whose venues they are; they are put straight into the hub's tables and taken out again."""
FILL = (
    """
    insert into venue (venue_id, org, version, hall_id, place, name, kind_title, capacity, equipment, address,
      district, latitude, longitude, opening, sharing, status)
    select id, $1, 1, id, '[0,)', '测速' || n, '礼堂', 20 + n * 7919 % 480,
      case n % 3 when 0 then '{投影}'::text[] when 1 then '{投影,舞台}' else '{}' end, '测速路',
      n % 12 || '区',
      30.4 + (n * 104729 % 1000) / 2000.0, 103.8 + (n * 1299709 % 1000) / 2000.0,
      jsonb_build_object('holidays', 'as_usual', 'weekly', (select jsonb_agg(jsonb_build_object('weekday', d,
        'opens', 480, 'closes', 1320)) from generate_series(0, 6) d)),
      '{"share": "all", "notice_hours": 2, "horizon_days": 180}', 'active'
    from (select uuidv7() id, n from generate_series(1, $2::bigint) n) g
    """,
    """
    insert into booking (booking_id, owner, version, venue_id, hall_id, place, during, busy, status, purpose,
      org, office, people, reason, decided_by)
    select uuidv7(), $1, 1, venue_id, venue_id, '[0,)', tstzrange(t, t + interval '2 h'),
      tstzrange(t, t + interval '2 h'), 'confirmed', '测速', $1, '', 20, '', ''
    from venue, generate_series(0, $2::int - 1) n, lateral (
      select $3::timestamptz + (n % $4::int) * interval '1 day' + interval '8 h'
        + (n / $4::int * 6 + (hashtext(venue_id::text || n) & 3)) * interval '1 h' t) at
    where org = $1
    """,
)
AWAY = ("delete from booking where owner = $1", "delete from venue where org = $1")


def rows(stage: Stage) -> Iterable[Row]:
    """Milliseconds of a search by every condition and by some of them."""
    clerks = [Clerk(stage.hub) for _ in range(CLIENTS)]
    try:
        asyncio.run(_filled(stage))
        for name, keys in KINDS.items():
            times = asyncio.run(_timed(clerks, keys, stage))
            venues = VENUES[stage.size.name]
            what = f"free among {venues:,} venues, {venues * EACH:,} bookings: {name}, p95"
            yield Row(what, times.at(95), "ms", goals=(Goal("most", 100.0),))
    finally:
        asyncio.run(_emptied(stage))


KINDS = {
    "time": (),
    "time, people": ("people",),
    "time, people, equipment": ("people", "equipment"),
    "time, people, district, organisation": ("people", "district", "org"),
    "time, people, near a place": ("people", "near"),
}
"""Which conditions are asked for beside day, hours and length."""


def question(keys: Iterable[str]) -> str:
    """One search, drawn at random."""
    chance = random.Random()  # noqa: S311 - which day is no secret
    day = clock.today() + timedelta(days=chance.randrange(1, DAYS))
    values = {
        "people": chance.choice((20, 50, 100, 300)), "equipment": chance.choice(("投影", "舞台")),
        "org": CODE, "district": f"{chance.randrange(12)}区",
        "near": f"{chance.uniform(30.4, 30.9):.4f},104.1",
    }  # fmt: skip
    opens = chance.choice((480, 780, 1080))
    asked = {"day": day, "minutes": 120, "opens": opens, "closes": opens + 240} | {k: values[k] for k in keys}
    return f"/api/v1/rooms/free?{urlencode(asked)}"


async def _filled(stage: Stage) -> None:
    await _emptied(stage)  # of a run that was broken off
    connection = await asyncpg.connect(stage.owner_url(HUB).replace("postgresql+asyncpg", "postgresql"))
    today = datetime.combine(clock.today(), time(), CHINA)
    await connection.execute(FILL[0], CODE, VENUES[stage.size.name])
    await connection.execute(FILL[1], CODE, EACH, today, DAYS, timeout=3600)
    await connection.execute("vacuum analyze venue, booking", timeout=3600)
    await connection.close()


async def _emptied(stage: Stage) -> None:
    connection = await asyncpg.connect(stage.owner_url(HUB).replace("postgresql+asyncpg", "postgresql"))
    for statement in AWAY:
        await connection.execute(statement, CODE, timeout=3600)
    await connection.close()


async def _timed(clerks: list[Clerk], keys: Iterable[str], stage: Stage) -> Times:
    lines = [await Line.open(clerk) for clerk in clerks]
    asks = [partial(_ask, line, tuple(keys)) for line in lines]
    try:
        return await timed(asks, max(3.0, stage.size.seconds))
    finally:
        for line in lines:
            line.close()


async def _ask(line: Line, keys: tuple[str, ...]) -> None:
    await line.ask("GET", question(keys))
