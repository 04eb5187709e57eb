"""Alembic for one service: the branches kit, org and its own run in the service's own database."""

from collections.abc import Sequence
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import MetaData

ROOT = Path(__file__).parents[2]


def alembic_config(url: str, locations: Sequence[Path], metadata: Sequence[MetaData]) -> Config:
    """A configuration without a file; `url` names the owner role, which alone may change tables."""
    config = Config()
    config.set_main_option("script_location", str(ROOT / "shared/kit/alembic"))
    config.set_main_option("path_separator", "newline")
    config.set_main_option("version_locations", "\n".join(str(p) for p in locations))
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    config.attributes["metadata"] = list(metadata)
    return config


def upgrade(config: Config) -> None:
    """Bring every branch to its head."""
    command.upgrade(config, "heads")
