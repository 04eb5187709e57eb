"""The only source of time: aware UTC instants and the calendar day in China."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

CHINA = ZoneInfo("Asia/Shanghai")


def now() -> datetime:
    """The present instant, aware, in UTC."""
    return datetime.now(UTC)  # noqa: TID251 - the one place


def today() -> date:
    """The calendar day in China, on which ages and deadlines are reckoned."""
    return now().astimezone(CHINA).date()
