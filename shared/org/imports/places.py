"""From what a line says about its unit to a unit of the tree, or to one that would be founded."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID, uuid4

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from shared.kit.errors import Invalid
from shared.org.bulk import update_columns
from shared.org.imports.models import ImportUnit
from shared.org.kit import OrgKit
from shared.org.units import Unit, children_of, guess_kind, in_scope, resolve_units, top_of
from shared.org.units.rules import DEEPEST, clean_name, comparable

_CUT = re.compile(r"\s*[/／\\＼>＞»→|｜]+\s*")
Wanted = tuple[str, ...]


@dataclass(frozen=True)
class Place:
    """Where a line belongs. `unit` when the tree has it, `proposal` when it would be founded."""

    unit: Unit | None = None
    proposal: ImportUnit | None = None

    @property
    def id(self) -> UUID:
        found = self.unit or self.proposal
        assert found is not None
        return found.id


@dataclass(frozen=True)
class NoPlace:
    """Why a line belongs nowhere."""

    reason: str
    hint: str = ""


def names_of(text: str, above: str = "") -> Wanted:
    """The names from the top as a cell writes them; `above` stands before a cell that names one unit only."""
    names = tuple(n for n in (p.strip() for p in _CUT.split(unicodedata.normalize("NFKC", text))) if n)
    return (above, *names) if above and len(names) == 1 else names


def short(name: str, abbreviations: Sequence[tuple[str, str]]) -> str:
    """A name for comparing tops of trees, shortened as offices do."""
    out = comparable(name)
    for full, brief in abbreviations:
        out = out.replace(full, brief)
    return out


class Places:
    """Finds or proposes units for one batch; remembers what it found."""

    def __init__(self, org: OrgKit, batch_id: UUID, scope: str) -> None:
        self._org, self._batch, self._scope = org, batch_id, scope
        self._found: dict[Wanted, Place | NoPlace] = {}
        self._proposals: dict[str, ImportUnit] = {}
        self._districts: dict[str, str] = {}
        self._told: set[str] = set()
        self._stored: set[UUID] = set()
        self.top: Unit | None = None

    async def begin(self, session: AsyncSession) -> None:
        """Load what an earlier run proposed: names and kinds that staff corrected stay."""
        self.top = await top_of(session)
        rows = await session.scalars(select(ImportUnit).where(ImportUnit.batch_id == self._batch))
        self._proposals = {row.key: row for row in rows}
        self._stored = {row.id for row in self._proposals.values()}
        if self.top is not None:
            for child in await children_of(session, self.top.id):
                self._districts[comparable(child.name)] = child.name

    def district(self, name: str) -> str:
        """The unit a district's name stands for: one that begins with it, else by the usual ending."""
        full = self._district(name)
        self._told.add(full)
        return full

    def _district(self, name: str) -> str:
        plain = comparable(name)
        for known, full in self._districts.items():
            if known.startswith(plain):
                return full
        top_kinds = self._org.profile.kind(self._org.profile.top_kind).children
        for ending, kind in self._org.profile.unit_suffixes.items():
            if kind in top_kinds and ending[:1] == name[-1:] and len(ending) > 1:
                return name[:-1] + ending
        return name

    async def resolve(self, session: AsyncSession, wanted: Iterable[Wanted]) -> None:
        """Look up all paths of a chunk that are not known yet."""
        fresh = [w for w in dict.fromkeys(wanted) if w not in self._found]
        if not fresh:
            return
        asked = {w: self._below_top(w) for w in fresh}
        prefixes = {n[:i] for n in asked.values() for i in range(1, len(n) + 1)}
        units = await resolve_units(session, sorted(prefixes))
        for each in fresh:
            self._found[each] = self._place(asked[each], units, each)

    def __getitem__(self, wanted: Wanted) -> Place | NoPlace:
        return self._found[wanted]

    def _below_top(self, wanted: Wanted) -> Wanted:
        """The path with the top's own name in front when the file writes it a little differently."""
        known = self._org.profile.abbreviations
        if self.top and wanted and short(wanted[0], known) == short(self.top.name, known):
            return (self.top.name, *wanted[1:])
        return wanted

    def _place(self, path: Wanted, units: dict[Wanted, list[Unit]], written: Wanted) -> Place | NoPlace:
        if not path:
            return NoPlace("没有写所在单位", "请填写从上到下的完整名称，用“/”隔开。")
        told = "/".join(written)
        for length in range(len(path), 0, -1):
            found = self._chosen(units[path[:length]])
            if len(found) > 1:
                return NoPlace(
                    f"“{path[length - 1]}”有 {len(found)} 个，分不清是哪一个",
                    "请填写从上到下的完整名称，用“/”隔开。",
                )
            if found:
                return self._at(found[0], path[length:], told)
        above = self.top.name if self.top else self._org.name
        if len(path) > 1 and self.top and path[0] in self._told:  # only the sheet's name told this district
            return self._at(self.top, path, told)
        return NoPlace(
            f"没有“{path[0]}”这个单位", f"请核对名称；新单位请从“{above}”写起，用“/”隔开，系统会提出新建。"
        )

    def _chosen(self, found: Sequence[Unit]) -> Sequence[Unit]:
        """Of several units of one name the only one in the uploader's own range is meant."""
        inside = [u for u in found if in_scope(u.path, self._scope)]
        return inside if len(inside) == 1 else found

    def _at(self, known: Unit, rest: Wanted, told: str) -> Place | NoPlace:
        if not in_scope(known.path, self._scope):
            return NoPlace(f"“{told[:60]}”不在您的管理范围内", "请由该单位或其上级的工作人员导入。")
        if not rest:
            return Place(unit=known)
        proposal: ImportUnit | None = None
        for depth, name in enumerate(rest, 1):
            made = self._propose(known, proposal, name, depth, rest[:depth])
            if isinstance(made, NoPlace):
                return made
            proposal = made
        return Place(proposal=proposal)

    def _propose(
        self, base: Unit, parent: ImportUnit | None, name: str, depth: int, path: Wanted
    ) -> ImportUnit | NoPlace:
        key = f"{base.id}:" + "/".join(map(comparable, path))
        if key in self._proposals:
            return self._proposals[key]
        above = parent.name if parent else base.name
        try:
            clean = clean_name(name)
        except Invalid as error:
            return NoPlace(f"单位名称不能用：{error.title}", "请改正单位名称。")
        if base.depth + depth > DEEPEST:
            return NoPlace(f"单位层级超过 {DEEPEST} 级", "请核对所在单位的写法。")
        kind_above = parent.kind if parent else base.kind
        children = self._org.profile.kind(kind_above).children
        if not children:
            return NoPlace(f"“{above}”下面不能再设单位", "请核对所在单位的写法。")
        kind = guess_kind(self._org.profile, kind_above, clean) or children[0]
        proposal = ImportUnit(
            id=uuid4(), batch_id=self._batch, key=key, base_id=base.id,
            parent_id=parent.id if parent else None,
            depth=depth, written=clean, name=clean, kind=kind, below=above, people=0, founded=False,
        )  # fmt: skip
        self._proposals[key] = proposal
        return proposal

    async def keep(self, session: AsyncSession, people: dict[UUID, int]) -> None:
        """Store the proposals these lines need, with those above, and count their people."""
        by_id = {p.id: p for p in self._proposals.values()}
        needed: dict[UUID, ImportUnit] = {}
        for proposal_id in people:
            at: ImportUnit | None = by_id[proposal_id]
            while at is not None:
                needed[at.id] = at
                at = by_id[at.parent_id] if at.parent_id else None
        fresh = [p for p in needed.values() if p.id not in self._stored]
        if fresh:
            columns = [c.name for c in ImportUnit.__table__.columns if c.name != "unit_id"]
            rows = [{c: getattr(p, c) for c in columns} for p in sorted(fresh, key=lambda p: p.depth)]
            await session.execute(insert(ImportUnit), rows)
            self._stored |= {p.id for p in fresh}
        for proposal_id, count in people.items():
            by_id[proposal_id].people += count
        counts: dict[str, list[object]] = {"id": [*people], "people": [by_id[each].people for each in people]}
        await update_columns(session, ImportUnit.__table__, "id", counts)
