"""The suite's PostgreSQL: memory for a laptop, a database and two roles per service."""

from collections.abc import Iterable, Mapping

from deploy.local.home import Home
from shared.kit.testing.databases import ensure_database
from shared.kit.testing.postgres import PostgresServer

LAPTOP = {
    "shared_buffers": "256MB",
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "effective_cache_size": "1GB",
    "max_wal_size": "1GB",
    "random_page_cost": "1.1",
    "max_connections": "200",
    "idle_in_transaction_session_timeout": "5min",
    # a broken constraint's DETAIL would write the row's values, somebody's numbers, into the log
    "log_error_verbosity": "terse",
}


def server(home: Home, port: int, options: Mapping[str, str]) -> PostgresServer:
    """The server of this state folder, not yet started."""
    password = home.secret("postgres-superuser")
    return PostgresServer(home.postgres, port, password, home.logs / "postgres.log", options)


async def ensure_databases(server: PostgresServer, home: Home, codes: Iterable[str]) -> None:
    """A database with its roles for each service; safe to repeat."""
    for code in codes:
        await ensure_database(server.url(), home.roles(code))
