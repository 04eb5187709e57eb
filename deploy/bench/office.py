"""Sixteen members of staff: an office of many, not one person who asks sixteen times at once."""

import asyncio
from uuid import UUID

import asyncpg

from deploy.bench.client import Clerk
from deploy.bench.load import CLIENTS
from deploy.bench.stage import Stage

_MORE = (
    "insert into staff_account (login, name, office, password_hash, password_changed_at, roles)"
    " select login || '-' || n, name, office, password_hash, password_changed_at, roles"
    " from staff_account, generate_series(1, $1) n where login = 'clerk' on conflict (login) do nothing"
)
_THEM = (
    "select login, id from staff_account where login like 'clerk-%' order by length(login), login limit $1"
)


def office(stage: Stage) -> dict[UUID, Clerk]:
    """The hub's, signed in, by their ids; made once."""
    found: dict[str, UUID] = asyncio.run(_accounts(stage.owner_url("hub")))
    return {id_: Clerk(stage.hub, login) for login, id_ in found.items()}


async def _accounts(url: str) -> dict[str, UUID]:
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    try:
        await connection.execute(_MORE, CLIENTS)
        return {row["login"]: UUID(int=row["id"].int) for row in await connection.fetch(_THEM, CLIENTS)}
    finally:
        await connection.close()
