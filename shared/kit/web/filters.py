"""Numbers, dates and waiting times as staff read them."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from markupsafe import Markup, escape

from shared.kit import clock
from shared.kit.calendar import HERE, Written
from shared.kit.web.apart import Apart
from shared.kit.web.i18n import get_locale

ZONE = ZoneInfo("Asia/Shanghai")
MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
SOON = timedelta(hours=24)


def number(value: float) -> str:
    """12345 -> 12,345."""
    return f"{value:,}"


def _local(value: date | datetime) -> date | datetime:
    if not isinstance(value, datetime):
        return value
    return (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(ZONE)


def day(value: date | datetime | None) -> str:
    """9月17日, with the year when it is another one."""
    if value is None:
        return "—"
    local = _local(value)
    other_year = local.year != clock.today().year
    if get_locale() == "en":
        text = f"{local.day} {MONTHS[local.month - 1]}"
        return f"{text} {local.year}" if other_year else text
    text = f"{local.month}月{local.day}日"
    return f"{local.year}年{text}" if other_year else text


def month(value: date | datetime | None) -> str:
    """2021年3月."""
    if value is None:
        return "—"
    local = _local(value)
    if get_locale() == "en":
        return f"{MONTHS[local.month - 1]} {local.year}"
    return f"{local.year}年{local.month}月"


def moment(value: datetime | None) -> str:
    """9月17日 9:16."""
    if value is None:
        return "—"
    local = _local(value)
    assert isinstance(local, datetime)
    return f"{day(local)} {local.hour}:{local.minute:02}"


def written_moment(value: str) -> str:
    """A moment that is stored as text, as `moment` shows it."""
    return moment(datetime.fromisoformat(value))


def hour_minute(value: datetime) -> str:
    """09:16, as an input of type time wants it."""
    local = _local(value)
    assert isinstance(local, datetime)
    return f"{local:%H:%M}"


def until(start: datetime, end: datetime) -> str:
    """9月17日 9:16—11:00, to 24:00 when the day ends with it; another day is named too."""
    if iso_day(start) != iso_day(end - timedelta(microseconds=1)):
        return f"{moment(start)}—{moment(end)}"
    minutes = day_minute(end) or 24 * 60
    return f"{moment(start)}—{minutes // 60}:{minutes % 60:02}"


def iso_day(value: datetime) -> str:
    """2026-09-17, the day in China, for addresses and inputs of type date."""
    local = _local(value)
    assert isinstance(local, datetime)
    return local.date().isoformat()


def day_minute(value: datetime) -> int:
    """556 for 9:16: minutes since midnight in China."""
    local = _local(value)
    assert isinstance(local, datetime)
    return local.hour * 60 + local.minute


def age(born: date | None) -> int | None:
    """Full years today."""
    if born is None:
        return None
    today = clock.today()
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


def ago(value: datetime | None) -> str:
    """刚刚, 5分钟前, 3小时前, then the day and time."""
    if value is None:
        return "—"
    passed = clock.now() - (value if value.tzinfo else value.replace(tzinfo=UTC))
    minutes = int(passed.total_seconds() // 60)
    english = get_locale() == "en"
    if minutes < 1:
        return "just now" if english else "刚刚"
    if minutes < 60:
        return f"{minutes} min ago" if english else f"{minutes}分钟前"
    if minutes < 24 * 60:
        return f"{minutes // 60} h ago" if english else f"{minutes // 60}小时前"
    return moment(value)


def left(value: datetime) -> str:
    """余3天, 余5小时20分, 已超1天: the time until a deadline."""
    rest = (value if value.tzinfo else value.replace(tzinfo=UTC)) - clock.now()
    minutes = int(abs(rest).total_seconds() // 60)
    days, hours = minutes // 1440, minutes % 1440 // 60
    english = get_locale() == "en"
    if days:
        span = f"{days} d" if english else f"{days}天"
    elif hours:
        span = f"{hours} h {minutes % 60} min" if english else f"{hours}小时{minutes % 60}分"
    else:
        span = f"{minutes} min" if english else f"{minutes}分"
    over = rest < timedelta()
    if english:
        return f"{span} over" if over else f"{span} left"
    return f"已超{span}" if over else f"余{span}"


def urgency(value: datetime) -> str:
    """over, soon or an empty text: the CSS class of a deadline."""
    rest = (value if value.tzinfo else value.replace(tzinfo=UTC)) - clock.now()
    if rest < timedelta():
        return "over"
    return "soon" if rest < SOON else ""


def placed(rows: Iterable[Written], here: str, apart: Apart) -> Markup:
    """Rows of a grid that were written for any page, on this one."""
    return apart.put(b"".join(row.content for row in rows).replace(HERE.encode(), escape(here).encode()))


FILTERS = {
    "placed": placed,
    "num": number, "date": day, "month": month, "datetime": moment, "hm": hour_minute, "until": until,
    "iso_day": iso_day, "day_minute": day_minute, "moment_text": written_moment,
    "age": age, "ago": ago, "left": left, "urgency": urgency,
}  # fmt: skip
