"""What the columns page shows before anything is checked."""

import pytest

from shared.org.imports.aliases import Titles
from shared.org.imports.columns import recognise
from tests.org.pool import Orgs


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("51990119910304177X", "**************177X"),
        ("51990119910304177x", "**************177x"),
        ("519901199103041777", "**************1777"),
        ("5199 0119 9103 0417 7X", "**** **** **** **1"),
        ("138 0000 1234", "*** **** 1234"),
        ("2024-10-08", "2024-10-08"),
    ],
)
async def test_a_sample_shows_no_more_than_the_last_four(orgs: Orgs, written: str, shown: str) -> None:
    org = await orgs.empty("union")
    rows = [(1, ["姓名", "证件号码", "所在单位"]), (2, ["单文慧", written, "锦城"])]
    table = recognise(0, "", [(n, list(cells)) for n, cells in rows], Titles(org), {})
    assert table.samples[1] == [shown]
    await org.kit.database.close()
