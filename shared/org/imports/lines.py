"""One line of the roster: from its cells to a person, or to the reasons why not."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from shared.kit import clock
from shared.kit.errors import Invalid, Refused
from shared.kit.pii import name_key
from shared.org.imports.aliases import DISTRICT, UNIT, FieldInfo, Titles
from shared.org.imports.cells import Cell, Trouble, at, masked, objection, plain, raw_of, without_number
from shared.org.imports.columns import Table, columns_of
from shared.org.imports.places import NoPlace, Place, Places, Wanted, names_of
from shared.org.kit import OrgKit
from shared.org.members import GIVE_ONE, NOBODY_KNOWN, read_entry
from shared.org.policy import Entry

NOBODY = UUID(int=0)


@dataclass
class Line:
    """What one row says, read by the batch's mapping."""

    line: int
    row: int
    values: dict[str, Cell]
    titles: dict[str, str]
    wanted: Wanted
    troubles: list[Trouble] = field(default_factory=list)
    place: Place | None = None
    entry: Entry | None = None
    months: dict[str, str] = field(default_factory=dict)
    """titles of the dates that are written to the month, by field: the first of it is what is kept"""

    @property
    def name(self) -> str:
        return self.entry.name if self.entry else without_number(plain(self.values.get("name", "")))[:60]

    @property
    def last4(self) -> str:
        if self.entry and self.entry.identity:
            return self.entry.identity.last4
        text = plain(self.values.get("identity", ""))
        return text[-4:] if len(text) >= 15 and text.isalnum() else ""

    def refuse(self, code: str, reason: str, hint: str = "") -> None:
        """Note why; `code` is the field at fault or '' for the line as a whole."""
        text = plain(self.values.get(code, ""))
        shown = "" if isinstance(self.values.get(code), list) and code == "identity" else masked(code, text)
        self.troubles.append(Trouble(self.titles.get(code, ""), shown, without_number(reason), hint))


class Reader:
    """Reads lines by tables (mapping per sheet)."""

    def __init__(self, org: OrgKit, tables: Sequence[Table], places: Places) -> None:
        self._org, self._places = org, places
        titles = Titles(org)
        self._columns = {t.sheet: columns_of(t, titles) for t in tables}
        self._above = {t.sheet: places.district(t.district) if t.district else "" for t in tables}
        self._by_code: dict[str, FieldInfo] = titles.by_code

    def line(self, number: int, sheet: int, row: int, cells: Sequence[Cell]) -> Line:
        """The values by field; formulas and spoilt numbers are noted at once."""
        values: dict[str, Cell] = {}
        titles: dict[str, str] = {}
        for column, info, title in self._columns[sheet]:
            values[info.code], titles[info.code] = at(cells, column), title or info.title
        above = self._above[sheet]
        if district := plain(values.get(DISTRICT, "")):
            above = self._places.district(district)
        unit = plain(values.get(UNIT, ""))
        wanted = names_of(unit, above) if unit or not above else (above,)
        line = Line(number, row, values, titles, wanted)
        for code, cell in values.items():
            if found := objection(code, self._by_code[code].kind, cell):
                line.refuse(code, *found)
        return line

    def read(self, line: Line) -> None:
        """Place and person; everything that is wrong is noted, so that one round of mending is enough."""
        place = self._places[line.wanted]
        if isinstance(place, NoPlace):
            line.refuse(UNIT, place.reason, place.hint)
        else:
            line.place = place
        spoilt = {
            code for code, cell in line.values.items() if objection(code, self._by_code[code].kind, cell)
        }
        raw = raw_of({c: v for c, v in line.values.items() if c not in spoilt})
        try:
            entry = read_entry(self._org, raw, line.place.id if line.place else NOBODY)
        except Invalid as invalid:
            for code, text in invalid.fields.items():
                if code not in spoilt:
                    reason, _, hint = text.rstrip("。").partition("。")
                    line.refuse(code, reason, f"{hint}。" if hint else "请对照原始材料改正。")
            return
        if not line.troubles and entry.identity is None and entry.birth is None:
            line.refuse("", NOBODY_KNOWN, GIVE_ONE)
        if not line.troubles:
            line.entry = entry
            line.months = {code: self._by_code[code].title for code in entry.months}

    def entry(self, line: Line, unit_id: UUID) -> Entry:
        """The person of a line planned before, at a unit that exists by now; else Invalid."""
        return read_entry(self._org, raw_of(line.values), unit_id)

    def ask_policy(self, line: Line) -> None:
        """Whether the person may come onto the roll today."""
        if line.entry is None:
            return
        try:
            self._org.policy.check(line.entry, clock.today())
        except Refused as refused:
            line.refuse("", refused.title, refused.hint)
            line.entry = None


@dataclass(frozen=True)
class Keys:
    """What makes two lines of one file the same person in the same place."""

    identity: UUID | None
    phone: UUID | None
    unit: UUID | None
    card: UUID | None


def keys_of(org: OrgKit, entry: Entry) -> Keys:
    """Keyed hashes; with a number the number decides, else name and birth date with phone or unit."""
    token = org.tokens.token
    number = org.tokens.identity_token(entry.identity) if entry.identity else None
    named = org.policy.exclusive_key(entry, number, NOBODY) or ""
    unnamed = org.policy.exclusive_key(entry, None, NOBODY) or ""
    identity = token("import|identity", str(number), named) if number else None
    phone = unit = None
    if entry.birth:
        who = (name_key(entry.name), entry.birth.isoformat(), unnamed)
        phone = token("import|phone", *who, entry.phone) if entry.phone else None
        unit = token("import|unit", *who, str(entry.unit_id))
    card = token("import|card", entry.card_no) if entry.card_no else None
    return Keys(identity, phone, unit, card)
