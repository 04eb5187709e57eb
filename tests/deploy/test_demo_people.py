"""How many demo people: checked before anything starts, settled by the first start."""

from pathlib import Path

import pytest

from deploy.local.demo import DemoSettingError, chosen_people, settled_people
from deploy.local.home import Home


@pytest.mark.parametrize("value", ["abc", "-3", "1.5", "２０", "99999999"])
def test_no_number_of_people_is_told_by_the_settings_name(
    monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("QUNTUAN_DEMO_PEOPLE", value)
    with pytest.raises(DemoSettingError, match="QUNTUAN_DEMO_PEOPLE"):
        chosen_people()


def test_a_roll_begun_without_demo_people_stays_without(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    home.prepare()
    assert settled_people(home, 0) == 0
    assert settled_people(home, 300) == 0
