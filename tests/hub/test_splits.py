"""What staff decide at once is one thing: in the history, and to undo; the pages lead back to the person."""

import re
from typing import Any
from uuid import UUID

from sqlalchemy import text

from services.hub.persons import service
from services.hub.persons.incoming import affiliation_id
from shared.contracts.event import Event
from tests.hub.conftest import Hub
from tests.hub.site import Client, clients
from tests.hub.telling import announced, changed, state

ORGS = ("alpha", "beta", "gamma")


async def one_person(hub: Hub) -> list[tuple[str, Any]]:
    """A person with a record at each of three organisations; what was told."""
    for code, letter in zip(ORGS, "甲乙丙", strict=True):
        await hub.tell(code, announced(code, letter))
    told = [(code, state("张伟", identity="1")) for code in ORGS]
    for code, event in told:
        await hub.tell(code, event)
    assert await sizes(hub) == [3]
    return told


async def sizes(hub: Hub) -> list[int]:
    """How many records each person has."""
    statement = text(
        "select count(*) from belonging where person_id is not null group by person_id order by 1"
    )
    async with hub.database.transaction() as session:
        return list(await session.scalars(statement))


async def value(hub: Hub, statement: str) -> Any:
    async with hub.database.transaction() as session:
        return await session.scalar(text(statement))


async def split(hub: Hub, steward: Client, taken: str = "desc") -> str:
    """Take the person's newest (or oldest: "asc") record out as the page does; where it led."""
    person = await value(hub, "select id from person")
    record = await value(hub, f"select affiliation_id from belonging order by home {taken} limit 1")
    done = await steward.post(f"/persons/{person}/separate", affiliation=record, reason="证件被冒用")
    assert done.status_code == 303
    assert 1 in await sizes(hub)
    return str(done.headers["location"])


async def retold(hub: Hub, told: list[tuple[str, Any]]) -> None:
    """Later events of everybody, then everything again from nothing."""
    later: list[tuple[str, Event]] = [(code, changed(event, post="委员")) for code, event in told]
    for code, event in later:
        await hub.tell(code, event)
    async with hub.database.transaction() as session:
        await service.forget(session)
    for code, event in later:
        await hub.tell(code, event)


async def test_a_split_is_undone_as_one_whatever_happens_between(hub: Hub) -> None:
    told = await one_person(hub)
    async with clients(hub, "steward") as [steward]:
        await split(hub, steward)
        await retold(hub, told)
        assert await sizes(hub) == [1, 2]
        page = (await steward.get("/candidates")).text
        assert page.count("证件被冒用</td>") == 1, "one decision, one line"
        [by_key] = set(re.findall(r'action="(/verdicts/\d+/undo)"', page))
        assert (await steward.post(by_key, reason="点错了")).status_code == 303
        assert await sizes(hub) == [3]
        await retold(hub, told)
        assert await sizes(hub) == [3]
        assert await value(hub, "select count(*) from edge where state = 'held' and revoked_at is null") == 0
        undone = (await steward.get(f"/persons/{await value(hub, 'select id from person')}")).text
        assert undone.count("已撤销：") == 1
        assert undone.count("撤销了判断") == 1


async def test_any_verdict_of_a_split_undoes_it_by_api(hub: Hub) -> None:
    await one_person(hub)
    async with clients(hub, "steward") as [steward]:
        await split(hub, steward)
        last = await value(hub, "select max(id) from verdict")
        person = await value(hub, "select id from person where size = 1")
        said = (await steward.api("GET", f"/api/v1/persons/{person}")).json()["verdicts"]
        assert [len(decision["pairs"]) for decision in said] == [2]
        undo = f"/api/v1/verdicts/{last}/undo"
        assert (await steward.api("POST", undo, json={"reason": "点错了"})).status_code == 204
        assert await sizes(hub) == [3]
        assert (await steward.api("POST", undo, json={"reason": "点错了"})).status_code == 409


async def test_a_split_leads_back_to_the_person(hub: Hub) -> None:
    """Also when the record taken out is the one that gave the person its address."""
    await one_person(hub)
    async with clients(hub, "steward") as [steward]:
        for taken in ("desc", "asc"):
            led = await split(hub, steward, taken)
            page = await steward.get(led)
            assert "已拆分为2个人" in page.text
            assert "2条记录" in page.text
            linked = {UUID(i) for i in re.findall(r'href="/persons/([0-9a-f-]{36})"', page.text)}
            async with hub.database.transaction() as session:
                assert linked == set(await session.scalars(text("select id from person")))
            newest = await value(hub, "select max(id) from verdict")
            await steward.post(f"/verdicts/{newest}/undo", reason="点错了")


async def test_an_undone_split_gives_back_what_was_decided_before(hub: Hub) -> None:
    a, b = state("张伟", birth="1990-01-01"), state("张伟", birth="1990-01-01")
    await hub.tell("alpha", a)
    await hub.tell("beta", b)
    pair = affiliation_id("alpha", a.member_id), affiliation_id("beta", b.member_id)
    async with clients(hub, "steward") as [steward]:
        same = {"says": "same", "reason": "电话核实", "a": pair[0], "b": pair[1]}
        assert (await steward.post("/candidates", **same)).status_code == 303
        assert await sizes(hub) == [2]
        for _ in range(2):
            await split(hub, steward)
            assert await sizes(hub) == [1, 1]
            newest = await value(hub, "select max(id) from verdict")
            assert (await steward.post(f"/verdicts/{newest}/undo", reason="点错了")).status_code == 303
            assert await sizes(hub) == [2]
        standing = await value(hub, "select says || reason || by_name from verdict where undone_at is null")
        assert standing == "same电话核实季云舟"
        assert await value(hub, "select count(*) from raised") == 0
