"""First accounts of a server nobody can sign in to yet; an administrator who forgot the password gets back in."""

import argparse
import asyncio
import os
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from pkgutil import resolve_name

import httpx
import pytest
from sqlalchemy import text

from deploy.accounts import words as command
from deploy.accounts.making import AccountError
from deploy.cli import main
from deploy.commands.compose import of_server
from deploy.doctor.accounts import administrators
from deploy.local.bus import Bus
from shared.kit.service import Service
from shared.kit.testing.process import free_port
from tests.deploy.folder import setup
from tests.fixtures.databases import FreshDatabases
from tests.fixtures.settings import settings_for
from tests.hub.site import BASE, Client

CODES = ("hub", "union")
_ONE_TIME = re.compile(r"(hub|union) +(\S+) +((?:[a-z0-9]{4}-){3}[a-z0-9]{4})")
_AUDIT = text("select actor_name, action from audit_entry where action like 'staff.%' order by seq")


class Suite:
    """Hub and one organisation as their services and as the command sees them."""

    def __init__(self, services: dict[str, Service]) -> None:
        self.services = services
        self.environments = {
            code: {
                "QUNTUAN_SERVICE": code,
                "QUNTUAN_DATABASE_URL": s.kit.settings.database_url,
                "QUNTUAN_SECRET_KEY": s.kit.settings.secret("secret_key"),
            }
            for code, s in services.items()
        }

    async def told(self, *said: str) -> int:
        """The command, as an operator tells it; its exit status."""
        parser = argparse.ArgumentParser()
        command.add(parser)
        return await asyncio.to_thread(command.perform, self.environments, parser.parse_args(said))

    async def signed_in(self, code: str, login: str, password: str) -> Client:
        http = httpx.AsyncClient(
            transport=httpx.ASGITransport(self.services[code].app),
            base_url=BASE,
            headers={"accept": "text/html", "origin": BASE},
        )
        return await Client(http).sign_in(login, password)


@pytest.fixture
async def suite(databases: FreshDatabases, bus: Bus) -> AsyncIterator[Suite]:
    services: dict[str, Service] = {}
    async with AsyncExitStack() as stack:
        for code in CODES:
            urls = await stack.enter_async_context(databases.lent(code))
            service: Service = resolve_name(f"services.{code}.service:build")(settings_for(code, urls, bus))
            services[code] = service
            stack.push_async_callback(service.kit.database.close)
        yield Suite(services)


async def test_the_first_administrator_signs_in_changes_the_password_and_makes_the_others(
    suite: Suite, capsys: pytest.CaptureFixture[str]
) -> None:
    assert [f.level for f in await administrators(suite.environments)] == ["bad"]
    assert await suite.told("show") == 1
    assert "union: 没有系统管理员" in capsys.readouterr().out

    assert await suite.told("new", "Zhou.Min", "周敏") == 0
    passwords = {code: word for code, login, word in _ONE_TIME.findall(capsys.readouterr().out)}
    assert set(passwords) == set(CODES)
    assert len(set(passwords.values())) == len(CODES)
    assert [f.level for f in await administrators(suite.environments)] == ["ok"]

    admin = await suite.signed_in("union", "zhou.min", passwords["union"])
    assert (await admin.get("/staff")).headers["location"].startswith("/account")  # change it first
    new = "Qing-Shan-Lv-Shui-77"
    changed = await admin.post("/account/password", old=passwords["union"], new=new, again=new)
    assert changed.status_code == 303, changed.text
    admin = await suite.signed_in("union", "zhou.min", new)
    assert "周敏" in (await admin.get("/staff")).text
    made = await admin.post(
        "/staff/new", login="gu.qing", name="顾清", roles="clerk", office="组织部", scope=""
    )
    assert made.is_success, made.text
    async with suite.services["union"].kit.database.transaction() as session:
        rows = [tuple(row) for row in await session.execute(_AUDIT)]
    assert rows[0] == ("运维命令行", "staff.created")
    assert ("周敏", "staff.created") in rows


async def test_an_account_that_is_there_stays_and_what_cannot_be_is_named(
    suite: Suite, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await suite.told("new", "audit1", "简宁", "--role", "auditor", "--service", "union") == 0
    capsys.readouterr()
    assert await suite.told("new", "audit1", "别人", "--role", "auditor") == 1
    said = capsys.readouterr().out
    assert [code for code, *_ in _ONE_TIME.findall(said)] == ["hub"]
    assert "已经有人使用" in said
    assert await suite.told("show") == 1  # an auditor manages no accounts
    assert "简宁" in capsys.readouterr().out
    for words in (("new", "1x", "周敏"), ("new", "zhou", " "), ("new", "z", "周敏")):
        with pytest.raises(AccountError, match=r"账号名|姓名"):
            await suite.told(*words)
    with pytest.raises(AccountError, match="league"):
        await suite.told("new", "zhou", "周敏", "--service", "league")


async def test_an_administrator_gets_back_in_and_nobody_else_by_this_door(
    suite: Suite, capsys: pytest.CaptureFixture[str]
) -> None:
    await suite.told("new", "zhou", "周敏", "--service", "union")
    await suite.told("new", "audit1", "简宁", "--service", "union", "--role", "auditor")
    (_, _, first), _ = _ONE_TIME.findall(capsys.readouterr().out)
    assert await suite.told("reset", "zhou", "--service", "union") == 0
    ((_, _, second),) = _ONE_TIME.findall(capsys.readouterr().out)
    assert second != first
    await suite.signed_in("union", "zhou", second)
    with pytest.raises(AssertionError):
        await suite.signed_in("union", "zhou", first)
    for login, word in (("audit1", "不是系统管理员"), ("nobody", "没有这个账号")):
        assert await suite.told("reset", login, "--service", "union") == 1
        assert word in capsys.readouterr().out
    async with suite.services["union"].kit.database.transaction() as session:
        await session.execute(text("update staff_account set active = false where login = 'zhou'"))
    assert await suite.told("reset", "zhou", "--service", "union") == 1
    assert await suite.told("show") == 1  # who is disabled manages nothing


async def test_a_database_that_is_away_costs_nobody_elses_password(
    suite: Suite, capsys: pytest.CaptureFixture[str]
) -> None:
    suite.environments["union"]["QUNTUAN_DATABASE_URL"] = (
        f"postgresql+asyncpg://a:b@127.0.0.1:{free_port()}/c"
    )
    for what in (("new", "zhou", "周敏"), ("reset", "zhou")):
        assert await suite.told(*what) == 1
        said = capsys.readouterr().out
        assert [code for code, *_ in _ONE_TIME.findall(said)] == ["hub"]
        assert "union" in said
        assert "没有应答" in said
    with pytest.raises(AccountError, match="没有应答"):
        await suite.told("show")


@pytest.mark.parametrize(
    "said",
    [
        ["show"],
        ["new", "zhou", "周敏", "--role", "auditor", "--service", "union", "--service", "hub"],
        ["reset", "zhou"],
    ],
)
def test_on_a_server_the_job_is_told_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: list[str]
) -> None:
    setup(tmp_path)
    told: list[Sequence[str]] = []

    def become(_: str, command: Sequence[str]) -> None:
        told.append(command)
        raise SystemExit(0)

    monkeypatch.setattr(os, "execvp", become)
    with pytest.raises(SystemExit):
        main(["accounts", "--state", str(tmp_path), *said])
    start = [*of_server(str(tmp_path)), "run", "--rm", "--no-deps", "accounts"]
    assert told[0][: len(start)] == start
    parser = argparse.ArgumentParser()
    command.add(parser)
    assert parser.parse_args(list(told[0][len(start) :])) == parser.parse_args(said)
