"""What a settled process no longer walks; in a process of its own, the collector is everybody's."""

import gc
import subprocess
import sys

import pytest

from shared.kit.collector import undisturbed

SETTLED = """
import gc
from shared.kit.collector import settle_collector
from shared.kit.pii import name_keys
settle_collector()
before = len(gc.get_objects())
name_keys("张伟"), name_keys("歐陽娜娜")
print(len(gc.get_objects()) - before, gc.get_freeze_count(), gc.get_threshold()[0])
"""


def test_names_bring_nothing_to_walk() -> None:
    said = subprocess.run([sys.executable, "-c", SETTLED], capture_output=True, text=True, check=True)
    came, frozen, lot = map(int, said.stdout.split())
    assert came < 2_000 < frozen  # the dictionaries are 190,000
    assert lot <= 2_000  # 20,000 are a pause of 40 ms


def test_the_collector_rests_while_anybody_works_on_a_batch() -> None:
    def spoilt() -> None:
        with undisturbed():
            with undisturbed():
                assert not gc.isenabled()
            assert not gc.isenabled()
            raise ValueError("spoilt")

    assert gc.isenabled()
    with pytest.raises(ValueError, match="spoilt"):
        spoilt()
    assert gc.isenabled()
