"""What the doctor looks at on a server of containers."""

import asyncio
from collections.abc import Iterable, Sequence
from pathlib import Path

from deploy.containers.inside import SECRETS, database_url, environments, here
from deploy.containers.state import database_roles
from deploy.doctor import machine
from deploy.doctor.accounts import administrators
from deploy.doctor.backups import bases
from deploy.doctor.databases import databases
from deploy.doctor.entrance import entrance
from deploy.doctor.findings import Finding
from deploy.doctor.lines import lines
from deploy.doctor.services import Process, services
from deploy.local.packages import ServicePackage
from deploy.topology.names import HUB, Organisation

VOLUMES = Path("/volumes")
"""Where the doctor sees the volumes of database, backups and bus."""


def processes(packages: Iterable[ServicePackage]) -> list[Process]:
    """As every manifest names them."""
    roles = ("web", "worker")
    return [Process(p.code, f"http://{p.code}-{role}:8000", role) for p in packages for role in roles]


async def findings() -> list[Finding]:
    """Of everything that is on this server."""
    packages, certificates = here(), sorted(await asyncio.to_thread(lambda: [*SECRETS.rglob("*.crt")]))
    found = [*services(processes(packages))]
    found += machine.bus("http://nats:8222", "quntuan setup; quntuan compose restart nats")
    found += lines("http://nats:8222", awaited(packages))
    if packages:
        found.append(await asyncio.to_thread(entrance, "proxy", 8443, SECRETS / "proxy" / "server.crt"))
        found += await _of_databases(packages)
    found += machine.discs(await asyncio.to_thread(folders))
    found += machine.certificates(certificates)
    return found


def awaited(packages: Sequence[ServicePackage]) -> list[str]:
    """Accounts that have a line to another server: at a site its own, at the hub's every site's."""
    if len(packages) > 1:
        return []
    if packages and packages[0].code != HUB:
        return [Organisation(packages[0].code).account]
    leaves = sorted((SECRETS / "nats" / "leaves").glob("*"))
    return [Organisation(path.name).account for path in leaves if path.stat().st_size]


def folders() -> dict[str, Path]:
    """Where this server writes, by name."""
    return {"state": SECRETS, **{path.name: path for path in sorted(VOLUMES.glob("*"))}}


async def _of_databases(packages: Sequence[ServicePackage]) -> list[Finding]:
    roles = database_roles(SECRETS, packages[0].code)  # one server holds all; the hub stands first
    address = database_url(roles.database, roles.app, roles.app_password)
    recount = "quntuan recount --state ''" if packages[0].code == HUB else ""
    found = [each async for each in databases(address, recount)]
    found += await administrators(environments(packages), " --state ''")
    found.append(await asyncio.to_thread(bases, VOLUMES / "backup"))
    return found
