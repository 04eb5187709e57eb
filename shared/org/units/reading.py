"""Questions about the unit tree; everything is restricted to the asker's subtree."""

from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, func, literal_column, or_, select, true
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from shared.kit.errors import NotFound
from shared.kit.pii import fold_pinyin
from shared.org.units.models import Unit
from shared.org.units.rules import comparable, ends_with, in_scope

NO_SUCH_UNIT = "没有这个单位"
FOUND_AT_MOST = 50
CLOSED_SHOWN = 100


def below(column: InstrumentedAttribute[str], path: str) -> ColumnElement[bool]:
    """The condition "in the subtree of `path`" as an index range; an empty path is the whole tree."""
    if not path:
        return true()
    return or_(column == path, and_(column > f"{path}/", column < f"{path}0"))


async def get_unit(session: AsyncSession, unit_id: UUID, scope: str = "") -> Unit:
    """The unit, or NotFound when there is none or it is outside the scope."""
    unit = await session.get(Unit, unit_id)
    if unit is None or not in_scope(unit.path, scope):
        raise NotFound(NO_SUCH_UNIT, hint="它可能已被移动，或不在您的管理范围内。")
    return unit


async def lock_units(session: AsyncSession, unit_ids: Iterable[UUID]) -> dict[UUID, Unit]:
    """The units, held as they are until the transaction ends: nobody moves or closes them meanwhile."""
    wanted = sorted(set(unit_ids))
    query = select(Unit).where(Unit.id.in_(wanted)).order_by(Unit.id).with_for_update(read=True)
    rows = await session.scalars(query.execution_options(populate_existing=True))
    return {unit.id: unit for unit in rows}


async def top_of(session: AsyncSession, scope: str = "") -> Unit | None:
    """The top of what the asker may see; None when the tree is still empty."""
    where = Unit.path == scope if scope else Unit.parent_id.is_(None)
    found: Unit | None = await session.scalar(select(Unit).where(where))
    return found


async def children_of(session: AsyncSession, parent_id: UUID) -> list[Unit]:
    """Active units directly below, by pinyin."""
    return list(await session.scalars(children(parent_id)))


async def closed_below(session: AsyncSession, parent_id: UUID) -> list[Unit]:
    """Units directly below that were closed, by pinyin."""
    query = select(Unit).where(Unit.parent_id == parent_id, Unit.status != "active")
    return list(await session.scalars(query.order_by(Unit.name_py, Unit.name, Unit.id).limit(CLOSED_SHOWN)))


def children(parent_id: UUID) -> Select[Unit]:
    """The query of active units directly below, by pinyin."""
    where = Unit.parent_id == parent_id, Unit.status == "active"
    return select(Unit).where(*where).order_by(Unit.name_py, Unit.name, Unit.id)


async def ancestors_of(session: AsyncSession, unit: Unit, scope: str = "") -> list[Unit]:
    """Units from the top (of the scope) to this one's parent."""
    labels = unit.path.split("/")
    paths = ["/".join(labels[: i + 1]) for i in range(len(labels) - 1)]
    seen = [p for p in paths if in_scope(p, scope)]
    if not seen:
        return []
    return list(await session.scalars(select(Unit).where(Unit.path.in_(seen)).order_by(Unit.depth)))


async def find_units(
    session: AsyncSession,
    text: str,
    scope: str = "",
    limit: int = FOUND_AT_MOST,
    without: Unit | None = None,
) -> list[Unit]:
    """Active units whose name holds the text, or whose pinyin or initials begin with it.

    `without`: a unit that is left out with all below it, as where a unit is moved to.
    """
    typed = text.strip()
    if not typed:
        return []
    letters = fold_pinyin(typed)
    pattern = f"%{_like(typed)}%"
    matches: list[ColumnElement[bool]] = [Unit.name.ilike(pattern, escape="\\")]
    if letters.isascii() and letters.isalnum():
        matches += [Unit.name_py.startswith(letters, autoescape=True)]
        matches += [Unit.name_initials.contains(letters, autoescape=True)]
    where = [Unit.status == "active", below(Unit.path, scope), or_(*matches)]
    if without is not None:
        where.append(~below(Unit.path, without.path))
    query = select(Unit).where(*where).order_by(Unit.depth, Unit.name_py, Unit.name, Unit.id)
    return list(await session.scalars(query.limit(limit)))


def _like(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


async def resolve_units(
    session: AsyncSession, paths: Sequence[tuple[str, ...]], scope: str = ""
) -> dict[tuple[str, ...], list[Unit]]:
    """Which active units each path of names may mean: one = found, none = unknown, several = ambiguous.

    A path may be complete or hold the last names only; a complete one that fits exactly wins alone.
    """
    lasts = {comparable(path[-1]) for path in paths if path}
    plain = func.lower(
        func.regexp_replace(func.normalize(Unit.name, literal_column("NFKC")), r"\s+", "", "g")
    )
    query = select(Unit).where(Unit.status == "active", below(Unit.path, scope), plain.in_(lasts))
    by_last: dict[str, list[Unit]] = {}
    for unit in await session.scalars(query):
        by_last.setdefault(comparable(unit.name), []).append(unit)
    return {path: _meant(path, by_last.get(comparable(path[-1]), []) if path else []) for path in paths}


def _meant(path: tuple[str, ...], candidates: Sequence[Unit]) -> list[Unit]:
    fitting = [unit for unit in candidates if ends_with(unit.names, path)]
    exact = [unit for unit in fitting if len(unit.names) == len(path)]
    return exact or fitting


async def units_by_id(session: AsyncSession, unit_ids: Iterable[UUID]) -> Mapping[UUID, Unit]:
    """The units of these ids."""
    wanted = set(unit_ids)
    if not wanted:
        return {}
    return {unit.id: unit for unit in await session.scalars(select(Unit).where(Unit.id.in_(wanted)))}
