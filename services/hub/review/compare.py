"""Two records side by side, what cannot be true of one person marked: pure."""

from dataclasses import dataclass
from difflib import SequenceMatcher

from services.hub.persons import Affiliated

Part = tuple[str, bool]
"""A piece of a value, and whether the other record has something else there."""


OF_THE_RECORD = ("单位", "区县", "现状")
"""What one person rightly has differently in each organisation: shown, not compared."""


@dataclass(frozen=True)
class Line:
    """One line of the comparison; an empty value was not registered."""

    label: str
    first: tuple[Part, ...]
    second: tuple[Part, ...]

    @property
    def differs(self) -> bool:
        """Whether the two say different things of one person, or only one says anything."""
        said = ("".join(text for text, _ in parts) for parts in (self.first, self.second))
        return self.label not in OF_THE_RECORD and len(set(said)) > 1

    @property
    def one_sided(self) -> bool:
        """Whether one of the two says nothing, which contradicts nothing."""
        return not (self.first and self.second)


ALIKE = 0.6
"""Values less alike than this are marked as a whole: single characters they share mean nothing."""
_SEXES = {"f": "女", "m": "男"}


def compare(one: Affiliated, other: Affiliated) -> list[Line]:
    """What both records say, line by line."""
    values = zip(_values(one), _values(other), strict=True)
    return [_line(label, x, y) for (label, x), (_, y) in values]


def _values(r: Affiliated) -> list[tuple[str, str]]:
    born = str(r.birth_year) if r.birth_year else ""
    return [
        ("姓名", r.name),
        ("曾用名", "、".join(r.former_names)),
        ("性别", _SEXES.get(r.sex or "", "")),
        ("出生年份", born),
        ("证件号", r.identity_mask or ""),
        ("手机号", r.phone_mask or ""),
        ("单位", " / ".join(r.unit_names)),
        ("区县", r.district or ""),
        ("现状", r.standing_title),
    ]


def _line(label: str, x: str, y: str) -> Line:
    if label in OF_THE_RECORD:
        return Line(label, ((x, False),) if x else (), ((y, False),) if y else ())
    matcher = SequenceMatcher(None, x, y, autojunk=False)
    if x and y and matcher.ratio() < ALIKE:
        return Line(label, ((x, True),), ((y, True),))
    first, second = list[Part](), list[Part]()
    for tag, a, b, c, d in matcher.get_opcodes():
        marked = tag != "equal" and bool(x and y)  # one that is missing contradicts nothing
        first += [(x[a:b], marked)] if x[a:b] else []
        second += [(y[c:d], marked)] if y[c:d] else []
    return Line(label, tuple(first), tuple(second))
