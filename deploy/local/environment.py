"""The environment of each service process: the same settings as in production, nothing else of ours."""

import os

from deploy.local.bus import Bus
from deploy.local.home import Home
from deploy.local.ports import Ports
from deploy.topology.names import HUB
from shared.kit.testing.postgres import PostgresServer

INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "VIRTUAL_ENV", "SSL_CERT_FILE")
LIMITS = ("QUNTUAN_NUMBER_LOOKUPS_PER_MINUTE", "QUNTUAN_NUMBER_LOOKUPS_PER_DAY")
PASSED_ON = ("QUNTUAN_CITY", "QUNTUAN_LOG_LEVEL", "QUNTUAN_CRYPTO_PROFILE", "QUNTUAN_POOL_SIZE", *LIMITS)


def service_environment(
    code: str, home: Home, postgres: PostgresServer, bus: Bus, ports: Ports
) -> dict[str, str]:
    """What one service is told. Never the owner's password; the hub gets no match key."""
    roles = home.roles(code)
    environment = {
        **{name: os.environ[name] for name in (*INHERITED, *PASSED_ON) if name in os.environ},
        "PYTHONUNBUFFERED": "1",
        "QUNTUAN_SERVICE": code,
        "QUNTUAN_DATABASE_URL": postgres.url(roles.database, roles.app, roles.app_password),
        "QUNTUAN_NATS_URL": bus.url,
        "QUNTUAN_NATS_MONITOR_URL": bus.monitor_url,
        "QUNTUAN_NATS_SEED_FILE": str(bus.seed(code)),
        "QUNTUAN_SECRET_KEY_FILE": str(home.secret_file(f"{code}-secret-key")),
        "QUNTUAN_BASE_URL": address(ports, code),
        "QUNTUAN_HUB_URL": address(ports, HUB) if HUB in ports.by_name else "",
        "QUNTUAN_SYNTHETIC": "true",
        "QUNTUAN_WORKING_ROOT": str(home.working),
    }
    if code != HUB:
        environment["QUNTUAN_MATCH_KEY_FILE"] = str(home.secret_file("match-key"))
    return environment


def owner_url(code: str, home: Home, postgres: PostgresServer) -> str:
    """For migrations only."""
    roles = home.roles(code)
    return postgres.url(roles.database, roles.owner, roles.owner_password)


def address(ports: Ports, code: str) -> str:
    """Where a browser finds the service."""
    return f"http://127.0.0.1:{ports[code]}"
