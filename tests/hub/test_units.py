"""People follow their unit: renamed, moved to another district, before and after its people came."""

import asyncio
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.hub.lookup import service
from services.hub.lookup.schemas import Narrow
from services.hub.persons import store, units
from services.hub.persons.incoming import Row
from services.hub.recount import units as mending
from shared.contracts.units import UnitChanged
from tests.hub.asking import CLERK, look
from tests.hub.conftest import Hub
from tests.hub.telling import announced, changed, received, state


def unit(id_: UUID, version: int, *names: str, district: str | None = "锦江区") -> UnitChanged:
    return UnitChanged(
        unit_id=id_, version=version, parent_id=None, path=f"top/{id_.hex[:6]}", names=names, kind="branch",
        kind_title="基层", district=district, status="active",
    )  # fmt: skip


async def opened(hub: Hub, typed: str) -> tuple[tuple[str, ...], str | None]:
    found = await look(hub, typed)
    async with hub.database.transaction() as session:
        details = await service.open_person(hub.kit, session, CLERK, found.lookup_id, found.rows[0].id)
    return details.records[0].unit_names, details.records[0].district


async def test_a_renamed_unit_shows_its_new_name_without_a_word_about_its_people(hub: Hub) -> None:
    await hub.tell("alpha", announced("alpha", "甲"))
    home = uuid4()
    await hub.tell("alpha", unit(home, 1, "市总会", "星河公司"))
    await hub.tell("alpha", state("张伟", unit_id=home, unit_names=("市总会", "星河公司")))
    await hub.tell(
        "beta", state("张伟伟", unit_id=home, unit_names=("某会", "同号单位"))
    )  # another's same id
    await hub.tell("alpha", unit(home, 2, "市总会", "银河公司"))
    [row] = (await look(hub, "张伟", narrow=Narrow(org="alpha"))).rows
    assert row.unit == "银河公司"
    assert await opened(hub, "张伟") == (("市总会", "银河公司"), "锦江区")
    assert (await look(hub, "张伟伟")).rows[0].unit == "同号单位"
    await hub.tell("alpha", unit(home, 1, "市总会", "星河公司"))  # late and old
    assert (await look(hub, "张伟", narrow=Narrow(org="alpha"))).rows[0].unit == "银河公司"


async def test_a_renamed_parent_changes_the_path_and_no_search_row(hub: Hub) -> None:
    home = uuid4()
    await hub.tell("alpha", announced("alpha", "甲"), unit(home, 1, "市总会", "星河公司"))
    await hub.tell("alpha", state("张伟", unit_id=home, unit_names=("市总会", "星河公司")))
    async with hub.database.transaction() as session:
        before = await session.scalar(text("select xmin::text from person"))
    await hub.tell("alpha", unit(home, 2, "城市总会", "星河公司"))
    assert await opened(hub, "张伟") == (("城市总会", "星河公司"), "锦江区")
    async with hub.database.transaction() as session:
        assert await session.scalar(text("select xmin::text from person")) == before


async def test_a_unit_moved_to_another_district_takes_its_people_along(hub: Hub) -> None:
    await hub.tell("alpha", announced("alpha", "甲"))
    home = uuid4()
    people = [state(f"张伟{n}", unit_id=home, phone=f"1200000{i:04}") for i, n in enumerate("一二三四五")]
    await hub.tell("alpha", unit(home, 1, "市总会", "星河公司"), *people)
    await hub.tell("alpha", unit(home, 2, "市总会", "星河公司", district="青羊区"))
    for typed in ("张伟", "zhangwei", "zw", "伟"):
        assert (await look(hub, typed, narrow=Narrow(district="青羊区"))).total == 5
        found = await look(hub, typed, narrow=Narrow(district="锦江区"))
        assert (found.total, found.facets.districts) == (0, {"青羊区": 5})
    assert (await look(hub, "0003", narrow=Narrow(district="青羊区"))).total == 1
    # a later word of the person that still knows the old district does not bring it back
    await hub.tell("alpha", changed(people[0], post="委员", district="锦江区"))
    assert (await look(hub, "张伟", narrow=Narrow(district="青羊区"))).total == 5


async def test_until_the_unit_is_known_the_person_s_own_word_stands(hub: Hub) -> None:
    home = uuid4()
    await hub.tell(
        "alpha", announced("alpha", "甲"), state("张伟", unit_id=home, unit_names=("总会", "旧名"))
    )
    assert (await look(hub, "张伟")).rows[0].unit == "旧名"
    assert await opened(hub, "张伟") == (("总会", "旧名"), "锦江区")
    await hub.tell("alpha", unit(home, 7, "总会", "新名", district="武侯区"))
    row = (await look(hub, "张伟")).rows[0]
    assert (row.unit, row.district) == ("新名", "武侯区")


async def test_a_large_move_goes_in_chunks_and_ends(hub: Hub) -> None:
    homes = [uuid4() for _ in range(3)]
    people = [state("张伟", unit_id=homes[i % 3]) for i in range(60)]
    await hub.tell(
        "alpha", announced("alpha", "甲"), *[unit(h, 1, "总会", f"支会{i}") for i, h in enumerate(homes)]
    )
    await hub.tell("alpha", *people)
    async with hub.database.transaction() as session:
        rows = [{"org": "alpha", "id": h} for h in homes]
        await session.execute(
            text("update unit set names[2] = '改名' || names[2] where org = :org and unit_id = :id"), rows
        )
        await session.execute(
            text("insert into stale_unit select :org, :id, '00000000-0000-0000-0000-000000000000'"), rows
        )
    steps = 1
    while True:
        async with hub.database.transaction() as session:
            if not await units.bring_up_to_date(session, chunk=7):
                break
        steps += 1
    assert steps == 9  # 60 records, seven at a time
    async with hub.database.transaction() as session:
        assert set(await session.scalars(text("select unit from person"))) == {
            "改名支会0",
            "改名支会1",
            "改名支会2",
        }
        assert await session.scalar(text("select count(*) from stale_unit")) == 0


async def test_the_loop_finishes_what_a_batch_left(hub: Hub) -> None:
    home = uuid4()
    await hub.tell("alpha", announced("alpha", "甲"), unit(home, 1, "总会", "旧名"))
    await hub.tell("alpha", *[state("张伟", unit_id=home) for _ in range(units.CHUNK + 50)])
    await hub.tell("alpha", unit(home, 2, "总会", "新名"))
    async with hub.database.transaction() as session:
        left = await session.scalar(text("select count(*) from person where unit <> '新名'"))
    assert left == 50
    stop = asyncio.Event()
    task = asyncio.create_task(units.keep_up(hub.database, stop))
    for _ in range(200):
        async with hub.database.transaction() as session:
            if not await session.scalar(text("select count(*) from person where unit <> '新名'")):
                break
        await asyncio.sleep(0.05)
    stop.set()
    await task
    async with hub.database.transaction() as session:
        assert await session.scalar(text("select count(*) from person where unit <> '新名'")) == 0
        assert await session.scalar(text("select count(*) from stale_unit")) == 0


async def test_a_unit_put_right_while_its_first_people_come_waits_for_them(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, at, go, real = uuid4(), asyncio.Event(), asyncio.Event(), store.save_affiliations
    await hub.tell("alpha", announced("alpha", "甲"), unit(home, 1, "市总会", "坏名"))

    async def slow(session: AsyncSession, rows: list[Row]) -> set[UUID]:
        at.set()
        await go.wait()
        return await real(session, rows)

    monkeypatch.setattr(store, "save_affiliations", slow)
    person = state("张伟", unit_id=home, unit_names=("市总会", "坏名"))
    coming = asyncio.create_task(hub.tell("alpha", person))
    await at.wait()  # the batch has read the unit as it was
    right = received("alpha", unit(home, 1, "市总会", "银河公司", district="青羊区"), 99)
    putting = asyncio.create_task(mending.mend(hub.database, "alpha", [right], {home: 1}))
    await asyncio.sleep(0.2)
    go.set()
    await asyncio.gather(coming, putting)
    async with hub.database.transaction() as session:
        assert (await session.execute(text("select unit, district from person"))).all() == [
            ("银河公司", "青羊区")
        ]
