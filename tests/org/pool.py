"""One database per organisation, emptied before each test: as good as a fresh one, and much sooner there."""

import pkgutil

import pytest
from pydantic import SecretStr

from shared.kit.context import make_kit
from shared.kit.settings import Settings
from shared.org.kit import OrgKit, make_org_kit
from shared.org.policy import MembershipPolicy
from shared.org.profile import OrgProfile
from tests.fixtures.databases import FreshDatabases, Urls
from tests.fixtures.emptied import Emptied

SECRET = "test secret key of an organisation, long enough"


class Orgs:
    """`await orgs.empty("union")`: the organisation over a database without a single row."""

    def __init__(self, databases: FreshDatabases) -> None:
        self._databases = databases
        self._known: dict[str, tuple[Urls, Emptied]] = {}

    async def empty(self, code: str) -> OrgKit:
        """Nothing of the test before is left, neither rows nor connections."""
        if code not in self._known or not await self._known[code][1].again():
            self._known[code] = await self._databases.own(code)
        return org_over(code, self._known[code][0])


@pytest.fixture(scope="session")
async def orgs(databases: FreshDatabases) -> Orgs:
    return Orgs(databases)


def policy_of(code: str) -> MembershipPolicy:
    """The one policy class a service's membership module defines."""
    module = pkgutil.resolve_name(f"services.{code}.membership")
    (policy,) = [
        thing
        for thing in vars(module).values()
        if isinstance(thing, type) and thing.__module__ == module.__name__ and hasattr(thing, "exclusive_key")
    ]
    return policy()  # type: ignore[no-any-return]


def profile_of(code: str) -> OrgProfile:
    """The organisation's profile."""
    return pkgutil.resolve_name(f"services.{code}.profile:PROFILE")  # type: ignore[no-any-return]


def org_over(code: str, urls: Urls) -> OrgKit:
    """An OrgKit over this database; the bus is not started."""
    settings = Settings(
        service=code,
        database_url=urls.app,
        secret_key=SecretStr(SECRET),
        match_key=SecretStr("test match key of the organisations"),
        synthetic=True,
        pool_size=10,
    )
    return make_org_kit(make_kit(settings), profile_of(code), policy_of(code))
