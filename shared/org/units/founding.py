"""Founding units: the top, one below another, or whole paths of names at once."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.kit import audit
from shared.kit.errors import Invalid, NotFound, Refused
from shared.kit.events.outbox import emit_many
from shared.org.bulk import breathing
from shared.org.kit import OrgKit
from shared.org.units.models import Unit
from shared.org.units.reading import NO_SUCH_UNIT, below, lock_units, top_of, units_by_id
from shared.org.units.rules import (
    DEEPEST,
    clean_name,
    comparable,
    district_in,
    guess_kind,
    in_scope,
    label,
    may_stand_below,
)
from shared.org.units.state import hold_tree, refuse_twin, spelling, state_of

Path = tuple[str, ...]


@dataclass(frozen=True)
class NewUnit:
    """A unit to be founded; without a parent it is the top."""

    parent: Unit | None
    name: str
    kind: str
    district: str | None = None


async def ensure_top_unit(session: AsyncSession, org: OrgKit, actor: audit.Actor) -> Unit:
    """The top unit, founded with the organisation's own name when the tree is empty."""
    await hold_tree(session)
    if top := await top_of(session):
        return top
    (top,) = await found_many(session, org, [NewUnit(None, org.name, org.profile.top_kind)], actor)
    return top


async def create_unit(
    session: AsyncSession,
    org: OrgKit,
    *,
    parent_id: UUID,
    name: str,
    kind: str,
    actor: audit.Actor,
    district: str | None = None,
    scope: str = "",
) -> Unit:
    """A new unit below an active one."""
    parent = (await lock_units(session, [parent_id])).get(parent_id)
    if parent is None or not in_scope(parent.path, scope):
        raise NotFound(NO_SUCH_UNIT)
    new = new_unit(org, parent, name, kind, district)
    await refuse_twin(session, parent.id, new.name, None)
    (unit,) = await found_many(session, org, [new], actor)
    return unit


async def create_units(
    session: AsyncSession,
    org: OrgKit,
    paths: Sequence[Path],
    *,
    actor: audit.Actor,
    parent: Unit | None = None,
    scope: str = "",
) -> dict[Path, Unit]:
    """The units at these paths of names below `parent` (default: the scope's top), founding what is missing.

    Kinds are guessed by the names' endings; Refused names the unit whose kind cannot be told.
    """
    await hold_tree(session)
    start = parent or await top_of(session, scope)
    if start is None:
        raise Refused("还没有建立顶层单位", hint="请先在“单位”中建立。")
    known = await _names_below(session, start)
    reached = {path: _follow(known, start, path) for path in paths}
    units = {start.id: start, **await units_by_id(session, {at for at, _ in reached.values()})}
    while missing := {path: (units[at], rest) for path, (at, rest) in reached.items() if rest}:
        wanted: dict[tuple[UUID, str], NewUnit] = {}
        for above, rest in missing.values():
            wanted.setdefault((above.id, comparable(rest[0])), _guessed(org, above, rest[0]))
        made = dict(zip(wanted, await found_many(session, org, list(wanted.values()), actor), strict=True))
        units |= {unit.id: unit for unit in made.values()}
        for path, (above, rest) in missing.items():
            reached[path] = (made[above.id, comparable(rest[0])].id, rest[1:])
    return {path: units[at] for path, (at, _) in reached.items()}


async def _names_below(session: AsyncSession, start: Unit) -> dict[tuple[UUID | None, str], UUID]:
    """Ids of the active units of a subtree by parent and name."""
    there = select(Unit.parent_id, Unit.name, Unit.id).where(
        Unit.status == "active", below(Unit.path, start.path)
    )
    return {(above, comparable(name)): unit_id for above, name, unit_id in await session.execute(there)}


def _follow(known: dict[tuple[UUID | None, str], UUID], start: Unit, path: Path) -> tuple[UUID, Path]:
    """How far a path leads into the tree, and the names that are missing from there."""
    at, rest = start.id, path
    if rest and comparable(rest[0]) == comparable(start.name):
        rest = rest[1:]
    while rest and (found := known.get((at, comparable(rest[0])))):
        at, rest = found, rest[1:]
    return at, rest


def _guessed(org: OrgKit, parent: Unit, name: str) -> NewUnit:
    kind = guess_kind(org.profile, parent.kind, name)
    if kind is None:
        hint = f"请先在“单位”中把它建在“{parent.name}”下面。"
        raise Refused(f"不能从名称判断“{name}”是哪类单位", hint=hint)
    return new_unit(org, parent, name, kind)


def new_unit(org: OrgKit, parent: Unit, name: str, kind: str, district: str | None = None) -> NewUnit:
    """Refused when such a unit may not stand there; twins are the caller's to look for."""
    wanted = clean_name(name)
    if parent.status != "active":
        raise Refused(f"“{parent.name}”已撤销，不能在下面建立单位")
    if not may_stand_below(org.profile, parent.kind, kind):
        text = f"{org.profile.kind(parent.kind).title}下面不能设立这类单位"
        raise Invalid(text, fields={"kind": text})
    if parent.depth + 1 > DEEPEST:
        raise Refused(f"单位层级最多 {DEEPEST} 级")
    return NewUnit(parent, wanted, kind, district)


async def found_many(
    session: AsyncSession, org: OrgKit, wanted: Iterable[NewUnit], actor: audit.Actor
) -> list[Unit]:
    """Units whose parents stand already, as one set; the tree or the parents are held by the caller."""
    news = list(wanted)
    numbers = text(
        "SELECT nextval(pg_get_serial_sequence('unit', 'number')), uuidv7() FROM generate_series(1, :n)"
    )
    made = (await session.execute(numbers, {"n": len(news)})).all()
    pairs = list(zip(news, made, strict=True))
    units = [_unit(org, new, unit_id, int(number)) async for new, (number, unit_id) in breathing(pairs)]
    session.add_all(units)
    await session.flush()
    for unit in units:
        audit.record(
            session, actor=actor, action="unit.founded", target=("unit", unit.id), detail={"name": unit.name}
        )
    await emit_many(session, [(unit.id, state_of(org, unit)) for unit in units])
    return units


def _unit(org: OrgKit, new: NewUnit, unit_id: UUID, number: int) -> Unit:
    above = new.parent
    stands_for = new.kind == org.profile.district_kind
    own = district_in(org.profile, org.kit.settings.city, new.name) if stands_for else None
    unit = Unit(
        id=unit_id,
        number=number,
        parent_id=above.id if above else None,
        path=f"{above.path}/{label(number)}" if above else label(number),
        depth=above.depth + 1 if above else 0,
        name=new.name,
        names=[*(above.names if above else []), new.name],
        kind=new.kind,
        district=new.district or own or (above.district if above else None),
        status="active",
        version=1,
    )
    unit.name_py, unit.name_initials = spelling(new.name)
    return unit
