"""The running hub over NATS: told by an organisation, found within a moment, numbers turned into tokens by it."""

import logging
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from deploy.local.bus import Bus as Nats
from services.hub.lookup import service
from services.hub.lookup.schemas import Ask, Narrow, Result
from shared.contracts.orgs import OrgAnnounced
from shared.kit.errors import Invalid, Unavailable
from shared.kit.service import Service
from tests.conftest import ORGANISATIONS
from tests.fixtures.databases import FreshDatabases
from tests.hub.asking import CLERK
from tests.hub.over_bus import CARD, IDENTITY, PHONE, organisation, until
from tests.hub.telling import announced, state, withdrawn


async def look(hub: Service, typed: str) -> Result:
    async with hub.kit.database.transaction() as session:
        lookup_id = await service.look_up(hub.kit, session, CLERK, Ask(text=typed, purpose="visit"))
        return await service.result(hub.kit, session, CLERK, lookup_id, Narrow())


@pytest.mark.parametrize("earlier", [False, True], ids=["at once", "by an earlier version"])
async def test_told_found_by_every_number_and_gone_when_withdrawn(
    databases: FreshDatabases, bus: Nats, running: Service, caplog: pytest.LogCaptureFixture, earlier: bool
) -> None:
    caplog.set_level(logging.DEBUG)
    code = ORGANISATIONS[0]

    async def found(typed: str) -> bool:
        return (await look(running, typed)).total == 1

    async with organisation(databases, bus, code) as org:
        org.earlier = earlier
        person = org.person("王小明")
        await org.tell(announced(code, "甲"), person)
        await until(lambda: found("王小明"))
        for typed, kind in (
            (IDENTITY, "identity"),
            (PHONE, "phone"),
            ("120 1234 5678", "phone"),
            (CARD, "card"),
            ("5678", "tail"),
        ):
            result = await look(running, typed)
            assert (result.kind, [r.name for r in result.rows]) == (kind, ["王小明"])
        assert {"identity", "phone", "card"} == set(org.asked)
        wrong = IDENTITY[:17] + ("1" if IDENTITY[17] != "1" else "2")
        with pytest.raises(Invalid) as refused:
            await look(running, wrong)
        assert "校验码" in refused.value.hint
        for number, said in ((IDENTITY[:17], "17 位，少一位"), (f"{IDENTITY[:17]}12", "19 位，多一位")):
            with pytest.raises(Invalid) as refused:
                await look(running, number)
            assert said in refused.value.hint
        [known] = (await look(running, "王")).as_of
        assert known.lag_seconds is not None
        assert known.lag_seconds < 20
        details = await _open(running, result)
        assert len(details) == 1
        await org.tell(withdrawn(person))  # type: ignore[arg-type]

        async def gone() -> bool:
            return (await look(running, "王小明")).total == 0

        await until(gone)
        assert (await look(running, PHONE)).total == 0
    for record in caplog.records:
        assert not any(
            secret in record.getMessage() + str(vars(record)) for secret in (IDENTITY, PHONE, CARD, "王小明")
        )
    with pytest.raises(Unavailable, match="暂时不能按号码查询"):
        await look(running, PHONE)


async def _open(hub: Service, result: Result) -> list[Any]:
    async with hub.kit.database.transaction() as session:
        return (
            await service.open_person(hub.kit, session, CLERK, result.lookup_id, result.rows[0].id)
        ).records


async def test_any_organisation_that_answers_will_do(
    databases: FreshDatabases, bus: Nats, running: Service
) -> None:
    async with (
        organisation(databases, bus, ORGANISATIONS[0]) as away,
        organisation(databases, bus, ORGANISATIONS[1]) as here,
    ):
        await away.tell(announced(ORGANISATIONS[0], "甲"))
        await here.tell(announced(ORGANISATIONS[1], "乙"), here.person("王小明"))

        async def known() -> bool:
            async with running.kit.database.transaction() as session:
                return bool(await session.scalar(text("select count(*) from organisation")) == 2)

        await until(known)
        await away.engine.responders.stop()
        await until(lambda: _one(running, PHONE))
        assert here.asked


async def _one(hub: Service, typed: str) -> bool:
    return (await look(hub, typed)).total == 1


async def test_an_event_that_cannot_be_applied_is_put_aside_and_the_next_one_is_not(
    databases: FreshDatabases, bus: Nats, running: Service
) -> None:
    code = ORGANISATIONS[0]
    async with organisation(databases, bus, code) as org:
        liar = OrgAnnounced(**(announced(code, "甲").model_dump() | {"code": "somebodyelse"}))
        nameless = state("王小明").model_copy(update={"name": "\u0000"})
        await org.tell(liar, nameless.model_copy(update={"name": "１２３"}), state("李娜", member=uuid4()))
        await until(lambda: _one(running, "李娜"))
        async with running.kit.database.transaction() as session:
            aside = await running.engine.quarantine.open_rows(session)
            assert {r.type for r in aside} == {"org.announced.v1", "member.admitted.v1"}
            assert not any("１２３" in r.reason for r in aside)
            assert await session.scalar(text("select count(*) from organisation")) == 0
