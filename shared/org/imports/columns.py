"""Finding the head of a table below its titles, what its columns mean, and which lines are no people."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from shared.org.imports.aliases import REQUIRED, UNIT, FieldInfo, Titles, fold_title
from shared.org.imports.cells import Cell, plain, without_number

HEAD_WITHIN = 40
SURE = 0.9
_TOTALS = re.compile(r"^(合计|总计|小计|共计|总数|总人数)")
_REMARKS = re.compile(r"^(填表|填报|制表|审核|备注|说明|注[:：]|联系人|负责人|单位.{0,4}盖章)")
_DATA = re.compile(r"\d{6,}|^\d{4}[-/.年]")
_NUMBER = re.compile(r"\d{6,}|(?:\d[ -]?){9,}")
_NUMBER_BUT_FOUR = re.compile(r"\d(?=(?:[ -]?[\dXx]){4})")
_DISTRICT = re.compile(r"^.{1,10}[区县市旗]$")


@dataclass
class Table:
    """One sheet: where its head is and what each column means (field code or '')."""

    sheet: int
    name: str
    head: int = 0
    """row number of the (lower line of the) head; 0 = none was found and the sheet is left out"""
    upper: int = 0
    """row number of the upper line of a head in two lines, else 0"""
    titles: list[str] = field(default_factory=list)
    fields: list[str] = field(default_factory=list)
    confidence: list[float] = field(default_factory=list)
    samples: list[list[str]] = field(default_factory=list)
    rows: int = 0
    district: str = ""
    """stands for the units above when only the sheet's name tells the district"""
    remembered: bool = False
    hidden: bool = False
    """the sheet is hidden in the workbook: nothing of it was read"""

    @property
    def shape(self) -> str:
        """What the mapping is remembered by: the titles, in order."""
        return hashlib.sha256("\x1f".join(map(fold_title, self.titles)).encode()).hexdigest()

    @property
    def used(self) -> bool:
        """Whether the sheet holds people."""
        return self.head > 0

    def missing(self) -> list[str]:
        """Required fields no column stands for."""
        return [code for code in REQUIRED if code not in self.fields and not (code == UNIT and self.district)]

    def sure(self) -> bool:
        """Whether staff need not look: everything needed is there and nothing was guessed."""
        guessed = any(f and c < SURE for f, c in zip(self.fields, self.confidence, strict=True))
        return self.used and not self.missing() and (self.remembered or not guessed)

    def dump(self) -> dict[str, Any]:
        return asdict(self)


def load(stored: Sequence[Mapping[str, Any]]) -> list[Table]:
    """Tables as they were stored with the batch."""
    return [Table(**each) for each in stored]


def find_head(rows: Sequence[tuple[int, list[Cell]]], titles: Titles) -> tuple[int, int, list[str]]:
    """Row numbers of head and upper head and the titles; (0, 0, []) when no row looks like one."""
    best: tuple[float, int, int, list[str]] = (1.5, 0, 0, [])
    texts = [(number, [plain(c) for c in cells]) for number, cells in rows]
    for position, (number, line) in enumerate(texts):
        if _looks_like_data(line):
            continue
        hits = _hits(line, titles)
        if hits > best[0]:
            best = (hits, number, 0, line)
        if position and texts[position - 1][0] == number - 1:
            both = _merged(texts[position - 1][1], line)
            alone = max(hits, _hits(texts[position - 1][1], titles))
            if _hits(both, titles) > max(best[0], alone):
                best = (_hits(both, titles), number, number - 1, both)
    return best[1], best[2], best[3]


def _hits(line: Sequence[str], titles: Titles) -> float:
    guesses = {
        g.code: g.confidence for text in line if text and len(text) <= 30 and (g := titles.guess(text))
    }
    return sum(guesses.values())


def _looks_like_data(line: Sequence[str]) -> bool:
    return sum(bool(_DATA.search(text)) for text in line) > 1


def _merged(upper: Sequence[str], lower: Sequence[str]) -> list[str]:
    """Two lines of head: the lower word where there is one, else the upper."""
    width = max(len(upper), len(lower))
    above = [*upper, *[""] * (width - len(upper))]
    below = [*lower, *[""] * (width - len(lower))]
    return [b or a for a, b in zip(above, below, strict=True)]


def recognise(
    sheet: int,
    name: str,
    rows: Sequence[tuple[int, list[Cell]]],
    titles: Titles,
    remembered: Mapping[str, Sequence[str]],
) -> Table:
    """The table of a sheet out of its first rows."""
    head, upper, found = find_head(rows[:HEAD_WITHIN], titles)
    return with_head(Table(sheet=sheet, name=name), head, upper, found, rows, titles, remembered)


def with_head(
    table: Table,
    head: int,
    upper: int,
    found: Sequence[str],
    rows: Sequence[tuple[int, list[Cell]]],
    titles: Titles,
    remembered: Mapping[str, Sequence[str]],
) -> Table:
    """The table with this head: fields by title, each field once, samples for the eye."""
    table.head, table.upper, table.titles = head, upper, [without_number(t) for t in found]
    table.samples = _samples(rows, head, len(found))
    guesses = [titles.guess(t) if t else None for t in found]
    fields = [g.code if g else "" for g in guesses]
    confidence = [g.confidence if g else 1.0 for g in guesses]
    loose = fields.count(UNIT)
    for column, code in enumerate(fields):
        rivals = [c for c, other in enumerate(fields) if other == code and code]
        best = max(rivals, key=lambda c: (confidence[c], -c), default=column)
        if code and best != column:
            fields[column], confidence[column] = "", 1.0
    if fields.count(UNIT) == loose == 1:  # the only column it can be; the check shows what comes of it
        unit = fields.index(UNIT)
        confidence[unit] = max(SURE, confidence[unit])
    table.fields, table.confidence, table.remembered = fields, confidence, False
    if (known := remembered.get(table.shape)) and len(known) == len(fields):
        table.fields = [code if code in titles.by_code else "" for code in known]
        table.confidence, table.remembered = [1.0] * len(fields), True
    table.district = table.name if _DISTRICT.match(table.name) and "district" not in table.fields else ""
    return table


def _samples(rows: Sequence[tuple[int, list[Cell]]], head: int, width: int) -> list[list[str]]:
    below = [cells for number, cells in rows if number > head][:3]
    return [[_hidden(plain(c[i])) if i < len(c) else "" for c in below] for i in range(width)]


def _hidden(text: str) -> str:
    """A sample tells what kind of thing stands there, not whose."""
    text = without_number(text)
    return (_NUMBER_BUT_FOUR.sub("*", text) if _NUMBER.search(text) else text)[:18]


def is_people(cells: Sequence[Cell], number: int, table: Table) -> bool:
    """Whether a row is a line of the roster: not above the head, no total, remark or repeated head."""
    if not table.used or number <= table.head:
        return False
    texts = [plain(c) for c in cells]
    written = [t for t in texts if t]
    if not written:
        return False
    first = written[0].replace(" ", "")
    if _TOTALS.match(first) and len(written) <= max(3, len(table.titles) // 2):
        return False
    if _REMARKS.match(first) and len(written) <= 3:
        return False
    mapped = [texts[i] for i, code in enumerate(table.fields) if code and i < len(texts)]
    if not any(mapped):
        return False
    same = sum(
        bool(t) and i < len(table.titles) and fold_title(t) == fold_title(table.titles[i])
        for i, t in enumerate(texts)
    )
    return same < max(2, len(written) * 0.7)


def columns_of(table: Table, titles: Titles) -> list[tuple[int, FieldInfo, str]]:
    """Column number, field and the title offices wrote, for the columns that are imported."""
    return [
        (i, titles.by_code[code], table.titles[i])
        for i, code in enumerate(table.fields)
        if code and code in titles.by_code
    ]
