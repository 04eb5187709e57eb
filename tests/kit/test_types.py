"""Input types: what the working model let through must stop here."""

import json
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, TypeAdapter, ValidationError

from shared.kit import types

ONE_LINE = [types.Text60, types.Text200, types.Text2000, types.SearchText]
LINES = [types.Lines2000, types.Lines20000]
HOSTILE = [
    "\ud800",
    "a\x00b",
    "a\u202eb",
    "a\u2066b",
    "a\u200fb",
    "a\x1bb",
    "a\x7fb",
    "a\x85b",
    "a\ufeffb",
    "a\ufffeb",
    "a\ufffdb",
    "a\U000e0041b",
    "\x00",
    "a\x00",
    "\x1fa",
]


def accept(kind: Any, value: object) -> Any:
    return TypeAdapter(kind).validate_python(value)


def refuse(kind: Any, value: object) -> str:
    with pytest.raises(ValidationError) as refused:
        TypeAdapter(kind).validate_python(value)
    # the answer to the caller must be writable: a lone surrogate in it was the 500
    json.dumps(refused.value.errors(include_input=False, include_url=False)).encode()
    str(refused.value.errors()[0]["msg"]).encode()
    return str(refused.value.errors()[0]["msg"])


@pytest.mark.parametrize("kind", ONE_LINE + LINES)
@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_characters(kind: Any, text: str) -> None:
    message = refuse(kind, text)
    assert "含有" in message


@pytest.mark.parametrize(
    "text",
    [
        "   ",
        "\u3000\xa0\u2003",
        "\u2800",
        "\u3164",
        "\uffa0",
        "\xad\u200d",
        "\u180e\ufe0f",
        "\u0301",
        " \u115f",
    ],
)
def test_what_nobody_can_see_is_nothing(text: str) -> None:
    for kind in (types.Text60, types.Text200, types.Lines2000):
        refuse(kind, text)
    assert accept(types.FreeText200, text) == accept(types.SearchText, text) == ""
    assert accept(types.OptionalText200, text) is accept(types.OptionalLines2000, text) is None
    assert accept(types.Text60, f"团{text}") == f"团{text}".strip()


@pytest.mark.parametrize("kind", ONE_LINE)
@pytest.mark.parametrize("text", ["a\nb", "a\tb", "a\r\nb", "a\u2028b", "a\n"])
def test_one_line_means_one_line(kind: Any, text: str) -> None:
    assert "一行" in refuse(kind, text)


@pytest.mark.parametrize("kind", LINES)
def test_several_lines(kind: Any) -> None:
    assert accept(kind, " 一\r\n二\r\t三\n ") == "一\n二\n\t三"


@pytest.mark.parametrize(
    ("kind", "longest"),
    [
        (types.Text60, 60),
        (types.Text200, 200),
        (types.Text2000, 2000),
        (types.SearchText, 100),
        (types.Lines2000, 2000),
        (types.Lines20000, 20_000),
    ],
)
def test_lengths_count_code_points(kind: Any, longest: int) -> None:
    assert accept(kind, "𠮷" * longest) == "𠮷" * longest
    refuse(kind, "𠮷" * (longest + 1))


def test_blanks() -> None:
    assert accept(types.Text60, " 张明　") == "张明"
    refuse(types.Text60, "  ")
    assert accept(types.SearchText, "  ") == ""
    for kind in (
        types.OptionalText60,
        types.OptionalText200,
        types.OptionalText2000,
        types.OptionalLines2000,
        types.OptionalDay,
    ):
        assert accept(kind, "  ") is None
        assert accept(kind, None) is None
    assert accept(types.OptionalText60, " a ") == "a"
    refuse(types.OptionalText60, "\x00")


@pytest.mark.parametrize("value", [1, 1.0, True, b"a", ["a"], None])
def test_only_strings_are_text(value: object) -> None:
    refuse(types.Text60, value)
    refuse(types.Code, value)


@pytest.mark.parametrize("text", ["A", "5101.02", "GH-2026_1", "9", "a" * 40])
def test_codes(text: str) -> None:
    assert accept(types.Code, f" {text} ") == text


@pytest.mark.parametrize("text", ["", ".a", "a/b", "a b", "工会", "a" * 41, "a\n", "../a"])
def test_no_codes(text: str) -> None:
    refuse(types.Code, text)
    refuse(types.Slug, text)


def test_slugs() -> None:
    assert accept(types.Slug, "womens_home2") == "womens_home2"
    for text in ("Union", "2nd", " union", "a-b"):
        refuse(types.Slug, text)


@pytest.mark.parametrize(
    ("kind", "low", "high"),
    [(types.Int32, -(2**31), 2**31 - 1), (types.Int64, -(2**63), 2**63 - 1), (types.Count, 0, 2**31 - 1)],
)
def test_bounds_of_integers(kind: Any, low: int, high: int) -> None:
    for value in (low, high, str(low), str(high)):
        assert accept(kind, value) == int(value)
    for wrong in (
        low - 1,
        high + 1,
        10**4999,
        "9" * 5000,
        True,
        1.0,
        float("nan"),
        "1.0",
        "",
        " 1",
        "٥",
        "1_000",
        "0x1",
        None,
    ):
        refuse(kind, wrong)


def test_numbers_are_finite() -> None:
    assert accept(types.Number, 1.5) == 1.5
    assert accept(types.Number, 2) == 2.0
    for wrong in (float("nan"), float("inf"), float("-inf"), 1e16, -1e300, "1.5", True):
        refuse(types.Number, wrong)
    with pytest.raises(ValidationError):
        TypeAdapter(types.Number).validate_json("NaN")


def test_days() -> None:
    assert accept(types.Day, "2026-03-08") == accept(types.Day, date(2026, 3, 8)) == date(2026, 3, 8)
    assert accept(types.Day, "1900-01-01").year == 1900
    assert accept(types.Day, "2100-12-31").year == 2100
    for wrong in (
        "1899-12-31",
        "2101-01-01",
        "2026-02-30",
        "2026-3-8",
        "20260308",
        0,
        1700000000,
        "0",
        datetime(2026, 3, 8, tzinfo=UTC),
        "2026-03-08T00:00:00",
        "2026-03-08\n",
    ):
        refuse(types.Day, wrong)


def test_moments_are_aware() -> None:
    moment = accept(types.Moment, "2026-03-08T09:00:00+08:00")
    assert moment == datetime(2026, 3, 8, 1, tzinfo=UTC)
    assert accept(types.Moment, moment) == moment
    naive = moment.replace(tzinfo=None)
    for wrong in (
        "2026-03-08T09:00:00",
        naive,
        1700000000,
        "1700000000",
        "2026-03-08",
        "1899-01-01T00:00:00Z",
        "2101-01-01T00:00:00Z",
    ):
        refuse(types.Moment, wrong)


@given(st.text(st.characters(categories=["Lo", "Lu", "Ll", "Nd", "Po"]), min_size=1, max_size=60))
def test_ordinary_text_passes_unchanged_and_can_be_stored(text: str) -> None:
    assert accept(types.Text60, text) == text
    assert text.encode().decode() == text


@given(st.text(max_size=80))
def test_any_text_is_storable_or_refused(text: str) -> None:
    try:
        kept = accept(types.Lines2000, text)
    except ValidationError:
        return
    kept.encode()
    assert "\x00" not in kept
    assert types.forbidden_character(kept, lines=True) is None


def test_json_schema_says_the_limits() -> None:
    class Form(BaseModel):
        name: types.Text60
        note: types.OptionalLines2000 = None
        level: types.Count
        day: types.Day
        at: types.Moment

    schema = Form.model_json_schema()["properties"]
    assert (schema["name"]["maxLength"], schema["name"]["minLength"]) == (60, 1)
    assert (schema["level"]["minimum"], schema["level"]["maximum"]) == (0, 2**31 - 1)
    assert (schema["day"]["format"], schema["at"]["format"]) == ("date", "date-time")
