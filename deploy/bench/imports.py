"""A roster of a city read, checked and written while staff of the same organisation go on working."""

import asyncio
import csv
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from statistics import median

from deploy.bench.client import Clerk
from deploy.bench.http import Line
from deploy.bench.load import Ask, Times, timed
from deploy.bench.stage import Stage
from deploy.bench.startup import pss, tree
from deploy.bench.table import Goal, Row
from deploy.demo.city import SEED, Plan, write_city
from deploy.demo.forms import ROSTERS, Hand
from deploy.demo.places import Organisation
from deploy.demo.rosters import CITY
from deploy.topology.names import HUB
from shared.kit import clock

CODE: Organisation = "union"
LINES = {"small": 5_000, "city": 1_000_000}
BEFORE = 2_000
"""On the roll already, when the pages are measured without an import."""
STAFF = 4
PAUSE = 0.25
"""Seconds from one page of a member of staff to the next."""
PATHS = ("/members", "/units", "/", "/imports")
WORKING = ("reading", "planning", "applying")
PATIENCE = 4 * 3600


def rows(stage: Stage) -> Iterable[Row]:
    """Pages before, meanwhile and after; how fast it went; memory of the service and of the reading child."""
    lines = LINES[stage.size.name]
    few, file = roster(stage.notes, 0, BEFORE), roster(stage.notes, BEFORE, lines)
    worker = stage.apart(CODE)
    stage.apart(HUB)
    clerk = Clerk(stage.address(CODE))
    imported(clerk, few, {})  # a page with nobody on it is no page to compare with
    watch = Watch(worker.pid)
    stages: dict[str, float] = {}
    before, meanwhile, after = asyncio.run(_course(stage, clerk, file, stages, watch))
    for name, seconds in stages.items():
        yield Row(f"import of {lines:,} lines: {name}", lines / seconds, "lines/s")
    for share, goals in ((50, ()), (99, (Goal("times", 2),))):
        page = f"page of staff during an import, p{share}"
        yield Row(page, meanwhile.at(share), "ms", after.at(share), "afterwards, the same roll", goals)
        yield Row(page, meanwhile.at(share), "ms", before.at(share), f"before, a roll of {BEFORE:,}", goals)
    yield Row("memory of the worker during an import, most", watch.service, "MB", goals=(Goal("most", 300),))
    yield Row("memory of the reading child, most", watch.child, "MB", goals=(Goal("most", 150),))


def roster(folder: Path, after: int, lines: int) -> Path:
    """So many people after the first ones, in the union's form as CSV, made once."""
    file = folder / f"roster-{after}-{lines}.csv"
    if file.exists():
        return file
    hand, form = Hand(SEED, CITY, sheets=False), ROSTERS[CODE]
    half = file.with_suffix(".half")
    with half.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(form.columns)
        theirs = (r for r in write_city(Plan(10**8, clock.today())) if r.organisation == CODE)
        for record in islice(theirs, after, after + lines):
            writer.writerow(form.line(hand, record))
    return half.rename(file)


class Watch:
    """The most that a service process and what it starts have held."""

    def __init__(self, pid: int) -> None:
        self.pid, self.service, self.child = pid, 0.0, 0.0
        self.done = threading.Event()

    def run(self) -> None:
        """Look five times a second."""
        while not self.done.wait(0.2):
            self.service = max(self.service, pss(self.pid))
            self.child = max([self.child, *(pss(pid) for pid in tree(self.pid) if pid != self.pid)])


async def _course(
    stage: Stage, clerk: Clerk, file: Path, stages: dict[str, float], watch: Watch
) -> tuple[Times, Times, Times]:
    lines = [await Line.open(Clerk(stage.address(CODE))) for _ in range(STAFF)]
    asks = [_turns(line, PATHS[number:] + PATHS[:number]) for number, line in enumerate(lines)]
    await timed(asks, stage.size.seconds, PAUSE)  # warm
    before = await timed(asks, 10 * stage.size.seconds, PAUSE)
    watching = threading.Thread(target=watch.run)
    watching.start()
    importing = asyncio.create_task(asyncio.to_thread(imported, clerk, file, stages))
    try:
        took: list[Times] = []
        while not importing.done():
            took.append(await timed(asks, 2.0, PAUSE))
        await importing
    finally:
        watch.done.set()
        watching.join()
    after = await timed(asks, 10 * stage.size.seconds, PAUSE)
    for line in lines:
        line.close()
    pages = sorted(each for times in took for each in times.took)
    return before, Times(pages, median(times.rate for times in took)), after


def _turns(line: Line, paths: Sequence[str]) -> Ask:
    """One page after the other."""

    def forever() -> Iterator[str]:
        while True:
            yield from paths

    turn = forever()

    async def ask() -> object:
        return await line.ask("GET", next(turn), accept="text/html")

    return ask


def imported(clerk: Clerk, file: Path, stages: dict[str, float]) -> None:
    """Upload, wait, confirm, wait; seconds of each stage as it ends."""
    began = time.perf_counter()
    headers = {"x-csrf-token": clerk.csrf, "accept": "application/json"}
    with file.open("rb") as body:
        answer = clerk.http.post(
            "/api/v1/imports", headers=headers, files={"file": (file.name, body, "text/csv")}, timeout=600
        )
    answer.raise_for_status()
    batch, at = answer.json(), "upload"
    while True:
        status = str(batch["status"])
        if status != at:
            stages[at] = time.perf_counter() - began
            at, began = status, time.perf_counter()
        if status == "applied":
            return
        if status == "ready":
            batch = clerk.json("POST", f"/api/v1/imports/{batch['id']}/confirm", version=batch["version"])
            at, began = "applying", time.perf_counter()
            continue
        if status not in WORKING or time.perf_counter() - began > PATIENCE:
            raise RuntimeError(f"the import came to {status}: {batch['problem']}")
        time.sleep(0.2)
        batch = clerk.json("GET", f"/api/v1/imports/{batch['id']}")
