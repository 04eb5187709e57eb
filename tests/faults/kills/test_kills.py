"""Killed again and again, nothing acknowledged is lost; and the harness sees it when something is."""

from pathlib import Path

import pytest

from tests.faults.kills import planted
from tests.faults.kills.harness import Plan, Run, run

SEEDS = (1, 2, 3)
pytestmark = [pytest.mark.timeout(400), pytest.mark.slow]


def test_nothing_is_lost_or_done_twice_or_left_unequal(server_folder: Path) -> None:
    """A small one for every day; the large one and the planted defects are `make faults`."""
    result = run(server_folder / "kills", Plan(seed=7, kills=12, operations=1200))
    assert result.verdict.complaints == []
    assert result.killer.kills.total() == 12
    assert all(ledger.operations for ledger in result.ledgers.values())


@pytest.mark.planted
@pytest.mark.parametrize("defect", planted.PROCESS)
def test_a_planted_defect_is_caught_within_three_seeds(server_folder: Path, defect: str) -> None:
    runs: list[Run] = []
    for seed in SEEDS:
        name = f"{'-'.join(defect.split())}-{seed}"
        runs.append(run(server_folder / name, Plan(seed, kills=6, operations=600, defect=defect)))
        if any(sign in said for said in runs[-1].verdict.complaints for sign in planted.SIGNS[defect]):
            return
    pytest.fail("\n".join(map(str, runs)))
