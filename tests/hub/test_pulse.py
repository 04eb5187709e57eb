"""The age of an organisation's data: live while it answers and nothing is missing, else it says so."""

import pytest
from sqlalchemy import text

from deploy.local.bus import Bus as Nats
from services.hub.directory import Known, organisations, pulse
from shared.kit.context import Kit
from shared.kit.service import Service
from shared.kit.web.filters import moment
from tests.conftest import ORGANISATIONS
from tests.fixtures.databases import FreshDatabases
from tests.hub.conftest import Hub
from tests.hub.over_bus import organisation, until
from tests.hub.site import clients
from tests.hub.telling import announced, state


async def only(kit: Kit) -> Known:
    async with kit.database.transaction() as session:
        [org] = await organisations(session)
    return org


async def set_back(kit: Kit, **columns: str) -> None:
    """Put the organisation's times where a test wants them."""
    async with kit.database.transaction() as session:
        sets = ", ".join(f"{name} = {value}" for name, value in columns.items())
        await session.execute(text(f"update organisation set {sets}"))
        await session.execute(text("update projection_source set applied_at = now() - interval '1 hour'"))


async def test_what_the_page_says(hub: Hub) -> None:
    await hub.tell("alpha", announced("alpha", "甲"), state("张伟"))
    async with hub.database.transaction() as session:
        await session.execute(text(
            "insert into projection_source (source, channel, seq, event_at, applied_at) values ('alpha', '', 5, now() - interval '2 hours', now())"
        ))  # fmt: skip
    async with clients(hub, "clerk", "admin") as [clerk, admin]:
        for columns, (what, lag, pending, said) in (
            ({"heard_at": "now()", "newest": "5"}, ("live", 0.0, 0, "实时")),
            (
                {"heard_at": "now()", "newest": "4"},
                ("live", 0.0, 0, "实时"),
            ),  # asked before the last event came
            (
                {"heard_at": "now()", "newest": "8", "waiting_since": "now() - interval '125 seconds'"},
                ("behind", 125.0, 3, "延迟2分"),
            ),
            ({"heard_at": "now() - interval '1 minute'"}, ("away", None, 3, "暂未收到新数据")),
            ({"heard_at": "null"}, ("away", None, 3, "暂未收到新数据")),
        ):
            await set_back(hub.kit, **columns)
            org = await only(hub.kit)
            assert (org.state, org.pending) == (what, pending)
            assert org.lag == (None if lag is None else pytest.approx(lag, abs=30))
            assert said in (await clerk.get("/lookup")).text
            [row] = (await clerk.api("GET", "/api/v1/organisations")).json()
            assert (row["state"], row["pending"]) == (what, pending)
            for page in (await clerk.get("/")).text, (await admin.get("/ops")).text:
                assert ("甲市总会的系统没有应答" in page) == (what == "away")
            if org.silent_since:
                assert f"自{moment(org.silent_since)}起" in (await admin.get("/ops")).text


async def test_asked_over_the_bus(databases: FreshDatabases, bus: Nats, running: Service) -> None:
    code = ORGANISATIONS[0]
    async with organisation(databases, bus, code) as org:
        await org.tell(announced(code, "甲"), state("张伟"))

        async def there() -> bool:
            async with running.kit.database.transaction() as session:
                return [o.events for o in await organisations(session)] == [2]

        await until(there)
        await set_back(running.kit, heard_at="null")
        assert (await only(running.kit)).state == "away"
        await pulse.ask_all(running.kit)
        known = await only(running.kit)
        assert (known.state, known.newest, known.lag, known.waiting_since) == ("live", 2, 0.0, None)
        async with running.kit.database.transaction() as session:  # as if the last event had not come
            await session.execute(text("update projection_source set seq = 1"))
        await pulse.ask_all(running.kit)
        known = await only(running.kit)
        assert (known.state, known.pending) == ("behind", 1)
        assert known.waiting_since is not None
        assert 0 < (known.lag or 0) < 60
    heard = known.heard_at
    await pulse.ask_all(running.kit)  # nobody answers
    assert (await only(running.kit)).heard_at == heard
