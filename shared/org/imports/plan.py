"""The dry run: each line becomes new, changed, same or refused with reasons; the roll is not touched."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from shared.kit import clock
from shared.kit.pii import name_key
from shared.org.bulk import breathing, update_columns
from shared.org.imports.cells import Trouble, unseal
from shared.org.imports.columns import Table, is_people, load
from shared.org.imports.lease import enter, hold, touch
from shared.org.imports.lines import Keys, Line, Reader, keys_of
from shared.org.imports.models import ImportBatch, ImportRow, ImportUnit
from shared.org.imports.places import Places
from shared.org.imports.sums import outcome_sums
from shared.org.imports.twins import Twins
from shared.org.kit import OrgKit
from shared.org.members import FieldChange, Match, Member, difference, find_same, foreseen
from shared.org.units import Unit, in_scope, units_by_id

CHUNK = 500
_WHY = {
    "name+birth+phone": "按姓名、出生日期和手机号认定是同一人",
    "name+birth+unit": "按姓名、出生日期和单位认定是同一人",
}
_BLANK: dict[str, Any] = {
    "outcome": "ignored", "wants_look": False, "doubted": False, "state": "",
    "name": "", "last4": "", "note": "", "changes": [], "troubles": [],
    "unit_id": None, "member_id": None, "member_version": None,
    "key_identity": None, "key_phone": None, "key_unit": None, "key_card": None,
}  # fmt: skip


async def make_plan(org: OrgKit, batch_id: UUID, lease: UUID) -> None:
    """Plan the batch in chunks, from where it stands (a restarted worker begins at `done`)."""
    planner: _Planner | None = None
    while True:
        async with org.kit.database.transaction() as session:
            batch = await hold(session, batch_id, lease, "planning")
            if planner is None:
                planner = _Planner(org, batch)
                await planner.begin(session, batch)
            rows = await _next(session, batch)
            if not rows:
                await _finish(session, batch)
                return
            await planner.chunk(session, rows)
            batch.done = rows[-1].line
            touch(batch)


async def _next(session: AsyncSession, batch: ImportBatch) -> Sequence[Any]:
    columns = (ImportRow.line, ImportRow.sheet, ImportRow.row, ImportRow.cells)
    query = select(*columns).where(ImportRow.batch_id == batch.id, ImportRow.line > batch.done)
    return (await session.execute(query.order_by(ImportRow.line).limit(CHUNK))).all()


class _Planner:
    """What stays the same from chunk to chunk."""

    def __init__(self, org: OrgKit, batch: ImportBatch) -> None:
        self._org, self._batch_id, self._scope = org, batch.id, batch.scope
        self._tables: dict[int, Table] = {t.sheet: t for t in load(batch.tables)}
        self._places = Places(org, batch.id, batch.scope)
        self._twins = Twins(org, batch.id)

    async def begin(self, session: AsyncSession, batch: ImportBatch) -> None:
        if batch.done == 0:
            await session.execute(update(ImportUnit).where(ImportUnit.batch_id == batch.id).values(people=0))
        await self._places.begin(session)
        self._reader = Reader(self._org, list(self._tables.values()), self._places)

    async def chunk(self, session: AsyncSession, rows: Sequence[Any]) -> None:
        lines, changes = [], {row.line: dict(_BLANK) for row in rows}
        async for row in breathing(rows):
            cells = unseal(self._org.kit.cipher, self._batch_id, row.cells)
            if is_people(cells, row.row, self._tables[row.sheet]):
                lines.append(self._reader.line(row.line, row.sheet, row.row, cells))
        await self._places.resolve(session, [line.wanted for line in lines])
        async for line in breathing(lines):
            self._reader.read(line)
        outcomes = await self._outcomes(session, lines)
        for line in lines:
            changes[line.line] |= outcomes[line.line]
        await self._write(session, changes)
        await self._count(session, lines)

    async def _outcomes(self, session: AsyncSession, lines: Sequence[Line]) -> dict[int, dict[str, Any]]:
        org = self._org
        read = [line for line in lines if line.entry]
        matches = await find_same(session, org, [line.entry for line in read if line.entry])
        found = {line.line: match for line, match in zip(read, matches, strict=True) if match}
        keys = {line.line: keys_of(org, line.entry) async for line in breathing(read) if line.entry}
        for line in read:
            if line.line not in found:
                self._reader.ask_policy(line)
            elif not in_scope(found[line.line].member.unit_path, self._scope):
                line.refuse(
                    "", "名册中已有此人，在您管理范围以外的单位", "若是调动，请由双方的上级办理单位调整。"
                )
                line.entry = None
        await self._twins.check(session, read, keys, found)
        facts = await org.policy.load(session, [m.member.id for m in found.values()])
        units = await self._units(session, read, found)
        return {
            line.line: self._outcome(line, found.get(line.line), keys.get(line.line), facts, units)
            async for line in breathing(lines)
        }

    async def _units(
        self, session: AsyncSession, lines: Sequence[Line], found: dict[int, Match]
    ) -> dict[UUID, Unit]:
        """Units by id, those to be founded included, for the words of a change."""
        units = dict(await units_by_id(session, {m.member.unit_id for m in found.values()}))
        for line in lines:
            if line.place:
                known, proposal = line.place.unit, line.place.proposal
                units[line.place.id] = known or Unit(id=line.place.id, name=proposal.name if proposal else "")
        return units

    def _outcome(
        self,
        line: Line,
        match: Match | None,
        keys: Keys | None,
        facts: dict[UUID, dict[str, Any]],
        units: dict[UUID, Unit],
    ) -> dict[str, Any]:
        out: dict[str, Any] = {
            "name": line.name,
            "last4": line.last4,
            "unit_id": line.place.id if line.place else None,
        }
        if keys:
            out |= {
                "key_identity": keys.identity,
                "key_phone": keys.phone,
                "key_unit": keys.unit,
                "key_card": keys.card,
            }
        if line.troubles or line.entry is None:
            return out | {"outcome": "refused", "troubles": [t.as_dict() for t in line.troubles]}
        if match is None:
            doubts = self._org.policy.doubts(line.entry, clock.today())
            note = _remarked(self._newcomer(line, units, doubts), line.months.values())
            return out | {"outcome": "new", "note": note, "doubted": bool(doubts)}
        member = match.member
        found = difference(self._org, member, facts.get(member.id, {}), line.entry, units=units)
        out |= {"member_id": member.id, "note": _WHY.get(match.why, "")}
        if not found:
            return out | {"outcome": "same"}
        fields = {c.field for c in found}
        if problem := foreseen(self._org, member, facts.get(member.id, {}), line.entry, fields):
            trouble = Trouble("", "", problem.title.rstrip("。"), problem.hint or "")
            return out | {"outcome": "refused", "troubles": [trouble.as_dict()]}
        out |= {"outcome": "changed", "changes": [asdict(c) for c in found], **_look(member, line, found)}
        months = [line.months[c.field] for c in found if c.field in line.months]
        return out | {"note": _remarked(out["note"], months)}

    def _newcomer(self, line: Line, units: dict[UUID, Unit], doubts: Sequence[str]) -> str:
        assert line.entry
        kind = next((k.title for k in self._org.policy.kinds if k.code == line.entry.kind), "")
        parts = [units[line.entry.unit_id].name, kind, line.entry.post or ""]
        if line.entry.joined_on:
            parts.append(
                f"{line.entry.joined_on.year}年{line.entry.joined_on.month}月{self._org.profile.terms.joined[:2]}"
            )
        plain = "，".join(p for p in parts if p)
        if not doubts:
            return plain
        pending = self._org.policy.standings.get("pending", "待核对")
        return f"{plain}。须核对：{'；'.join(doubts)}，登记后为{pending}"

    async def _write(self, session: AsyncSession, changes: dict[int, dict[str, Any]]) -> None:
        columns: dict[str, Sequence[Any]] = {"line": list(changes)}
        columns |= {name: [values[name] for values in changes.values()] for name in _BLANK}
        mine = ImportRow.batch_id == self._batch_id
        await update_columns(session, ImportRow.__table__, "line", columns, mine)

    async def _count(self, session: AsyncSession, lines: Sequence[Line]) -> None:
        """Proposed units that these lines need, with how many people."""
        people: dict[UUID, int] = {}
        for line in lines:
            if line.entry and line.place and line.place.proposal:
                people[line.place.proposal.id] = people.get(line.place.proposal.id, 0) + 1
        await self._places.keep(session, people)


def _remarked(note: str, months: Iterable[str]) -> str:
    """The note with what happens to dates that are written to the month."""
    titles = "、".join(months)
    return "；".join(filter(None, (note, f"{titles}只写到月，按当月1日登记" if titles else "")))


def _look(member: Member, line: Line, found: Sequence[FieldChange]) -> dict[str, Any]:
    """A name that changes under the same number is looked at by a person before it is written."""
    if not any(c.field == "name" for c in found):
        return {}
    if name_key(member.name) == name_key(line.name):
        return {"wants_look": True, "note": "同一身份证号，只是写法不同（繁简），请核对原件"}
    return {"wants_look": True, "note": "同一身份证号，姓名不同，请核对原件"}


async def _finish(session: AsyncSession, batch: ImportBatch) -> None:
    needed = select(ImportUnit.parent_id).where(
        ImportUnit.batch_id == batch.id, ImportUnit.parent_id.is_not(None)
    )
    unused = (ImportUnit.batch_id == batch.id, ImportUnit.people == 0, ImportUnit.id.not_in(needed))
    while (await session.execute(delete(ImportUnit).where(*unused).returning(ImportUnit.id))).first():
        pass
    batch.sums = await outcome_sums(session, batch.id)
    enter(batch, "ready")
