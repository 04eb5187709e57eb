"""A service's database: owner role for migrations, app role for the service, nobody else."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from sqlalchemy import NullPool, make_url, text
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

CODE = re.compile(r"[a-z][a-z0-9_]{1,40}")


@dataclass(frozen=True)
class DatabaseRoles:
    """Names of one service's database and roles, and the roles' passwords."""

    code: str
    owner_password: str
    app_password: str

    def __post_init__(self) -> None:
        if not CODE.fullmatch(self.code):
            raise ValueError(f"not a service code: {self.code!r}")

    @property
    def database(self) -> str:
        return f"quntuan_{self.code}"

    @property
    def owner(self) -> str:
        return f"quntuan_{self.code}_owner"

    @property
    def app(self) -> str:
        return f"quntuan_{self.code}"


async def ensure_database(superuser_url: str, roles: DatabaseRoles) -> None:
    """Make roles and database when missing, set passwords and rights again: safe to repeat."""
    async with _connected(superuser_url) as connection:
        for common in ("postgres", "template1"):
            await connection.exec_driver_sql(f"REVOKE CONNECT ON DATABASE {common} FROM PUBLIC")
        await _ensure_role(connection, roles.owner, roles.owner_password)
        await _ensure_role(connection, roles.app, roles.app_password)
        known = text("SELECT 1 FROM pg_database WHERE datname = :name")
        if not await connection.scalar(known, {"name": roles.database}):
            await connection.exec_driver_sql(f"CREATE DATABASE {roles.database} OWNER {roles.owner}")
        await _admit(connection, roles.database, roles)
    inside = make_url(superuser_url).set(database=roles.database)
    async with _connected(inside.render_as_string(hide_password=False)) as connection:
        await _grant_inside(connection, roles)


async def copy_database(superuser_url: str, roles: DatabaseRoles, name: str) -> None:
    """A copy of the service's database under another name: how a test gets a fresh one in 0.1 s."""
    async with _connected(superuser_url) as connection:
        await connection.exec_driver_sql(
            f"CREATE DATABASE {name} TEMPLATE {roles.database} OWNER {roles.owner} STRATEGY file_copy"
        )
        await _admit(connection, name, roles)


async def drop_database(superuser_url: str, name: str) -> None:
    """Drop it, cutting whoever is still connected."""
    async with _connected(superuser_url) as connection:
        await connection.exec_driver_sql(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


@asynccontextmanager
async def _connected(url: str) -> AsyncIterator[AsyncConnection]:
    """One connection outside any transaction: CREATE DATABASE allows none."""
    engine = create_async_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    try:
        async with engine.connect() as connection:
            yield connection
    finally:
        await engine.dispose()


async def _admit(connection: AsyncConnection, database: str, roles: DatabaseRoles) -> None:
    """Only this service may connect (a template's rights are not copied to its copies)."""
    await connection.exec_driver_sql(f"REVOKE ALL ON DATABASE {database} FROM PUBLIC")
    await connection.exec_driver_sql(f"GRANT CONNECT, TEMPORARY ON DATABASE {database} TO {roles.app}")


async def _ensure_role(connection: AsyncConnection, role: str, password: str) -> None:
    quoted = "'" + password.replace("'", "''") + "'"  # role statements take no parameters
    known = text("SELECT 1 FROM pg_roles WHERE rolname = :name")
    verb = "ALTER" if await connection.scalar(known, {"name": role}) else "CREATE"
    await connection.exec_driver_sql(f"{verb} ROLE {role} LOGIN PASSWORD {quoted}")


async def _grant_inside(connection: AsyncConnection, roles: DatabaseRoles) -> None:
    defaults = f"ALTER DEFAULT PRIVILEGES FOR ROLE {roles.owner} IN SCHEMA public GRANT"
    for statement in (
        "REVOKE ALL ON SCHEMA public FROM PUBLIC",
        f"GRANT USAGE ON SCHEMA public TO {roles.app}",
        f"{defaults} SELECT, INSERT, UPDATE, DELETE ON TABLES TO {roles.app}",
        f"{defaults} USAGE ON SEQUENCES TO {roles.app}",
    ):
        await connection.exec_driver_sql(statement)
