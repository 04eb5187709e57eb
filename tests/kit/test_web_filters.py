"""Numbers, dates and waiting times as staff read them."""

from datetime import UTC, date, datetime, timedelta

import pytest

from shared.kit import clock
from shared.kit.web import filters
from shared.kit.web.i18n import gettext, lazy_gettext, set_locale

NOW = datetime(2026, 9, 17, 1, 16, tzinfo=UTC)  # 9:16 in China


@pytest.fixture(autouse=True)
def at_nine_sixteen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOW)
    set_locale("zh-CN")


def test_numbers() -> None:
    assert filters.number(31400) == "31,400"
    assert [filters.number(n) for n in (86, 14_203, 4_651_000)] == ["86", "14,203", "4,651,000"]


def test_days_are_chinese_days_and_the_year_shows_when_it_is_another() -> None:
    assert filters.day(NOW) == "9月17日"
    assert filters.day(datetime(2026, 9, 16, 16, 30, tzinfo=UTC)) == "9月17日"
    assert filters.day(date(2025, 9, 17)) == "2025年9月17日"
    assert filters.moment(NOW) == "9月17日 9:16"
    assert filters.moment(datetime(2025, 12, 31, 16, 5, tzinfo=UTC)) == "1月1日 0:05"
    assert filters.month(date(2021, 3, 8)) == "2021年3月"
    assert (filters.day(None), filters.moment(None), filters.month(None)) == ("—", "—", "—")


def test_from_when_until_when() -> None:
    hour = timedelta(hours=1)
    assert filters.until(NOW, NOW + 2 * hour) == "9月17日 9:16—11:16"
    assert filters.until(NOW, datetime(2026, 9, 17, 16, tzinfo=UTC)) == "9月17日 9:16—24:00"
    assert filters.until(NOW, NOW + 24 * hour) == "9月17日 9:16—9月18日 9:16"


def test_age_counts_the_birthday_itself() -> None:
    assert filters.age(date(2008, 9, 17)) == 18
    assert filters.age(date(2008, 9, 18)) == 17
    assert filters.age(date(2008, 2, 29)) == 18
    assert filters.age(None) is None


@pytest.mark.parametrize(
    ("passed", "text"),
    [
        (timedelta(seconds=59), "刚刚"),
        (timedelta(minutes=5), "5分钟前"),
        (timedelta(hours=3, minutes=59), "3小时前"),
        (timedelta(days=1), "9月16日 9:16"),
    ],
)
def test_ago(passed: timedelta, text: str) -> None:
    assert filters.ago(NOW - passed) == text


@pytest.mark.parametrize(
    ("rest", "text", "urgency"),
    [
        (timedelta(days=3, hours=1), "余3天", ""),
        (timedelta(hours=5, minutes=20), "余5小时20分", "soon"),
        (timedelta(minutes=38), "余38分", "soon"),
        (timedelta(days=-1), "已超1天", "over"),
    ],
)
def test_deadlines(rest: timedelta, text: str, urgency: str) -> None:
    assert filters.left(NOW + rest) == text
    assert filters.urgency(NOW + rest) == urgency


def test_english() -> None:
    later = lazy_gettext("登录")
    set_locale("en")
    assert filters.moment(NOW) == "17 Sep 9:16"
    assert filters.day(date(2025, 9, 17)) == "17 Sep 2025"
    assert filters.left(NOW + timedelta(days=2)) == "2 d left"
    assert (gettext("登录"), str(later)) == ("Sign in", "Sign in")
    assert gettext("没有翻译的话") == "没有翻译的话"
    set_locale("zh-CN")
    assert str(later) == "登录"
