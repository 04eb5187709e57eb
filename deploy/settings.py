"""Settings of a service process, for programs that do its work beside it."""

from collections.abc import Mapping
from typing import Any, cast

from shared.kit.settings import Settings


def settings_of(environment: Mapping[str, str]) -> Settings:
    """The settings of a service process with this environment."""
    prefix = str(Settings.model_config["env_prefix"])
    given = {k.removeprefix(prefix).lower(): v for k, v in environment.items() if k.startswith(prefix)}
    return Settings(**cast("dict[str, Any]", given))
