"""What a job of a server sees: the services that are here, and the settings of each."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from sqlalchemy import URL

from deploy.containers.state import database_roles
from deploy.local.packages import ServicePackage, discover, organisations

SECRETS = Path("/run/secrets")


def here() -> list[ServicePackage]:
    """The services of this server: those that have secrets here."""
    return [package for package in discover() if (SECRETS / package.code / "database").exists()]


def known_organisations() -> list[str]:
    """Those of this server and those whose servers were ever admitted to it."""
    return sorted({*organisations(here()), *(path.name for path in _leaves())})


def admitted_organisations() -> list[str]:
    """Those of this server and those whose servers may come in now."""
    return sorted({*organisations(here()), *(path.name for path in _leaves() if path.stat().st_size)})


def _leaves() -> list[Path]:
    return [*(SECRETS / "nats" / "leaves").glob("*")]


def environments(packages: Iterable[ServicePackage]) -> Mapping[str, Mapping[str, str]]:
    """Of each service, by its code."""
    return {package.code: environment(package.code) for package in packages}


def environment(code: str) -> dict[str, str]:
    """As the service's container has it."""
    folder, roles = SECRETS / code, database_roles(SECRETS, code)
    told = {
        "QUNTUAN_SERVICE": code,
        "QUNTUAN_DATABASE_URL": database_url(roles.database, roles.app, roles.app_password),
        "QUNTUAN_SECRET_KEY_FILE": str(folder / "secret-key"),
        "QUNTUAN_SYNTHETIC": "true",
    }
    if (folder / "match-key").exists():
        told["QUNTUAN_MATCH_KEY_FILE"] = str(folder / "match-key")
    return told


def database_url(database: str, role: str, password: str) -> str:
    """Of a database as one of its roles."""
    host = os.environ.get("QUNTUAN_DATABASE_HOST", "postgres")
    url = URL.create("postgresql+asyncpg", role, password, host, 5432, database)
    return url.render_as_string(hide_password=False)
