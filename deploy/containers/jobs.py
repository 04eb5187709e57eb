"""What runs once in a container: databases, bus, demo. `python -m deploy.containers.jobs <job>`."""

import argparse
import asyncio
import os
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from rich.console import Console
from rich.progress import Progress
from sqlalchemy import URL

from deploy.accounts import words
from deploy.accounts.making import AccountError
from deploy.containers.state import database_roles
from deploy.demo.load import ensure_demo
from deploy.doctor import machine
from deploy.doctor.accounts import administrators
from deploy.doctor.backups import bases
from deploy.doctor.databases import databases
from deploy.doctor.findings import Finding, tell
from deploy.doctor.services import Process, services
from deploy.local.packages import ServicePackage, discover, organisations
from deploy.topology.names import HUB
from deploy.topology.provision import provision, provision_hub, provision_site
from shared.kit.testing.databases import ensure_database
from shared.kit.testing.postgres import SUPERUSER

SECRETS = Path("/run/secrets")
VOLUMES = Path("/volumes")
"""Where the doctor sees the volumes of database, backups and bus."""


def here() -> list[ServicePackage]:
    """The services of this server: those that have secrets here."""
    return [package for package in discover() if (SECRETS / package.code / "database").exists()]


def known_organisations() -> list[str]:
    """Those of this server and those whose servers were admitted to it."""
    admitted = {path.name for path in (SECRETS / "nats" / "leaves").glob("*")}
    return sorted({*organisations(here()), *admitted})


def migrate() -> None:
    """Roles, databases and tables of every service of this server; safe to repeat."""
    word = (SECRETS / "jobs" / "superuser").read_text(encoding="ascii").strip()
    for package in here():
        roles = database_roles(SECRETS, package.code)
        asyncio.run(ensure_database(_url("postgres", SUPERUSER, word), roles))
        package.migrate(_url(roles.database, roles.owner, roles.owner_password))
        print(f"{roles.database}: up to date")


def provision_bus() -> None:
    """Streams, sources and consumers of everybody on this server's bus; safe to repeat."""
    url, seeds = os.environ["QUNTUAN_NATS_URL"], SECRETS / "jobs" / "nats"
    site = os.environ.get("QUNTUAN_SITE", "")
    if not site:
        asyncio.run(provision(url, seeds, known_organisations()))
    elif site == HUB:
        copies = int(os.environ["QUNTUAN_REPLICAS"])
        asyncio.run(provision_hub(url, seeds, known_organisations(), replicas=copies))
    else:
        asyncio.run(provision_site(url, seeds, site))
    print("bus: up to date")


def demo() -> None:
    """Demo staff and QUNTUAN_DEMO_PEOPLE synthetic people; never on a server for real people."""
    people = int(os.environ.get("QUNTUAN_DEMO_PEOPLE") or 0)
    asyncio.run(ensure_demo(_environments(here()), people, Progress(disable=True)))
    print(f"demo: staff and {people} people")


def accounts() -> None:
    """First accounts, and the way back in: `quntuan accounts`, told in its words."""
    parser = argparse.ArgumentParser(prog="quntuan accounts")
    parser.add_argument("--state", help=argparse.SUPPRESS)  # always this one
    words.add(parser)
    try:
        sys.exit(words.perform(_environments(here()), parser.parse_args(sys.argv[2:])))
    except AccountError as error:
        sys.exit(str(error))


def doctor() -> None:
    """What is well on this server and what is not; ends with 1 when something is wrong."""
    found = asyncio.run(_findings())
    sys.exit(0 if tell(Console(width=120), found) else 1)


def rebuild() -> None:
    """Becomes the hub's own program: its projection anew. It exchanges tables, so it comes as their owner."""
    roles = database_roles(SECRETS, HUB)
    environment = {
        **os.environ,
        **_environment(HUB),
        "QUNTUAN_DATABASE_URL": _url(roles.database, roles.owner, roles.owner_password),
        "QUNTUAN_NATS_SEED_FILE": str(SECRETS / HUB / "seed"),
    }
    command = [sys.executable, "-m", "services.hub.rebuild", *known_organisations()]
    os.execve(command[0], command, environment)  # noqa: S606 - the command is ours


def processes(packages: Iterable[ServicePackage]) -> list[Process]:
    """As every manifest names them."""
    roles = ("web", "worker")
    return [Process(p.code, f"http://{p.code}-{role}:8000", role) for p in packages for role in roles]


async def _findings() -> list[Finding]:
    packages, certificates = here(), sorted(await asyncio.to_thread(lambda: [*SECRETS.rglob("*.crt")]))
    found = [*services(processes(packages))]
    found += machine.bus("http://nats:8222", "quntuan setup; quntuan compose restart nats")
    roles = database_roles(SECRETS, packages[0].code)  # one server holds all; the hub stands first
    url = _url(roles.database, roles.app, roles.app_password)
    recount = "quntuan recount --state ''" if packages[0].code == HUB else ""
    found += [each async for each in databases(url, recount)]
    found += await administrators(_environments(packages), " --state ''")
    found.append(await asyncio.to_thread(bases, VOLUMES / "backup"))
    found += machine.discs({"state": SECRETS, **{name: VOLUMES / name for name in ("pg", "backup", "nats")}})
    found += machine.certificates(certificates)
    return found


def _environments(packages: Iterable[ServicePackage]) -> Mapping[str, Mapping[str, str]]:
    return {package.code: _environment(package.code) for package in packages}


def _environment(code: str) -> dict[str, str]:
    """As the service's container has it."""
    folder, roles = SECRETS / code, database_roles(SECRETS, code)
    told = {
        "QUNTUAN_SERVICE": code,
        "QUNTUAN_DATABASE_URL": _url(roles.database, roles.app, roles.app_password),
        "QUNTUAN_SECRET_KEY_FILE": str(folder / "secret-key"),
        "QUNTUAN_SYNTHETIC": "true",
    }
    if (folder / "match-key").exists():
        told["QUNTUAN_MATCH_KEY_FILE"] = str(folder / "match-key")
    return told


def _url(database: str, role: str, password: str) -> str:
    host = os.environ.get("QUNTUAN_DATABASE_HOST", "postgres")
    url = URL.create("postgresql+asyncpg", role, password, host, 5432, database)
    return url.render_as_string(hide_password=False)


JOBS: dict[str, Callable[[], None]] = {
    "migrate": migrate,
    "provision": provision_bus,
    "demo": demo,
    "accounts": accounts,
    "doctor": doctor,
    "rebuild": rebuild,
}

if __name__ == "__main__":
    JOBS[sys.argv[1]]()
