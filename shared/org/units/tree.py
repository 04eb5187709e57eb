"""The tree as pages show it: open down to one unit, with the number of people who count as members."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import ARRAY, Text, bindparam, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.org.kit import OrgKit
from shared.org.units.models import Unit
from shared.org.units.reading import children, top_of
from shared.org.units.rules import in_scope

SHOWN = 60
"""Children shown below one unit; the others are reached by finding them."""

# the members module stands above this one, so its table is named in plain SQL
_COUNTS = text(
    "SELECT p.path, c.people, c.others FROM unnest(:paths) AS p(path), LATERAL ("
    "SELECT cast(coalesce(sum(t.people) FILTER (WHERE t.kind = ANY(:counted)), 0) AS bigint) AS people,"
    " cast(coalesce(sum(t.people) FILTER (WHERE t.kind <> ALL(:counted)), 0) AS bigint) AS others"
    " FROM member_tally t WHERE t.standing <> 'left' AND"
    " (t.unit_path = p.path OR (t.unit_path > p.path || '/' AND t.unit_path < p.path || '0'))) c"
).bindparams(bindparam("paths", type_=ARRAY(Text)), bindparam("counted", type_=ARRAY(Text)))


@dataclass(frozen=True)
class Numbers:
    """Who belongs to a subtree: people who count as members, and other relations (contacts)."""

    people: int = 0
    others: int = 0


@dataclass
class Node:
    """One line of the tree; `more` children are not shown."""

    unit: Unit
    people: int = 0
    parts: bool = False
    open: bool = False
    current: bool = False
    more: int = 0
    children: list["Node"] = field(default_factory=list)


async def people_in(session: AsyncSession, org: OrgKit, paths: Sequence[str]) -> dict[str, Numbers]:
    """People on the roll of each subtree."""
    if not paths:
        return {}
    counted = [kind.code for kind in org.policy.kinds if kind.counted]
    rows = await session.execute(_COUNTS, {"paths": list(paths), "counted": counted})
    return {row.path: Numbers(row.people, row.others) for row in rows}


async def tree_to(session: AsyncSession, org: OrgKit, scope: str, at: Unit | None) -> Node | None:
    """The tree from the top of the scope, opened down to `at` and one level below, if there is one."""
    top = await top_of(session, scope)
    if top is None:
        return None
    target = at if at is not None and in_scope(at.path, top.path) else top
    root = Node(top)
    nodes, line = {top.id: root}, [root]
    for _ in range(target.depth - top.depth + 1):
        here = line[-1]
        here.open = True
        units = list(await session.scalars(children(here.unit.id)))
        onward = next((u for u in units if in_scope(target.path, u.path)), None)
        shown = units[:SHOWN] if onward is None or onward in units[:SHOWN] else [*units[: SHOWN - 1], onward]
        here.more = len(units) - len(shown)
        here.children = [Node(u) for u in shown]
        nodes |= {n.unit.id: n for n in here.children}
        if onward is None:
            break
        line.append(nodes[onward.id])
    await _fill(session, org, list(nodes.values()), target)
    return root


async def _fill(session: AsyncSession, org: OrgKit, nodes: Sequence[Node], target: Unit) -> None:
    numbers = await people_in(session, org, [n.unit.path for n in nodes])
    ids = [n.unit.id for n in nodes]
    parents = set(
        await session.scalars(
            select(Unit.parent_id).where(Unit.parent_id.in_(ids), Unit.status == "active").distinct()
        )
    )
    for node in nodes:
        node.people = numbers[node.unit.path].people
        node.parts = node.unit.id in parents
        node.current = node.unit.id == target.id
