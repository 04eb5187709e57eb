"""Two versions side by side on one bus: tables first, then an organisation, last the hub; nothing is lost."""

import asyncio
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import NullPool, text
from sqlalchemy.ext.asyncio import create_async_engine

from deploy.local.environment import owner_url
from deploy.local.packages import ROOT
from deploy.local.suite import Suite
from shared.kit.migrate import alembic_config, upgrade
from tests.journeys.next_version import GROWN, KIND, plant
from tests.journeys.visitor import Visitor
from tests.org.people import identity_number, phone_number

UPGRADED = ("union", "hub")


@pytest.mark.timeout(240)
def test_an_upgrade_goes_service_by_service(new_suite: Callable[..., Suite], tmp_path: Path) -> None:
    suite = new_suite()
    following = plant(tmp_path)
    for package in suite.packages:
        if package.code in UPGRADED:
            branches = [following / branch.relative_to(ROOT) for branch in package.branches]
            upgrade(alembic_config(owner_url(package.code, suite.home, suite.postgres), branches, ()))
    admitted_and_found(suite, "union", "单文甲")  # this version on the tables of the next one

    run_next(suite, "union", following)
    admitted_and_found(suite, "union", "单文乙")
    assert query(suite, "union", "select distinct data->>'grown' from event_log where data ? 'grown'") == [
        (GROWN,)
    ]
    whole(suite, {KIND: "aside"})
    hub = Visitor(suite.url("hub")).sign_in("ops")
    [row] = set(re.findall(r"/ops/quarantine/(\d+)/retry", hub.page("/ops")))
    assert hub.ask("POST", f"/ops/quarantine/{row}/retry").status_code == 303
    whole(suite, {KIND: "aside"})
    assert "本系统的版本还不认识这种消息" in hub.page("/ops/ledger?state=aside")

    run_next(suite, "hub", following)
    hub = Visitor(suite.url("hub")).sign_in("ops")
    assert "有一个组织受到表扬" in hub.page("/ops/ledger?state=aside")
    assert hub.ask("POST", f"/ops/quarantine/{row}/retry").status_code == 303
    assert query(suite, "hub", "select code from planted_praise") == [("union",)]
    whole(suite, {})
    admitted_and_found(suite, "league", "单文丙")  # an older organisation beside a newer hub
    admitted_and_found(suite, "union", "单文丁")


def run_next(suite: Suite, code: str, following: Path) -> None:
    """Stop the service and start the next version of it in its place."""
    suite.services[code].stop()
    suite.extra = {**suite.extra, code: {"UVICORN_APP_DIR": str(following)}}
    suite.start_service(code)
    suite.wait_ready(code)


def admitted_and_found(suite: Suite, code: str, name: str) -> None:
    desk = Visitor(suite.url(code)).sign_in("clerk")
    [top] = desk.json("GET", "/api/v1/units")["items"]
    fields = {
        "name": name, "identity": identity_number(), "phone": phone_number(), "joined_on": "2024-10-08",
        "consent": "同意",
    }  # fmt: skip
    desk.json("POST", "/api/v1/members", json={"unit_id": top["id"], "fields": fields})
    hub = Visitor(suite.url("hub")).sign_in("clerk")
    until = time.monotonic() + 20
    while not hub.look_up(name)["rows"]:
        assert time.monotonic() < until, hub.json("GET", "/api/v1/organisations")
        time.sleep(0.2)


def whole(suite: Suite, trouble: dict[str, str]) -> None:
    """Every number of every organisation has come; only these kinds were not applied."""
    until = time.monotonic() + 20
    while _came(suite) != _told(suite):  # an end of an audit log may just be on its way
        assert time.monotonic() < until, (_came(suite), _told(suite))
        time.sleep(0.1)
    assert query(suite, "hub", "select count(*) from projection_gap") == [(0,)]
    assert (
        dict(query(suite, "hub", "select type, state from event_receipt where state <> 'applied'")) == trouble
    )


def _told(suite: Suite) -> tuple[int, int]:
    [(newest,)] = query(suite, "union", "select newest from event_channel where channel = ''")
    return newest, newest


def _came(suite: Suite) -> tuple[int, int]:
    [row] = query(suite, "hub", "select count(*), max(seq) from event_receipt where source = 'union'")
    return row[0], row[1]


def query(suite: Suite, code: str, statement: str) -> list[Any]:
    async def ask() -> list[Any]:
        engine = create_async_engine(owner_url(code, suite.home, suite.postgres), poolclass=NullPool)
        async with engine.connect() as connection:
            return [tuple(row) for row in await connection.execute(text(statement))]

    return asyncio.run(ask())
