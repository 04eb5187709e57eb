"""The tree: rules, versions and events, moves with people, scope, resolving names."""

import asyncio

import pytest
from sqlalchemy import func, select

from shared.kit.errors import Invalid, NotFound, Refused
from shared.org.kit import OrgKit
from shared.org.members.models import Member
from shared.org.units import (
    Unit,
    close_unit,
    create_unit,
    create_units,
    ensure_top_unit,
    find_units,
    move_unit,
    people_in,
    rename_unit,
    reopen_unit,
    resolve_units,
    tree_to,
)
from tests.org.people import CLERK, admit, told, tree, two_levels


async def test_the_top_is_founded_once(org: OrgKit) -> None:
    async def found() -> None:
        async with org.kit.database.transaction() as session:
            await ensure_top_unit(session, org, CLERK)

    await asyncio.gather(*(found() for _ in range(4)))
    async with org.kit.database.transaction() as session:
        (top,) = await session.scalars(select(Unit))
        assert (top.name, top.parent_id, top.depth) == (org.name, None, 0)


async def test_kinds_and_names_are_checked(org: OrgKit) -> None:
    async with org.kit.database.transaction() as session:
        top, one, _ = await tree(session, org)
        with pytest.raises(Invalid):
            await create_unit(
                session, org, parent_id=one.id, name="又一单位", kind=org.profile.top_kind, actor=CLERK
            )
        with pytest.raises(Refused, match="柳江单位"):
            await create_unit(session, org, parent_id=top.id, name=" 柳江单位 ", kind=one.kind, actor=CLERK)
        ((type_, data),) = await told(session, one.id)
        assert (type_, data["version"], data["names"]) == ("unit.changed.v1", 1, [org.name, "柳江单位"])


async def test_renaming_tells_everything_below(org: OrgKit) -> None:
    kind, part = two_levels(org)
    async with org.kit.database.transaction() as session:
        top = await ensure_top_unit(session, org, CLERK)
        upper = await create_unit(session, org, parent_id=top.id, name="上级", kind=kind, actor=CLERK)
        lower = await create_unit(session, org, parent_id=upper.id, name="下级", kind=part, actor=CLERK)
        await rename_unit(session, org, upper.id, "新上级", version=1, actor=CLERK)
        assert lower.names == [org.name, "新上级", "下级"]
        assert [d["version"] for _, d in await told(session, lower.id)] == [1, 2]
        with pytest.raises(Refused, match="刚被别人改过"):
            await rename_unit(session, org, upper.id, "再改", version=1, actor=CLERK)


async def test_moving_takes_units_and_people_along(org: OrgKit) -> None:
    kind, part = two_levels(org)
    async with org.kit.database.transaction() as session:
        top = await ensure_top_unit(session, org, CLERK)
        one = await create_unit(session, org, parent_id=top.id, name="甲", kind=kind, actor=CLERK)
        two = await create_unit(session, org, parent_id=top.id, name="乙", kind=kind, actor=CLERK)
        leaf = await create_unit(session, org, parent_id=one.id, name="丙", kind=part, actor=CLERK)
        member = await admit(session, org, leaf)
        await move_unit(session, org, leaf.id, two.id, version=1, actor=CLERK, reason="区划调整")
        await session.refresh(member)
        assert (leaf.parent_id, leaf.path, leaf.depth) == (
            two.id,
            f"{two.path}/{leaf.path.split('/')[-1]}",
            2,
        )
        assert member.unit_path == leaf.path
        with pytest.raises(Refused, match="自己"):
            await move_unit(session, org, two.id, leaf.id, version=two.version, actor=CLERK, reason="x")
        with pytest.raises(Refused):
            await move_unit(session, org, top.id, two.id, version=1, actor=CLERK, reason="x")


async def test_only_an_empty_unit_is_closed(org: OrgKit) -> None:
    async with org.kit.database.transaction() as session:
        top, one, two = await tree(session, org)
        await admit(session, org, one)
        with pytest.raises(Refused, match="还有 1 人在册"):
            await close_unit(session, org, one.id, version=1, reason="撤并", actor=CLERK)
        with pytest.raises(Refused, match="顶层单位"):
            await close_unit(session, org, top.id, version=1, reason="撤并", actor=CLERK)
        await close_unit(session, org, two.id, version=1, reason="撤并", actor=CLERK)
        assert (await told(session, two.id))[-1][1]["status"] == "closed"
        with pytest.raises(Refused, match="已撤销"):
            await admit(session, org, two)
        again = await create_unit(session, org, parent_id=top.id, name="桂溪单位", kind=two.kind, actor=CLERK)
        assert again.id != two.id


async def test_a_closed_unit_stands_again_while_its_place_is_free(org: OrgKit) -> None:
    kind, part = two_levels(org)
    async with org.kit.database.transaction() as session:
        top = await ensure_top_unit(session, org, CLERK)
        upper = await create_unit(session, org, parent_id=top.id, name="上级", kind=kind, actor=CLERK)
        lower = await create_unit(session, org, parent_id=upper.id, name="下级", kind=part, actor=CLERK)
        with pytest.raises(Refused, match="没有撤销"):
            await reopen_unit(session, org, lower.id, version=1, reason="恢复", actor=CLERK)
        for unit in (lower, upper):
            await close_unit(session, org, unit.id, version=1, reason="撤并", actor=CLERK)
        with pytest.raises(Invalid, match="原因"):
            await reopen_unit(session, org, upper.id, version=2, reason=" ", actor=CLERK)
        with pytest.raises(Refused, match="上级“上级”已撤销"):
            await reopen_unit(session, org, lower.id, version=2, reason="恢复", actor=CLERK)
        twin = await create_unit(session, org, parent_id=top.id, name="上级", kind=kind, actor=CLERK)
        with pytest.raises(Refused, match="已有名为"):
            await reopen_unit(session, org, upper.id, version=2, reason="恢复", actor=CLERK)
        await close_unit(session, org, twin.id, version=1, reason="撤并", actor=CLERK)
        await reopen_unit(session, org, upper.id, version=2, reason="恢复", actor=CLERK)
        await reopen_unit(session, org, lower.id, version=2, reason="恢复", actor=CLERK)
        assert (await told(session, lower.id))[-1][1]["status"] == "active"
        await admit(session, org, lower)


async def test_a_unit_with_parts_is_not_closed(org: OrgKit) -> None:
    kind, part = two_levels(org)
    async with org.kit.database.transaction() as session:
        top = await ensure_top_unit(session, org, CLERK)
        upper = await create_unit(session, org, parent_id=top.id, name="上级", kind=kind, actor=CLERK)
        await create_unit(session, org, parent_id=upper.id, name="下级", kind=part, actor=CLERK)
        with pytest.raises(Refused, match="下面还有 1 个单位"):
            await close_unit(session, org, upper.id, version=1, reason="撤并", actor=CLERK)


async def test_the_scope_is_the_whole_world(org: OrgKit) -> None:
    async with org.kit.database.transaction() as session:
        top, one, two = await tree(session, org)
        for unit in (top, two):
            with pytest.raises(NotFound):
                await rename_unit(session, org, unit.id, "改名", version=1, actor=CLERK, scope=one.path)
        assert await find_units(session, "单位", one.path) == [one]
        assert (await resolve_units(session, [("桂溪单位",)], one.path))["桂溪单位",] == []


async def test_names_are_resolved_and_missing_units_founded(org: OrgKit) -> None:
    ending = next(
        e
        for e, k in org.profile.unit_suffixes.items()
        if k in org.profile.kind(org.profile.top_kind).children
    )
    async with org.kit.database.transaction() as session:
        top, one, _ = await tree(session, org)
        asked = [("柳江单位",), (org.name, "柳江单位"), ("柳江 单位",), ("没有",)]
        found = await resolve_units(session, asked)
        assert [[u.id for u in found[a]] for a in asked] == [[one.id], [one.id], [one.id], []]
        path = (org.name, f"新津{ending}")
        made = await create_units(session, org, [path, path], actor=CLERK)
        assert made[path].parent_id == top.id
        again = await create_units(session, org, [path], actor=CLERK)
        assert again[path].id == made[path].id
        assert [u.id for u in await find_units(session, "xinjin")] == [made[path].id]


async def test_two_moves_at_once_close_no_circle(org: OrgKit) -> None:
    kind, _ = two_levels(org)
    async with org.kit.database.transaction() as session:
        top = await ensure_top_unit(session, org, CLERK)
        one = await create_unit(session, org, parent_id=top.id, name="甲", kind=kind, actor=CLERK)
        two = await create_unit(session, org, parent_id=top.id, name="乙", kind=kind, actor=CLERK)

    async def move(unit: Unit, below: Unit) -> str:
        try:
            async with org.kit.database.transaction() as session:
                await move_unit(session, org, unit.id, below.id, version=1, actor=CLERK, reason="x")
        except Refused:
            return "refused"
        return "moved"

    results = await asyncio.gather(move(one, two), move(two, one))
    assert results.count("moved") <= 1
    async with org.kit.database.transaction() as session:
        paths = list(await session.scalars(select(Unit.path)))
        assert all(path.startswith(top.path) for path in paths)
        assert await session.scalar(select(func.count()).select_from(Member)) == 0


async def test_a_district_is_read_from_its_units_name_and_inherited(org: OrgKit) -> None:
    ending = next(e for e, k in org.profile.unit_suffixes.items() if k == org.profile.district_kind)
    district = f"青羊{ending}"
    below = org.profile.kind(org.profile.district_kind).children[0]
    part = f"柳江{next(e for e, k in org.profile.unit_suffixes.items() if k == below)}"
    async with org.kit.database.transaction() as session:
        top = await ensure_top_unit(session, org, CLERK)
        made = await create_units(session, org, [(district, part), (district,)], actor=CLERK)
        assert [(u.name, u.district) for u in made.values()] == [(part, "青羊区"), (district, "青羊区")]
        assert (top.district, (await told(session, made[district,].id))[0][1]["district"]) == (None, "青羊区")
        prefix = org.profile.name.partition("{city}")[0] + org.kit.settings.city
        (far,) = (await create_units(session, org, [(f"{prefix}锦江{ending}",)], actor=CLERK)).values()
        assert far.district == "锦江区"


async def test_contacts_are_never_counted_as_members(org: OrgKit) -> None:
    others = [kind for kind in org.policy.kinds if not kind.counted]
    async with org.kit.database.transaction() as session:
        top, one, _ = await tree(session, org)
        await admit(session, org, one)
        for kind in others[:1]:
            await admit(session, org, one, kind=kind.title, consent="是")
        found = await people_in(session, org, [top.path, one.path])
        assert {path: (n.people, n.others) for path, n in found.items()} == {
            unit.path: (1, len(others[:1])) for unit in (top, one)
        }
        root = await tree_to(session, org, "", one)
        assert root is not None
        assert root.people == 1
