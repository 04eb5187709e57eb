"""The week grid of twenty venues with thirty thousand bookings, the load MRBS was measured with."""

import asyncio
from collections.abc import Iterable
from datetime import datetime, time, timedelta
from functools import partial

import asyncpg

from deploy.bench.bookings import make_venues
from deploy.bench.client import Clerk
from deploy.bench.http import Line
from deploy.bench.load import CLIENTS, Times, timed
from deploy.bench.stage import Stage
from deploy.bench.table import Goal, Row
from shared.kit import clock
from shared.kit.calendar import monday_of
from shared.kit.clock import CHINA

VENUES, BOOKINGS = 20, 30_000
PEOPLE = 4_999
"""So many fit into these venues and into no other: the page is asked for them by it."""
SECONDS = 8.0
GOAL = 340.0
"""Ten times the pages a second of MRBS 1.12, which makes 34 of this size on a machine of this kind."""
FILL = """
insert into booking (id, version, venue_id, hall_id, place, during, busy,
  status, approval, title, people, org, mark, office, staff_name, reason, decided_by)
select uuidv7(), 1, v, v, '[0,)', tstzrange(s, s + interval '1 h'), tstzrange(s, s + interval '1 h'),
  'confirmed', false, '例会', 20, $3, '{"name": "测速", "letter": "测", "palette": "red"}', '', '', '', ''
from unnest($1::uuid[]) v, generate_series(0, $4 - 1) n,
  lateral (select $2::timestamptz + (n / 4) * interval '1 day' + (8 + n % 4 * 3) * interval '1 hour' s) t
"""
AWAY = (
    "delete from booking where venue_id = any($1)",
    "update venue set status = 'closed' where id = any($1)",
)


def rows(stage: Stage) -> Iterable[Row]:
    """Pages a second of one process, sixteen asking without rest: one week, and twelve of them in turn.

    Background work is another process, as in compose. Nobody has seen the weeks before: first looks count.
    """
    code = stage.organisations[0]
    stage.apart(code)
    clerks = [Clerk(stage.address(code)) for _ in range(CLIENTS)]
    venues = make_venues(clerks[0], VENUES, PEOPLE)
    try:
        asyncio.run(_changed(stage, code, FILL, venues, *_begin(code)))
        first, limit = monday_of(clock.today()), asyncio.run(_timed(clerks, ["/healthz"], stage))
        for name, weeks in (("one week", 1), ("any of twelve weeks", 12)):
            days = [first + timedelta(weeks=n) for n in range(weeks)]
            ours = asyncio.run(_timed(clerks, [f"/venues?people={PEOPLE}&day={day}" for day in days], stage))
            goals = (Goal("least", GOAL),)
            yield Row(f"week page, {name}", ours.rate, "/s", limit.rate, "/healthz", goals)
            yield Row(f"week page, {name}, p50", ours.at(50), "ms")
    finally:
        for statement in AWAY:
            asyncio.run(_changed(stage, code, statement, venues))


def _begin(code: str) -> tuple[object, ...]:
    return (datetime.combine(monday_of(clock.today()), time(), CHINA), code, BOOKINGS // VENUES)


async def _changed(stage: Stage, code: str, statement: str, *values: object) -> None:
    connection = await asyncpg.connect(stage.owner_url(code).replace("postgresql+asyncpg", "postgresql"))
    await connection.execute(statement, *values)
    await connection.execute("analyze booking")
    await connection.close()


async def _timed(clerks: list[Clerk], paths: list[str], stage: Stage) -> Times:
    lines = [await Line.open(clerk) for clerk in clerks]
    turns = iter(range(10**9))

    async def ask(line: Line) -> None:
        path = paths[next(turns) % len(paths)]
        page = await line.ask("GET", path, accept="text/html")
        if path.startswith("/venues") and page.count(b'class="wg-venue"') != VENUES:
            raise RuntimeError("not the week of these venues")

    try:
        seconds = max(SECONDS, stage.size.seconds)
        return await timed([partial(ask, line) for line in lines], seconds, pause=0)
    finally:
        for line in lines:
            line.close()
