"""`python -m deploy.migration BRANCH "message"`: the next revision of kit, org or a service."""

import asyncio
import sys
import tempfile
from pathlib import Path

from alembic import command
from sqlalchemy import MetaData

import shared.kit.audit.models
import shared.kit.auditors.models
import shared.kit.events.models
import shared.kit.idempotency
import shared.kit.staff.models
import shared.org.bookings.models
import shared.org.imports.models
import shared.org.members.models
import shared.org.rounds.models
import shared.org.units.models
import shared.org.venues.models  # noqa: F401 - all these define tables
from deploy.local.packages import ROOT
from deploy.services import blank_settings, build
from shared.kit.base import KitBase
from shared.kit.migrate import alembic_config, upgrade
from shared.kit.testing.databases import DatabaseRoles, ensure_database
from shared.kit.testing.postgres import PostgresServer
from shared.kit.testing.process import free_port
from shared.org.db import OrgBase


def main(branch: str, message: str) -> None:
    """Migrate an empty database to the present heads, compare it with the models, write the difference."""
    with tempfile.TemporaryDirectory(prefix="quntuan-migration-") as name:
        folder = Path(name)
        folder.chmod(0o711)
        server = PostgresServer(folder / "pg", free_port(), "superuser", folder / "pg.log", {"fsync": "off"})
        server.start()
        try:
            roles = DatabaseRoles("migration", "owner", "app")
            asyncio.run(ensure_database(server.url(), roles))
            _write(branch, message, server.url(roles.database, roles.owner, roles.owner_password))
        finally:
            server.stop()


def _write(branch: str, message: str, url: str) -> None:
    places, metadata = _branches(branch)
    config = alembic_config(url, places, metadata)
    upgrade(config)
    target = places[-1]
    first = not list(target.glob(f"{branch}_*.py"))
    number = len(list(target.glob(f"{branch}_*.py"))) + 1
    command.revision(
        config,
        message=message,
        autogenerate=True,
        head="base" if first else f"{branch}@head",
        branch_label=branch if first else None,
        version_path=str(target),
        rev_id=f"{branch}_{number:04d}",
        depends_on=_newest(places[:-1]),  # type: ignore[arg-type]  # alembic takes several
    )


def _newest(places: list[Path]) -> list[str] | None:
    """The newest revision of the branch below (own tables refer to the organisation's)."""
    if not places:
        return None
    names = sorted(file.stem for file in places[-1].glob("*_[0-9]*.py"))
    return ["_".join(names[-1].split("_")[:2])]


def _branches(branch: str) -> tuple[list[Path], list[MetaData]]:
    """Migration folders, the branch's own last, and the tables they must lead to."""
    kit = ROOT / "shared/kit/migrations"
    if branch == "kit":
        return [kit], [KitBase.metadata]
    org = ROOT / "shared/org/migrations"
    if branch == "org":
        return [kit, org], [KitBase.metadata, OrgBase.metadata]
    service = build(blank_settings(branch))
    own = ROOT / "services" / branch / "migrations"
    own.mkdir(exist_ok=True)
    below = [kit, org] if (ROOT / "services" / branch / "profile.py").exists() else [kit]
    return [*below, own], list(service.metadata)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
