"""Founding the units a batch needs, as staff named them; found again when it has been done before."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from uuid import UUID

from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncSession

from shared.kit import audit
from shared.kit.errors import NotFound
from shared.org.imports.models import ImportBatch, ImportRow, ImportUnit
from shared.org.kit import OrgKit
from shared.org.units import NewUnit, Unit, found_many, in_scope, lock_units, new_unit
from shared.org.units.rules import comparable

Key = tuple[UUID, str]


async def found_units(
    session: AsyncSession, org: OrgKit, batch: ImportBatch, actor: audit.Actor, writable: ColumnElement[bool]
) -> None:
    """The units of lines that will be written, from the top down."""
    proposals = list(
        await session.scalars(
            select(ImportUnit)
            .where(ImportUnit.batch_id == batch.id)
            .order_by(ImportUnit.depth, ImportUnit.id)
        )
    )
    used = select(ImportRow.unit_id).where(ImportRow.batch_id == batch.id, writable).distinct()
    needed = _with_those_above(proposals, set(await session.scalars(used)))
    made: dict[UUID, UUID] = {}
    for _, level in groupby((p for p in proposals if p.id in needed), key=lambda p: p.depth):
        await _level(session, org, batch, list(level), made, actor)
    await session.flush()


async def _level(
    session: AsyncSession,
    org: OrgKit,
    batch: ImportBatch,
    proposals: Sequence[ImportUnit],
    made: dict[UUID, UUID],
    actor: audit.Actor,
) -> None:
    """Units of one depth at once; those of that name that stand there by now are taken."""
    keys: dict[UUID, Key] = {
        p.id: (made[p.parent_id] if p.parent_id else p.base_id, comparable(p.name))
        for p in proposals
        if p.unit_id is None
    }
    parents = await lock_units(session, {above for above, _ in keys.values()})
    known = await _children(session, parents)
    wanted: dict[Key, NewUnit] = {}
    for proposal in proposals:
        key = keys.get(proposal.id)
        if key is not None and key not in known and key not in wanted:
            parent = parents.get(key[0])
            if parent is None or not in_scope(parent.path, batch.scope):
                raise NotFound("没有这个单位", hint="它可能已被移动，或不在您的管理范围内。")
            wanted[key] = new_unit(org, parent, proposal.name, proposal.kind)
    units = await found_many(session, org, wanted.values(), actor)
    known |= {key: unit.id for key, unit in zip(wanted, units, strict=True)}
    for proposal in proposals:
        if proposal.unit_id is None:
            key = keys[proposal.id]
            proposal.unit_id, proposal.founded = known[key], key in wanted
        made[proposal.id] = proposal.unit_id


async def _children(session: AsyncSession, parents: Mapping[UUID, Unit]) -> dict[Key, UUID]:
    query = select(Unit.parent_id, Unit.name, Unit.id)
    rows = await session.execute(query.where(Unit.parent_id.in_(parents), Unit.status == "active"))
    return {(above, comparable(name)): unit_id for above, name, unit_id in rows if above}


def _with_those_above(proposals: Iterable[ImportUnit], wanted: set[UUID | None]) -> set[UUID]:
    above = {p.id: p.parent_id for p in proposals}
    out: set[UUID] = set()
    for each in wanted:
        at = each
        while at is not None and at in above and at not in out:
            out.add(at)
            at = above[at]
    return out
