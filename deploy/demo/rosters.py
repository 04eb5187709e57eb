"""Synthetic rosters as files, for load tests: python -m deploy.demo.rosters --out DIR --people N.

About 0.49 N lines for the union, 0.13 N for the league and 0.07 N for the women's federation
(--people 410000 --form csv: a union CSV of 200,000 lines). `truth.csv` says which person each line is about.
The same people, seed and day give the same files.
"""

import argparse
import csv
import time
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import date
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from deploy.demo.city import SEED, Plan, write_city
from deploy.demo.forms import ROSTERS, Hand
from deploy.demo.paper import Paper, paper
from deploy.demo.places import ORGANISATIONS
from deploy.demo.records import Record
from shared.kit import clock

CITY = "锦城市"


class Desk:
    """Writes each record onto its organisation's roster and the truth beside."""

    def __init__(self, out: Path, plan: Plan, form: str, city: str, stack: ExitStack) -> None:
        self.hand = Hand(plan.seed, city, sheets=form == "office")
        self.papers: dict[str, Paper] = {}
        for code in ORGANISATIONS:
            roster = ROSTERS[code]
            self.papers[code] = stack.enter_context(
                paper(out, roster.file, roster.form if form == "office" else form, roster.columns)
            )
        truth = stack.enter_context((out / "truth.csv").open("w", encoding="utf-8", newline=""))
        self._truth = csv.writer(truth)
        self._truth.writerow(("organisation", "sheet", "line", "person"))

    def put(self, record: Record) -> None:
        """One line."""
        roster = ROSTERS[record.organisation]
        sheet = (record.place.district or "") if roster.by_district and self.hand.sheets else ""
        line = self.papers[record.organisation].put(roster.line(self.hand, record), sheet)
        self._truth.writerow((record.organisation, sheet, line, record.person))


def write_rosters(out: Path, plan: Plan, *, form: str = "office", city: str = CITY) -> dict[str, int]:
    """Write all files into `out`; how many lines each organisation's has."""
    out.mkdir(parents=True, exist_ok=True)
    lines = dict.fromkeys(map(str, ORGANISATIONS), 0)
    with ExitStack() as stack, Progress(transient=True) as progress:
        desk = Desk(out, plan, form, city, stack)
        task = progress.add_task("名册 / rosters", total=None)
        for record in write_city(plan):
            desk.put(record)
            lines[record.organisation] += 1
            if lines[record.organisation] % 1000 == 0:
                progress.advance(task, 1000)
    return lines


def main(arguments: Sequence[str] | None = None) -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m deploy.demo.rosters", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder for the files")
    parser.add_argument("--people", type=int, default=20_000, help="persons in the city")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--day", type=date.fromisoformat, default=None, help="ages count on this day")
    parser.add_argument(
        "--form",
        choices=("office", "csv", "xlsx"),
        default="office",
        help="as offices send them, or all alike",
    )
    given = parser.parse_args(arguments)
    begun = time.monotonic()
    plan = Plan(given.people, given.day or clock.today(), given.seed)
    lines = write_rosters(given.out, plan, form=given.form)
    counts = ", ".join(f"{code} {count:,}" for code, count in lines.items())
    Console().print(f"{given.out}: {counts} ({time.monotonic() - begun:.1f} s)")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
