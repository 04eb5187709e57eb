"""What narrows a result: organisation, several of them, district, standing, a unit and all below it."""

# ruff: noqa: S608 - statements are put together from constants of this module; values are parameters

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.hub.lookup.schemas import UnitChoice
from services.hub.persons import bits_of_unit

FEW = 3000
"""People of a unit that are looked at one by one; in a larger one the name's own order is followed."""


@dataclass(frozen=True)
class Scope:
    """A unit and all below it. `few`: it has so few people that they are the shorter way."""

    org: str
    unit_id: UUID
    path: str
    name: str
    few: bool

    @property
    def top(self) -> bool:
        """The whole organisation."""
        return "/" not in self.path

    @property
    def bits(self) -> int:
        """What search rows of its people carry."""
        return bits_of_unit(self.org, self.path.rpartition("/")[2])


@dataclass(frozen=True)
class Filters:
    """What narrows a result: an organisation's bit, several organisations, a district, on a roll or not."""

    bit: int | None = None
    many: bool = False
    district: str | None = None
    standing: str | None = None
    scope: Scope | None = None


# labels hold [a-z0-9_] only, so what begins with a path and goes on below it sorts before path || '0'
_BELOW = "u.org = :unit_org and u.path >= :unit_lo and u.path < :unit_hi"
_RECORDS = "unit u join affiliation f on f.org = u.org and f.unit_id = u.unit_id"
_OF_UNIT = (
    f" and n.person_id = any(array(select b.person_id from {_RECORDS}"
    f" join belonging b on b.affiliation_id = f.id where {_BELOW} and b.person_id is not null))"
)
# offset 0, twice: asked of each row the index gives in its order, from the person to the unit. Without it the
# planner makes joins of it and begins with all people of the unit: 13 s (a district), 0.1 s (a street)
# among five million persons instead of milliseconds
_IN_UNIT = (
    " and n.scopes & cast(:unit_bits as bigint) = cast(:unit_bits as bigint)"
    " and exists (select 1 from belonging b join affiliation f on f.id = b.affiliation_id"
    " where b.person_id = n.person_id and f.org = :unit_org"
    f" and exists (select 1 from unit u where u.unit_id = f.unit_id and {_BELOW} offset 0) offset 0)"
)


def conditions(filters: Filters) -> tuple[str, dict[str, Any]]:
    """The filters as SQL over a search row n, and their values."""
    where, values = "", dict[str, Any]()
    if filters.bit is not None:
        where += " and (n.active | n.past) & cast(:bit as integer) <> 0"
        values["bit"] = 1 << filters.bit
    if filters.many:
        where += " and (n.active | n.past) & ((n.active | n.past) - 1) <> 0"
    if filters.district is not None:
        where += " and n.district = :district"
        values["district"] = filters.district
    if filters.standing is not None:
        where += " and n.standing = :standing"
        values["standing"] = filters.standing
    scope = filters.scope
    if scope is not None and not scope.top:
        where += _OF_UNIT if scope.few else _IN_UNIT
        values |= {"unit_org": scope.org, "unit_lo": scope.path, "unit_hi": f"{scope.path}0"}
        values |= {} if scope.few else {"unit_bits": scope.bits}
    return where, values


_UNIT = text("select org, unit_id, path, names[cardinality(names)] name from unit where unit_id = :unit"
             " and org = any(:orgs)")  # fmt: skip
_SIZE = text(f"select count(*) from (select 1 from {_RECORDS} where {_BELOW} limit {FEW + 1}) x")


CHOICES = 8
_NAMED = text(
    "select unit_id, org, names from unit where status = 'active' and org = any(:orgs)"
    " and strpos(names[cardinality(names)], :name) > 0 order by cardinality(names), path limit :most"
)


async def units_named(session: AsyncSession, name: str, orgs: list[str]) -> list[UnitChoice]:
    """Units whose own name holds this, the highest first."""
    found = await session.execute(_NAMED, {"name": name, "orgs": orgs, "most": CHOICES})
    return [UnitChoice(id=r.unit_id, org=r.org, names=r.names) for r in found]


async def scope_of(session: AsyncSession, unit: UUID, orgs: list[str]) -> Scope | None:
    """The unit of one of these organisations, as a filter."""
    found = (await session.execute(_UNIT, {"unit": unit, "orgs": orgs})).one_or_none()
    if found is None:
        return None
    bounds = {"unit_org": found.org, "unit_lo": found.path, "unit_hi": f"{found.path}0"}
    people = await session.scalar(_SIZE, bounds)
    return Scope(found.org, found.unit_id, found.path, found.name, (people or 0) <= FEW)
