"""The table tells the truth: a planted slow thing shows, a figure without its limit meets no goal."""

import asyncio
import math
from collections.abc import Iterator

import pytest

from deploy.bench import __main__ as bench
from deploy.bench.load import timed
from deploy.bench.registry import MEASURES
from deploy.bench.stage import SIZES, Stage
from deploy.bench.table import Goal, Row, markdown

THREE = Goal("times", 3)


def row(figure: float, limit: float | None, *goals: Goal) -> Row:
    return Row("what", figure, "ms", limit, "driver", goals)


@pytest.mark.parametrize(
    ("figure", "limit", "goal", "missed"),
    [
        (29.9, 10.0, THREE, False),
        (30.1, 10.0, THREE, True),
        (10.0, None, THREE, True),
        (19.9, 10.0, Goal("above", 10), False),
        (20.1, 10.0, Goal("above", 10), True),
        (0.51, 1.0, Goal("share", 0.5), False),
        (0.49, 1.0, Goal("share", 0.5), True),
        (50.0, None, Goal("most", 50), False),
        (50.1, None, Goal("most", 50), True),
        (math.nan, 1.0, THREE, True),
        (math.nan, None, Goal("most", 50), True),
    ],
)
def test_a_goal_is_met_or_missed(figure: float, limit: float | None, goal: Goal, missed: bool) -> None:
    assert row(figure, limit, goal).missed is missed


def test_one_missed_goal_of_two_is_a_miss() -> None:
    assert row(60, 55, Goal("above", 10), Goal("most", 50)).missed
    assert "MISSED" in markdown([row(60, 55, Goal("above", 10), Goal("most", 50))])


def test_the_limit_stands_beside_the_figure() -> None:
    table = markdown([row(30, 12, THREE)])
    assert "| what | 30 ms | 12 ms (driver) | 2.50× | ≤ 3× | met |" in table
    assert {line.count("|") for line in table.splitlines()} == {7}


async def test_a_planted_slow_answer_shows_in_the_figures() -> None:
    async def quick() -> None:
        await asyncio.sleep(0.001)

    async def slow() -> None:
        await asyncio.sleep(0.08)

    limit, planted = await timed([quick] * 4, 0.4, 0.02), await timed([*[quick] * 3, slow], 0.4, 0.02)
    found = Row("planted", planted.at(99), "ms", limit.at(99), "quick", (Goal("above", 10),))
    assert planted.at(99) >= 80
    assert found.missed, markdown([found])


async def test_without_a_pause_as_many_are_asked_as_are_answered() -> None:
    async def ask() -> None:
        await asyncio.sleep(0.01)

    paced, unpaced = await timed([ask] * 2, 0.5, 0.1), await timed([ask] * 2, 0.5, 0)
    assert len(paced.took) <= 12 < len(unpaced.took)
    assert paced.took == sorted(paced.took)


def test_a_measure_that_breaks_off_keeps_what_it_had_and_is_named() -> None:
    def broken(_: Stage) -> Iterator[Row]:
        yield row(1, 1)
        raise RuntimeError("planted")

    stage = object.__new__(Stage)
    rows, failed = bench.run(stage, {"broken": broken, "fine": lambda _: [row(2, 1)]})
    assert ([r.figure for r in rows[::2]], failed) == ([1, 2], ["broken"])
    assert "broken: NOT MEASURED (RuntimeError)" in markdown(rows)


def test_unknown_sizes_and_measures_are_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert bench.main(["nonsense"]) == 2
    monkeypatch.setenv("SIZE", "galaxy")
    assert bench.main([]) == 2
    assert "small, city" in capsys.readouterr().err
    assert SIZES["city"].people == 5_000_000
    assert next(iter(MEASURES)) == "startup"


def test_shares_of_nearly_all_say_what_is_missing() -> None:
    assert markdown([row(0.99995, 1.0, Goal("share", 0.9999))]).splitlines()[-1] == (
        "| what | 0.99995 ms | 1 ms (driver) | 1.00× | ≥ 0.9999× | met |"
    )
