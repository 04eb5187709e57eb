"""Pure rules: ages on the calendar, dated rules, reading of cells; no server needed."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from shared.kit.errors import Invalid
from shared.kit.rulesets import Rule, RuleSet
from shared.org.kit import OrgKit
from shared.org.members import read_entry
from shared.org.members.rules import LeapDay, age_on, birthday
from shared.org.members.texts import CellError, cell, read_day, read_flag, read_month, read_sex
from shared.org.units.rules import clean_name, ends_with, in_scope, label
from tests.org.people import identity_number, person

LEAP = date(2004, 2, 29)


@pytest.mark.parametrize(
    ("birth", "day", "leap", "age"),
    [
        (date(1998, 11, 23), date(2026, 11, 22), "28 February", 27),
        (date(1998, 11, 23), date(2026, 11, 23), "28 February", 28),
        (date(2012, 3, 1), date(2026, 2, 28), "28 February", 13),
        (LEAP, date(2018, 2, 27), "28 February", 13),
        (LEAP, date(2018, 2, 28), "28 February", 14),
        (LEAP, date(2018, 2, 28), "1 March", 13),
        (LEAP, date(2018, 3, 1), "1 March", 14),
        (LEAP, date(2032, 2, 28), "28 February", 27),
        (LEAP, date(2032, 2, 29), "1 March", 28),
        (date(2030, 1, 1), date(2026, 1, 1), "1 March", -4),
    ],
)
def test_age_by_the_calendar(birth: date, day: date, leap: LeapDay, age: int) -> None:
    assert age_on(birth, day, leap) == age


def test_birthday_of_a_leap_day() -> None:
    assert birthday(LEAP, 14) == date(2018, 2, 28)
    assert birthday(LEAP, 14, "1 March") == date(2018, 3, 1)
    assert birthday(LEAP, 28, "1 March") == date(2032, 2, 29)


def test_dated_rules_hold_on_their_days_only() -> None:
    rules = RuleSet(
        "年龄",
        [Rule(18, date(2020, 1, 1), "乙"), Rule(16, date(2000, 1, 1), "甲", valid_to=date(2019, 12, 31))],
    )
    assert [rules.on(d) for d in (date(1990, 1, 1), date(2019, 12, 31), date(2020, 1, 1))] == [16, 16, 18]
    assert rules.rule(date(2026, 1, 1)).source == "乙"
    with pytest.raises(ValueError, match="two values"):
        RuleSet("年龄", [Rule(1, date(2000, 1, 1), "甲"), Rule(2, date(2010, 1, 1), "乙")])
    gap = RuleSet(
        "年龄", [Rule(1, date(2000, 1, 1), "甲", date(2001, 1, 1)), Rule(2, date(2010, 1, 1), "乙")]
    )
    with pytest.raises(LookupError):
        gap.on(date(2005, 1, 1))


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("2014年10月8日", date(2014, 10, 8)),
        ("20000318", date(2000, 3, 18)),
        ("2000-01-27", date(2000, 1, 27)),
        ("2008/2/6", date(2008, 2, 6)),
        ("1967.11.20", date(1967, 11, 20)),
        ("１９６７．１１．２０", date(1967, 11, 20)),
        ("2000-01-27 00:00:00", date(2000, 1, 27)),
        (20000318.0, date(2000, 3, 18)),
        (datetime(2000, 3, 18, tzinfo=UTC), date(2000, 3, 18)),
        (date(2000, 3, 18), date(2000, 3, 18)),
        ("2014年10月", date(2014, 10, 1)),
        ("2014.10", date(2014, 10, 1)),
        ("201410", date(2014, 10, 1)),
    ],
)
def test_dates_in_many_forms(written: Any, day: date) -> None:
    read = read_day(written, month_is_enough=True)
    assert read is not None
    assert read[0] == day


@pytest.mark.parametrize(
    "written", ["85.3.1", "36526", "2001-02-29", "1899-01-01", "至今", "2014年13月", "03/02/2001"]
)
def test_dates_nobody_can_be_sure_of(written: str) -> None:
    with pytest.raises(CellError):
        read_day(written, month_is_enough=True)


def test_small_cells() -> None:
    assert [read_sex(v) for v in ("男", "女性", "M", "female", "１", "2", "", None)] == [
        "m",
        "f",
        "m",
        "f",
        "m",
        "f",
        None,
        None,
    ]
    assert [read_flag(v) for v in ("是", "不同意", True, "√", "未询问", "")] == [
        True,
        False,
        True,
        True,
        None,
        None,
    ]
    assert [cell(v) for v in (12000000101.0, None, " a ", 5)] == ["12000000101", "", "a", "5"]
    assert read_month("2005年6月") == (2005, 6)
    assert read_month("2005年6月15日") is None
    for reader, value in ((read_sex, "不详"), (read_flag, "也许")):
        with pytest.raises(CellError):
            reader(value)


def test_unit_rules() -> None:
    assert [label(n) for n in (0, 35, 36, 1295)] == ["0", "z", "10", "zz"]
    assert in_scope("1/a/b", "1/a")
    assert not in_scope("1/ab", "1/a")
    assert in_scope("1", "")
    assert ends_with(["甲", "乙 会", "丙"], ("乙会", "丙"))
    assert not ends_with(["甲", "丙"], ("乙", "丙"))
    assert clean_name("  柳江　街道（总）工会 ") == "柳江 街道(总)工会"
    for bad in ("", "a/b", "x" * 101, "a\x00"):
        with pytest.raises(Invalid):
            clean_name(bad)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "12345"}, "name"),
        ({"name": "张" * 61}, "name"),
        ({"identity": "5.19901E+17"}, "identity"),
        ({"identity": "519901200506150020"}, "identity"),
        ({"birth": "2005-06-16"}, "birth"),
        ({"birth": "2005年7月"}, "birth"),
        ({"identity": "", "birth": "2005年6月"}, "birth"),
        ({"identity": "", "birth": "2099-01-01"}, "birth"),
        ({"identity": "", "birth": "1900-01-01"}, "birth"),
        ({"sex": "男"}, "sex"),
        ({"sex": "不详"}, "sex"),
        ({"phone": "1380000"}, "phone"),
        ({"card_no": "会员001"}, "card_no"),
        ({"post": "长" * 61}, "post"),
        ({"joined_on": "2999-01-01"}, "joined_on"),
        ({"consent": "也许"}, "consent"),
        ({"kind": "没有这一类"}, "kind"),
    ],
)
async def test_refused_cells_name_their_field(org: OrgKit, given: dict[str, str], field: str) -> None:
    raw = {**person(org, identity=identity_number()), **given}
    with pytest.raises(Invalid) as refused:
        read_entry(org, raw, unit_id=None)  # type: ignore[arg-type]
    assert set(refused.value.fields) == {field}
    assert all(str(v) not in refused.value.fields[field] for v in given.values() if v)


async def test_all_problems_are_told_at_once(org: OrgKit) -> None:
    with pytest.raises(Invalid) as refused:
        read_entry(org, {"name": "", "phone": "1", "sex": "?", "kind": "?"}, unit_id=None)  # type: ignore[arg-type]
    assert set(refused.value.fields) == {"name", "phone", "sex", "kind"}


async def test_birth_and_sex_come_from_the_number(org: OrgKit) -> None:
    raw = person(org, birth="2005年6月")
    entry = read_entry(org, raw, unit_id=None)  # type: ignore[arg-type]
    assert (entry.birth, entry.sex) == (date(2005, 6, 15), "f")
