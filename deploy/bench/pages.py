"""Whole pages over HTTP, as a browser gets them; the empty health answer of the same process is the limit."""

import asyncio
from collections.abc import Iterable, Sequence

from deploy.bench.client import Clerk
from deploy.bench.http import Line
from deploy.bench.load import CLIENTS, Times, timed
from deploy.bench.stage import Stage
from deploy.bench.table import Row

PAGES = (("hub", "/"), ("hub", "/lookup"), ("hub", "/organisations"))
OF_ORGANISATIONS = ("/", "/members", "/units")


def rows(stage: Stage) -> Iterable[Row]:
    """Pages a second of one process, and the middle time of a page, sixteen asking without rest."""
    at = stage.organisations[0]
    for code, path in (*PAGES, *((at, path) for path in OF_ORGANISATIONS)):
        clerks = [Clerk(stage.address(code)) for _ in range(CLIENTS)]
        ours, limit = asyncio.run(_measured(stage, clerks, path))
        yield Row(f"page {code} {path}", ours.rate, "/s", limit.rate, "/healthz")


async def _measured(stage: Stage, clerks: Sequence[Clerk], path: str) -> tuple[Times, Times]:
    lines = [await Line.open(clerk) for clerk in clerks]
    try:
        found = [await _timed(lines, asked, stage.size.seconds) for asked in (path, "/healthz")]
    finally:
        for line in lines:
            line.close()
    return found[0], found[1]


async def _timed(lines: Sequence[Line], path: str, seconds: float) -> Times:
    asks = [lambda line=line: line.ask("GET", path, accept="text/html") for line in lines]
    await asks[0]()
    return await timed(asks, seconds, pause=0)
