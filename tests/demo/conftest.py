"""The suite's databases for the demo city, and organisations that only compute."""

from datetime import date

import pytest

from deploy.demo.city import City, Plan, build_city
from deploy.demo.load import ensure_demo
from deploy.demo.organisations import POLICIES, PROFILES
from deploy.demo.places import ORGANISATIONS, Organisation
from deploy.settings import settings_of
from shared.kit.context import make_kit
from shared.org.kit import OrgKit, make_org_kit
from tests.demo.quiet import Quiet
from tests.fixtures.databases import FreshDatabases

SMALL = 1200
CODES = ("hub", *ORGANISATIONS)
Environments = dict[str, dict[str, str]]


def environment(code: str, url: str) -> dict[str, str]:
    """What `quntuan up` tells the service `code`."""
    told = {
        "QUNTUAN_SERVICE": code,
        "QUNTUAN_DATABASE_URL": url,
        "QUNTUAN_SECRET_KEY": f"test secret key of {code}, long enough",
        "QUNTUAN_SYNTHETIC": "true",
        "PATH": "/usr/bin",
    }
    return told if code == "hub" else {**told, "QUNTUAN_MATCH_KEY": "test match key of the organisations"}


async def fresh(databases: FreshDatabases) -> Environments:
    """All four services with fresh, migrated databases."""
    return {code: environment(code, (await databases.fresh(code)).app) for code in CODES}


@pytest.fixture
async def environments(databases: FreshDatabases) -> Environments:
    return await fresh(databases)


@pytest.fixture(scope="session")
async def empty_city(databases: FreshDatabases) -> Environments:
    """Units and staff without people; only to be read."""
    made = await fresh(databases)
    assert await ensure_demo(made, 0, Quiet())
    return made


@pytest.fixture(scope="session")
async def small_city(databases: FreshDatabases) -> Environments:
    """With SMALL people; only to be read."""
    made, progress = await fresh(databases), Quiet()
    await ensure_demo(made, SMALL, progress)
    assert all(task.finished for task in progress.tasks)
    return made


@pytest.fixture(scope="session")
def computing() -> dict[Organisation, OrgKit]:
    """Organisations without a database: they read entries and make tokens."""
    nowhere = "postgresql+asyncpg://nobody@127.0.0.1:1/nothing"
    return {
        code: make_org_kit(make_kit(settings_of(environment(code, nowhere))), PROFILES[code], POLICIES[code])
        for code in ORGANISATIONS
    }


@pytest.fixture(scope="session")
def large_city() -> City:
    return build_city(Plan(20_000, date(2026, 11, 23)))
