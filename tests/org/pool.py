"""One database per organisation, emptied before each test: as good as a fresh one, and much sooner there."""

import pkgutil
from collections.abc import AsyncIterator

import pytest
from pydantic import SecretStr
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from shared.kit.context import make_kit
from shared.kit.settings import Settings
from shared.org.kit import OrgKit, make_org_kit
from shared.org.policy import MembershipPolicy
from shared.org.profile import OrgProfile
from tests.fixtures.databases import FreshDatabases, Urls

SECRET = "test secret key of an organisation, long enough"
_EMPTY = text(
    """
    DO $$ DECLARE each record; BEGIN
      SET LOCAL session_replication_role = replica;  -- no foreign keys, no guard of the audit log
      SET LOCAL lock_timeout = '10s';
      FOR each IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version'
      LOOP EXECUTE format('DELETE FROM %I', each.tablename); END LOOP;
      FOR each IN SELECT format('%I.%I', schemaname, sequencename) AS name FROM pg_sequences
      LOOP PERFORM setval(each.name, 1, false); END LOOP;
    END $$
    """
)


class Orgs:
    """`await orgs.empty("union")`: the organisation over a database without a single row."""

    def __init__(self, databases: FreshDatabases) -> None:
        self._databases = databases
        self._known: dict[str, tuple[Urls, AsyncEngine]] = {}

    async def empty(self, code: str) -> OrgKit:
        """Nothing of the test before is left, neither rows nor connections."""
        if code not in self._known:
            urls = await self._databases.fresh(code)
            self._known[code] = (urls, create_async_engine(self._databases.server.url(urls.name)))
        urls, superuser = self._known[code]
        async with superuser.begin() as connection:
            await connection.execute(_EMPTY)
        return org_over(code, urls)

    async def close(self) -> None:
        for _, superuser in self._known.values():
            await superuser.dispose()


@pytest.fixture(scope="session")
async def orgs(databases: FreshDatabases) -> AsyncIterator[Orgs]:
    made = Orgs(databases)
    yield made
    await made.close()


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
