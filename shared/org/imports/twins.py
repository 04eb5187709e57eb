"""The same person, or the same card, twice in one file, or a card that is somebody else's on the roll."""

# ruff: noqa: S608 - the statement is put together from constants of this module; values are parameters

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.org.bulk import among
from shared.org.imports.lines import Keys, Line
from shared.org.kit import OrgKit
from shared.org.members import Match, Member

_SEEN = ("line", "row", "key_identity", "key_phone", "key_unit", "key_card", "member_id")
_MOST = 100
# The limit makes it a loop over the index of each key: anything else reads all earlier lines for each chunk
_EARLIER = text(
    " union ".join(
        f"select {', '.join(f'r.{name}' for name in _SEEN)} from unnest(cast(:{key} as uuid[])) k(key)"
        f" cross join lateral (select * from import_row where batch_id = :batch and {key} = k.key"
        f" and line < :before and outcome in ('new', 'changed', 'same') order by line limit {_MOST}) r"
        for key in ("key_identity", "key_phone", "key_unit", "key_card", "member_id")
    )
)


@dataclass(frozen=True)
class _Seen:
    """An earlier line that will be written."""

    line: int
    row: int
    identity: UUID | None
    phone: UUID | None
    unit: UUID | None
    card: UUID | None
    member: UUID | None


class Twins:
    """Checks the lines of a chunk against all earlier lines of the file and against the roll."""

    def __init__(self, org: OrgKit, batch_id: UUID) -> None:
        self._org, self._batch = org, batch_id

    async def check(
        self,
        session: AsyncSession,
        lines: Sequence[Line],
        keys: Mapping[int, Keys],
        found: Mapping[int, Match],
    ) -> None:
        """Refuse the later of two lines that are one person; the earlier stays."""
        usable = [line for line in lines if line.entry]
        if not usable:
            return
        index = _Index(await self._earlier(session, usable, keys, found))
        taken = await self._cards(session, usable)
        for line in usable:
            mine, match = keys[line.line], found.get(line.line)
            member = match.member.id if match else None
            twin = index.twin(mine, member)
            card = line.entry.card_no if line.entry else None
            if twin:
                line.refuse("", f"与第{twin.row}行是同一人", "请保留其中一行，另一行不写入。")
            elif other := index.card(mine):
                line.refuse(
                    "card_no",
                    f"与第{other.row}行的{self._org.profile.terms.card}相同",
                    "请对照证件改正其中一行。",
                )
            elif card in taken and taken[card] != member:
                line.refuse(
                    "card_no", f"{self._org.profile.terms.card}已登记在别人名下", "请对照证件核对编号。"
                )
            else:
                index.add(_Seen(line.line, line.row, mine.identity, mine.phone, mine.unit, mine.card, member))
                continue
            line.entry = None

    async def _earlier(
        self,
        session: AsyncSession,
        lines: Sequence[Line],
        keys: Mapping[int, Keys],
        found: Mapping[int, Match],
    ) -> list[_Seen]:
        mine = [keys[line.line] for line in lines]
        asked: dict[str, Iterable[UUID | None]] = {
            "key_identity": (k.identity for k in mine),
            "key_phone": (k.phone for k in mine),
            "key_unit": (k.unit for k in mine),
            "key_card": (k.card for k in mine),
            "member_id": (m.member.id for m in found.values()),
        }
        given = {column: [v for v in values if v] for column, values in asked.items()}
        if not any(given.values()):
            return []
        rows = await session.execute(_EARLIER, {**given, "batch": self._batch, "before": lines[0].line})
        return [_Seen(*row) for row in rows]

    async def _cards(self, session: AsyncSession, lines: Sequence[Line]) -> dict[str | None, UUID]:
        cards = {line.entry.card_no for line in lines if line.entry and line.entry.card_no}
        if not cards:
            return {}
        query = select(Member.card_no, Member.id).where(
            among(Member.card_no, cards), Member.standing != "left"
        )
        return dict((await session.execute(query)).all())


class _Index:
    """Earlier lines by each of their keys."""

    def __init__(self, seen: Iterable[_Seen]) -> None:
        self._by: dict[tuple[str, UUID], list[_Seen]] = {}
        for each in seen:
            self.add(each)

    def add(self, seen: _Seen) -> None:
        for name in ("identity", "phone", "unit", "card", "member"):
            key = getattr(seen, name)
            if key:
                self._by.setdefault((name, key), []).append(seen)

    def _found(self, name: str, key: UUID | None) -> list[_Seen]:
        return self._by.get((name, key), []) if key else []

    def twin(self, mine: Keys, member: UUID | None) -> _Seen | None:
        """The earlier line of this person: by number, member, or name and birth without contradiction."""
        for seen in (*self._found("identity", mine.identity), *self._found("member", member)):
            return seen
        for seen in self._found("phone", mine.phone):
            if _agree(mine.identity, seen.identity):
                return seen
        for seen in self._found("unit", mine.unit):
            if _agree(mine.identity, seen.identity) and _agree(mine.phone, seen.phone):
                return seen
        return None

    def card(self, mine: Keys) -> _Seen | None:
        return next(iter(self._found("card", mine.card)), None)


def _agree(one: UUID | None, other: UUID | None) -> bool:
    return one is None or other is None or one == other
