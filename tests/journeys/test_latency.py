"""Somebody admitted at an organisation stands in the hub's lookup within a moment; the figures are printed."""

import pytest

from deploy.bench.latency import measure
from deploy.local.suite import Suite

PEOPLE = 100


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_everybody_is_visible_in_time(suite: Suite, capsys: pytest.CaptureFixture[str]) -> None:
    figures = measure(suite.url("union"), suite.url("hub"), PEOPLE)
    with capsys.disabled():
        print(f"\n{figures}")
    assert (len(figures.waits), figures.lost) == (PEOPLE, 0)
