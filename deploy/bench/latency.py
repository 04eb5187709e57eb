"""From an organisation's answer `admitted` to the person standing in the hub's lookup."""

import os
import random
import time
from collections.abc import Iterable
from dataclasses import dataclass

from deploy.bench.client import Clerk
from deploy.bench.stage import Stage
from deploy.bench.table import Goal, Row

GIVE_UP = 5.0
_SIGNS = [chr(code) for code in range(0x4E00, 0x4E00 + 3000)]


@dataclass(frozen=True)
class Figures:
    """Milliseconds, sorted; `lost` counts people not seen in time."""

    waits: list[float]
    asks: list[float]
    lost: int

    def __str__(self) -> str:
        load = "/".join(f"{one:.1f}" for one in os.getloadavg())
        return (
            f"admitted to visible at the hub, {len(self.waits)} people: p50 {at(self.waits, 50):.0f} ms,"
            f" p95 {at(self.waits, 95):.0f} ms, p99 {at(self.waits, 99):.0f} ms, lost {self.lost};"
            f" one lookup alone p50 {at(self.asks, 50):.0f} ms; load {load}"
        )


def rows(stage: Stage) -> Iterable[Row]:
    """Commit in an organisation to visible at the hub; the lookup that sees it is the limit."""
    figures = measure(stage.address(stage.organisations[0]), stage.hub)
    limit_is = "one lookup that is answered at once"
    for percent, most in ((50, 1000.0), (99, 1000.0)):
        yield Row(
            f"admitted to visible at the hub, p{percent}",
            at(figures.waits, percent),
            "ms",
            at(figures.asks, percent),
            limit_is,
            (Goal("most", most),),
        )
    yield Row("people not seen at the hub in 5 s", figures.lost, "of 100", goals=(Goal("most", 0),))


def at(values: list[float], percent: int) -> float:
    """The value that so many percent do not exceed."""
    return values[min(len(values) - 1, len(values) * percent // 100)] if values else float("nan")


def measure(organisation: str, hub: str, people: int = 100) -> Figures:
    """Admit people one by one and look each up until there; the wait includes the lookup that finds them."""
    clerk, asker = Clerk(organisation), Clerk(hub)
    unit, chance = clerk.top_unit(), random.Random()  # noqa: S311 - names, no secrets
    first = chance.randrange(10**6)
    waits, asks, lost = list[float](), list[float](), 0
    for number in range(people):
        name = "钱" + "".join(chance.choices(_SIGNS, k=2)) + chance.choice(_SIGNS)
        clerk.admit(unit, name, first + number)
        began = time.perf_counter()
        found = False
        while not found and time.perf_counter() - began < GIVE_UP:
            asked = time.perf_counter()
            found = bool(asker.look_up(name)["total"])
            asks.append((time.perf_counter() - asked) * 1000)
            time.sleep(0 if found else 0.005)
        waits.append((time.perf_counter() - began) * 1000)
        lost += not found
    return Figures(sorted(waits), sorted(asks), lost)
