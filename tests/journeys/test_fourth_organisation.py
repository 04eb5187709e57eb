"""残联 joins while everything runs: the hub is not restarted and finds its people within seconds."""

import asyncio
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from deploy.demo import staff
from deploy.local import postgres
from deploy.local.environment import owner_url
from deploy.local.packages import ROOT, ServicePackage
from deploy.local.ports import Ports
from deploy.local.suite import Suite
from deploy.settings import settings_of
from shared.kit.context import make_kit
from shared.kit.staff import ensure_accounts
from shared.kit.testing.process import free_port
from tests.journeys.visitor import Visitor

FOURTH = Path(__file__).parent / "fourth"
PACKAGE = ServicePackage("disabled", FOURTH / "services/disabled")
LINES = """姓名,性别,出生日期,身份证号,联系电话,所在残联组织,残疾类别,残疾等级,同意信息共享
单文静,女,1990-03-05,519901199003059468,12300004321,锦城市残疾人联合会/锦江区残联/柳江街道残疾人工作站,肢体,三级,是
解向阳,男,1985-07-09,519901198507099450,12300004322,锦城市残疾人联合会/锦江区残联/柳江街道残疾人工作站,听力,二级,否
"""


@pytest.mark.timeout(180)
@pytest.mark.slow
def test_a_fourth_organisation_joins_at_run_time(new_suite: Callable[..., Suite], tmp_path: Path) -> None:
    suite = new_suite()
    before = suite.services["hub"].process.pid
    asyncio.run(join(suite))
    suite.start_service("disabled")
    suite.wait_ready("disabled")
    roster = tmp_path / "残联名册.csv"
    roster.write_text(LINES, encoding="utf-8")
    batch = Visitor(suite.url("disabled")).sign_in("clerk").import_roster(roster)
    assert batch["sums"]["written"] == 2, batch
    found_at_the_hub(suite)
    assert suite.services["hub"].process.pid == before
    assert suite.services["hub"].alive()


async def join(suite: Suite) -> None:
    """What `make up` and `make provision` do for a new folder, without touching what runs."""
    suite.packages = [*suite.packages, PACKAGE]
    suite.ports = Ports({**suite.ports.by_name, "disabled": free_port()})
    suite.extra = {**suite.extra, "disabled": {"PYTHONPATH": os.pathsep.join([str(ROOT), str(FOURTH)])}}
    await postgres.ensure_databases(suite.postgres, suite.home, ["disabled"])
    await asyncio.to_thread(PACKAGE.migrate, owner_url("disabled", suite.home, suite.postgres))
    await suite.bus.join("disabled")
    kit = make_kit(settings_of(suite.environment("disabled")))
    async with kit.database.transaction() as session:
        await ensure_accounts(session, staff.accounts(staff.ORGANISATION, None))
    await kit.database.close()


def found_at_the_hub(suite: Suite) -> None:
    hub = Visitor(suite.url("hub")).sign_in("clerk")
    until = time.monotonic() + 15
    while not (found := hub.look_up("shanwenjing")["rows"]):
        assert time.monotonic() < until, hub.json("GET", "/api/v1/organisations")
        time.sleep(0.2)
    assert found[0]["name"] == "单文静"
    assert {b["org"] for b in found[0]["badges"] if b["state"] == "in"} == {"disabled"}
    assert hub.look_up("解向阳")["rows"] == [], "no consent, so the hub must not know"
    assert "残联" in str(hub.json("GET", "/api/v1/organisations"))
