"""Services found by their folder: a newcomer needs no edit here."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from deploy.topology.names import HUB
from shared.kit.migrate import alembic_config, upgrade

ROOT = Path(__file__).parents[2]
SERVICES = ROOT / "services"


@dataclass(frozen=True)
class ServicePackage:
    """A folder with `service.py`; one with `profile.py` beside it is an organisation."""

    code: str
    folder: Path

    @property
    def organisation(self) -> bool:
        return (self.folder / "profile.py").exists()

    @property
    def branches(self) -> list[Path]:
        """Where its migrations are: the kit's, every organisation's, its own."""
        shared = ["kit", "org"] if self.organisation else ["kit"]
        places = [ROOT / "shared" / name / "migrations" for name in shared]
        return [place for place in (*places, self.folder / "migrations") if place.is_dir()]

    def migrate(self, owner_url: str) -> None:
        """Bring its database to the newest form, as the owner role."""
        upgrade(alembic_config(owner_url, self.branches, ()))


def discover(folder: Path = SERVICES) -> list[ServicePackage]:
    """Every service in `folder`, the hub first."""
    found = [ServicePackage(file.parent.name, file.parent) for file in folder.glob("*/service.py")]
    return sorted(found, key=lambda package: (package.code != HUB, package.code))


def organisations(packages: Sequence[ServicePackage]) -> list[str]:
    """Codes of the organisations among them."""
    return [package.code for package in packages if package.organisation]
