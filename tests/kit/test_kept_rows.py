"""Rows of a grid that are kept: the newest stay, a stamp is all they are known by."""

from datetime import UTC, datetime, timedelta

import pytest

from shared.kit import clock
from shared.kit.calendar import KeptRows, Written, quarter


def test_the_rows_used_last_stay() -> None:
    rows = KeptRows(most=2)
    for stamp in ("a", "b"):
        assert rows.keep(stamp, f"row {stamp}").content == f"row {stamp}".encode()
    assert rows.get("a") == Written(b"row a")
    rows.keep("c", "row c")
    assert [rows.get(stamp) for stamp in "abc"] == [Written(b"row a"), None, Written(b"row c")]
    assert len(rows) == 2


def test_the_quarter_changes_when_what_can_be_booked_does(monkeypatch: pytest.MonkeyPatch) -> None:
    begins = datetime(2026, 11, 26, 9, 15, tzinfo=UTC)

    def at(moment: datetime) -> int:
        monkeypatch.setattr(clock, "now", lambda: moment)
        return quarter()

    assert (
        at(begins - timedelta(seconds=1)) + 1 == at(begins) == at(begins + timedelta(minutes=14, seconds=59))
    )
