"""How the three offices fill in their rosters: columns in their order, dates and phones by hand."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from deploy.demo.draw import Urn, stream
from deploy.demo.organisations import PROFILES
from deploy.demo.places import Organisation
from deploy.demo.records import Record

DATES = Urn[str](
    {
        "{y}-{m:02}-{d:02}": 5,
        "{y}{m:02}{d:02}": 2,
        "{y}/{m}/{d}": 1,
        "{y}.{m:02}.{d:02}": 1,
        "{y}年{m}月{d}日": 1,
    }
)
PHONES = Urn[str]({"{0}{1}{2}": 90, "{0} {1} {2}": 4, "{0}-{1}-{2}": 4, "+86 {0}{1}{2}": 2})
LAST_X = Urn[str]({"X": 80, "x": 15, "Ｘ": 5})


class Hand:
    """Somebody filling in forms: the same thing is written in several ways."""

    def __init__(self, seed: int, city: str, *, sheets: bool) -> None:
        self.city, self.sheets = city, sheets
        self._chance = stream(seed, "hand")

    def day(self, iso: str) -> str:
        """A date in one of five forms."""
        if not iso:
            return ""
        at = date.fromisoformat(iso)
        return DATES.draw(self._chance).format(y=at.year, m=at.month, d=at.day)

    def month(self, iso: str) -> str:
        """Year and month."""
        at = date.fromisoformat(iso)
        return f"{at.year}年{at.month}月"

    def phone(self, number: str) -> str:
        """A phone with or without blanks."""
        if not number:
            return ""
        return PHONES.draw(self._chance).format(number[:3], number[3:7], number[7:])

    def identity(self, number: str) -> str:
        """An identity number; its X comes in three shapes."""
        return number[:-1] + LAST_X.draw(self._chance) if number.endswith("X") else number

    def path(self, record: Record) -> str:
        """The unit with everything above it."""
        top = PROFILES[record.organisation].name.format(city=self.city)
        return "/".join((top, *record.place.path))

    def place(self, record: Record) -> str:
        """The unit from its district down, or below it where the district is the sheet's name."""
        return "/".join(record.place.path[1:] if self.sheets else record.place.path)


@dataclass(frozen=True)
class Roster:
    """One organisation's form. `form` is how its office sends it."""

    file: str
    form: str
    columns: tuple[str, ...]
    line: Callable[[Hand, Record], tuple[str, ...]]
    by_district: bool = False
    """one sheet per district, named after it"""


def _union(hand: Hand, record: Record) -> tuple[str, ...]:
    c = record.cells
    return (
        c["name"], c["sex"], hand.day(c["birth"]), hand.identity(c["identity"]), hand.phone(c["phone"]),
        hand.path(record), c["employer"], c["new_form"], hand.month(c["joined_on"]),
    )  # fmt: skip


def _league(hand: Hand, record: Record) -> tuple[str, ...]:
    c = record.cells
    return (
        c["name"], c["sex"], hand.day(c["birth"]), hand.identity(c["identity"]), hand.phone(c["phone"]),
        hand.path(record), c["card_no"], c["joined_on"],
    )  # fmt: skip


def _womens(hand: Hand, record: Record) -> tuple[str, ...]:
    c = record.cells
    return (
        c["name"], hand.day(c["birth"]), hand.identity(c["identity"]), hand.phone(c["phone"]),
        hand.place(record), c["kind"], c["consent"],
    )  # fmt: skip


ROSTERS: dict[Organisation, Roster] = {
    "union": Roster(
        "union-会员花名册", "xlsx",
        (
            "姓名", "性别", "出生日期", "公民身份号码", "联系电话", "所在工会", "工作单位", "是否新就业形态",
            "入会时间",
        ),
        _union,
    ),
    "league": Roster(
        "league-团员名册", "gb18030",
        ("姓名", "性别", "出生年月日", "身份证号", "手机", "所在团组织", "团员证编号", "入团时间"),
        _league,
    ),
    "womens": Roster(
        "womens-执委和联系人名册", "xlsx",
        ("姓名", "出生日期", "身份证号码", "联系方式", "所在妇联组织", "身份", "同意信息共享"),
        _womens, by_district=True,
    ),
}  # fmt: skip
