"""The operators' page of every service: quarantine with retry and reasoned discard, lags, gaps, versions."""

import re
from collections.abc import AsyncIterator
from pkgutil import resolve_name
from uuid import uuid4

import httpx
import pytest
from pydantic import SecretStr, ValidationError
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from deploy.local.packages import discover
from shared.contracts.event import Event
from shared.contracts.units import UnitChanged
from shared.kit.clock import now
from shared.kit.events.effects import reason
from shared.kit.events.effects import told as told_of
from shared.kit.events.engine import Crash
from shared.kit.events.envelope import Arrived, Checked
from shared.kit.events.models import ChannelRow, GapRow, SourceRow
from shared.kit.events.quarantine import put_aside
from shared.kit.ops import reading
from shared.kit.service import Service
from shared.kit.settings import Settings
from shared.kit.staff import NewAccount, ensure_accounts
from tests.fixtures.databases import FreshDatabases
from tests.hub.site import BASE, PASSWORD, Client
from tests.hub.telling import received

ACCOUNTS = (
    NewAccount("admin", "高远", "信息中心", ("admin",), PASSWORD),
    NewAccount("clerk", "何静怡", "办公室", ("clerk",), PASSWORD),
)


@pytest.fixture(params=[package.code for package in discover()])
async def service(request: pytest.FixtureRequest, databases: FreshDatabases) -> AsyncIterator[Service]:
    secret = SecretStr("a test secret key of a service, long enough")
    async with databases.lent(request.param) as urls:
        settings = Settings(
            service=request.param, database_url=urls.app, secret_key=secret, match_key=secret, synthetic=True,
            nats_url="nats://127.0.0.1:1",
        )  # fmt: skip
        built: Service = resolve_name(f"services.{request.param}.service:build")(settings)
        async with built.kit.database.transaction() as session:
            await ensure_accounts(session, ACCOUNTS)
        yield built
        await built.kit.database.close()


async def signed_in(service: Service, login: str) -> Client:
    transport = httpx.ASGITransport(service.app)
    http = httpx.AsyncClient(
        transport=transport, base_url=BASE, headers={"accept": "text/html", "origin": BASE}
    )
    return await Client(http).sign_in(login)


async def aside(service: Service, *arrived: Arrived) -> list[int]:
    """Messages as the projector puts them aside; their ids."""
    async with service.kit.database.transaction() as session:
        for one in arrived:
            await put_aside(
                session, Checked(one, reason="invalid: name: missing"), "读不懂", service.kit.settings.service
            )
        return [r.id for r in reversed(await service.engine.quarantine.open_rows(session))]


def arriving(event: Event) -> Arrived:
    envelope = received("alpha", event).envelope.model_copy(update={"time": now()})
    return Arrived(envelope.bus_subject, envelope.model_dump_json(exclude_none=True).encode(), "alpha", 7)


async def test_put_aside_retried_discarded_and_told(service: Service) -> None:
    first, second = await aside(
        service, Arrived("quntuan.x.y.v1", b"{", "x", 5), Arrived("z", b"[]", None, 6)
    )
    admin = await signed_in(service, "admin")
    page = (await admin.get("/ops")).text
    assert page.count("读不懂") == 2
    assert "没有连上消息总线" in page
    assert ">not connected<" not in page.replace("<code>not connected</code>", "")
    still = await admin.post(f"/ops/quarantine/{first}/retry")
    assert still.status_code == 303
    page = (await admin.get("/ops")).text
    assert "not JSON" in page
    assert (await admin.post(f"/ops/quarantine/{second}/discard", note="  ")).status_code == 422
    assert (await admin.post(f"/ops/quarantine/{second}/discard", note="测试消息")).status_code == 303
    assert (await admin.post(f"/ops/quarantine/{second}/retry")).status_code == 409
    page = (await admin.get("/ops")).text
    assert "测试消息" in page
    async with service.kit.database.transaction() as session:
        assert await service.engine.quarantine.count(session) == 1
        actions = list(
            await session.scalars(
                text("select action from audit_entry where action like 'ops.%' order by seq")
            )
        )
    assert actions == ["ops.retried", "ops.discarded"]


async def test_a_message_that_can_be_read_now_is_applied(service: Service) -> None:
    unit = UnitChanged(
        unit_id=uuid4(), version=1, parent_id=None, path="u", names=("总会",), kind="x",
        kind_title="总会", district=None, status="active",
    )  # fmt: skip
    [row] = await aside(service, arriving(unit))
    admin = await signed_in(service, "admin")
    await admin.post(f"/ops/quarantine/{row}/retry")
    assert "没有隔离的消息" in (await admin.get("/ops")).text


NUMBER = "519901199001017774"


async def real_errors(service: Service) -> list[Exception]:
    """What goes wrong with a row, each with the row's value in its own text."""
    statements = (
        "select cast(cast(:n as text) as date)",
        "insert into event_channel (channel) select cast(:n as text) from generate_series(1, 2)",
    )
    errors: list[Exception] = [KeyError(NUMBER)]
    for statement in statements:
        with pytest.raises(DBAPIError) as caught:
            async with service.kit.database.transaction() as session:
                await session.execute(text(statement), {"n": NUMBER})
        errors.append(caught.value)
    with pytest.raises(ValidationError) as invalid:
        UnitChanged.model_validate({"name": [NUMBER]})
    return [*errors, invalid.value]


async def test_readiness_and_the_page_tell_no_value_of_a_row(service: Service) -> None:
    admin = await signed_in(service, "admin")
    errors = await real_errors(service)
    assert sum(NUMBER in str(error) for error in errors) == 3, "the duplicate key's is hidden already"
    for error in errors:
        service.engine.relay.last_problem = service.engine.projector.last_problem = told_of(error)
        said = (await admin.get("/readyz")).text
        assert type(error).__name__ in said
        assert NUMBER not in said
        if isinstance(error, DBAPIError):
            assert reason(error).startswith(type(error).__name__)
            assert NUMBER not in reason(error)


async def test_lags_gaps_and_versions_are_told(service: Service) -> None:
    async with service.kit.database.transaction() as session:
        session.add(ChannelRow(channel="somebody", newest=9, published=4))
        session.add(SourceRow(source="faraway", seq=1234, applied_at=now()))
        session.add(GapRow(source="faraway", first=7, last=8, problem="对方服务不在线"))
    service.engine.crashes["relay"] = Crash("OSError", 2)
    admin = await signed_in(service, "admin")
    page = (await admin.get("/ops")).text
    for told in ("somebody", "1,234", "7—8", "对方服务不在线", "PostgreSQL", "待发送", "总线"):
        assert told in page
    told = re.sub(r"<details class=\"raw\">.*?</details>", "", page)
    for code in ("not connected", "unknown", "task:", "OSError", "&lt;"):
        assert code not in told, code
    # no worker runs here: what stands in the database is told all the same
    for word in ("没有连上消息总线", "发送任务", "须留意", "待发送 5", "缺号 1", "待接收 未知"):
        assert word in told, word
    assert re.search(r"somebody</td><td>9</td><td>4</td><td>5</td>", page)


def test_codes_and_machine_words_are_told_in_chinese() -> None:
    assert [reading.type_title(t) for t in ("unit.changed.v1", "x.y.v1", None)] == [
        "单位变动", "不认识的消息类型", "不认识的消息类型"]  # fmt: skip
    said = {
        "invalid: name: missing": "内容不合约定", "unknown: ConnectError": "暂时读不到",
        "not JSON: line 1": "不是有效的消息", "KeyError: 'x'": "处理时出错", "读不懂": "读不懂",
    }  # fmt: skip
    assert {reason: reading.in_words(reason) for reason in said} == said


async def test_only_operators_see_it(service: Service) -> None:
    [row] = await aside(service, Arrived("z", b"[]", None, 6))
    clerk = await signed_in(service, "clerk")
    assert (await clerk.get("/ops")).status_code == 403
    assert (await clerk.post(f"/ops/quarantine/{row}/discard", note="x")).status_code == 403
