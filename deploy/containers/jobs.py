"""What runs once in a container: databases, bus, demo. `python -m deploy.containers.jobs <job>`."""

import argparse
import asyncio
import os
import sys
from collections.abc import Callable

from rich.console import Console
from rich.progress import Progress

from deploy.accounts import words
from deploy.accounts.making import AccountError
from deploy.containers.examined import findings
from deploy.containers.inside import (
    SECRETS,
    admitted_organisations,
    database_url,
    environment,
    environments,
    here,
    known_organisations,
)
from deploy.containers.state import database_roles
from deploy.demo.load import ensure_demo
from deploy.doctor.findings import tell
from deploy.topology.names import HUB
from deploy.topology.provision import provision, provision_hub, provision_site
from shared.kit.testing.databases import ensure_database
from shared.kit.testing.postgres import SUPERUSER


def migrate() -> None:
    """Roles, databases and tables of every service of this server; safe to repeat."""
    word = (SECRETS / "jobs" / "superuser").read_text(encoding="ascii").strip()
    for package in here():
        roles = database_roles(SECRETS, package.code)
        asyncio.run(ensure_database(database_url("postgres", SUPERUSER, word), roles))
        package.migrate(database_url(roles.database, roles.owner, roles.owner_password))
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
    asyncio.run(ensure_demo(environments(here()), people, Progress(disable=True)))
    print(f"demo: staff and {people} people")


def accounts() -> None:
    """First accounts, and the way back in: `quntuan accounts`, told in its words."""
    parser = argparse.ArgumentParser(prog="quntuan accounts")
    parser.add_argument("--state", help=argparse.SUPPRESS)  # always this one
    words.add(parser)
    try:
        sys.exit(words.perform(environments(here()), parser.parse_args(sys.argv[2:])))
    except AccountError as error:
        sys.exit(str(error))


def doctor() -> None:
    """What is well on this server and what is not; ends with 1 when something is wrong."""
    found = asyncio.run(findings())
    sys.exit(0 if tell(Console(width=120), found) else 1)


def rebuild() -> None:
    """Becomes the hub's own program: its projection anew. It exchanges tables, so it comes as their owner."""
    roles = database_roles(SECRETS, HUB)
    told = {
        **os.environ,
        **environment(HUB),
        "QUNTUAN_DATABASE_URL": database_url(roles.database, roles.owner, roles.owner_password),
        "QUNTUAN_NATS_SEED_FILE": str(SECRETS / HUB / "seed"),
    }
    command = [sys.executable, "-m", "services.hub.rebuild", *admitted_organisations()]
    os.execve(command[0], command, told)  # noqa: S606 - the command is ours


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
