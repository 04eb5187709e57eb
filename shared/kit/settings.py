"""Settings of one service process, read from the environment (`QUNTUAN_*`); secrets may come as files."""

from pathlib import Path
from typing import Literal

from pydantic import SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy import make_url


class Settings(BaseSettings):
    """One process's settings. A secret `X` may be given as `QUNTUAN_X` or as a path in `QUNTUAN_X_FILE`."""

    model_config = SettingsConfigDict(env_prefix="QUNTUAN_", extra="ignore")

    service: str
    database_url: str
    """May come without its password, which then is in `database_password_file`."""
    database_password_file: Path | None = None
    nats_url: str = "nats://127.0.0.1:4222"
    nats_monitor_url: str = ""
    """Where the NATS server tells its sync policy (`/jsz`); readiness refuses anything but always."""
    nats_seed: SecretStr | None = None
    nats_seed_file: Path | None = None
    base_url: str = "http://127.0.0.1"
    hub_url: str = ""
    city: str = "锦城市"
    role: Literal["all", "web", "worker"] = "all"
    secret_key: SecretStr | None = None
    """Master secret of this service: field encryption, cookies, session tokens (derived sub keys)."""
    secret_key_file: Path | None = None
    match_key: SecretStr | None = None
    """Secret shared by the organisations only: tokens that match a person across them. The hub has none."""
    match_key_file: Path | None = None
    crypto_profile: Literal["intl", "sm"] = "intl"
    synthetic: bool = False
    """Accept synthetic people (division 5199, phones 12): demo and tests only."""
    secure_cookies: bool = False
    number_lookups_per_minute: int = 60
    """How many numbers one member of staff may look up at the hub within a minute ..."""
    number_lookups_per_day: int = 500
    """... and within 24 hours."""
    working_root: Path | None = None
    """Where files with people in the clear are made, in a private folder; else the system's /tmp."""
    log_level: str = "INFO"
    pool_size: int = 20
    """Connections to the database at most, half as many more for reading only; opened when needed, kept."""

    @model_validator(mode="after")
    def _read_secret_files(self) -> "Settings":
        for name in ("nats_seed", "secret_key", "match_key"):
            path: Path | None = getattr(self, f"{name}_file")
            if path is not None and getattr(self, name) is None:
                setattr(self, name, SecretStr(path.read_text(encoding="utf-8").strip()))
        if self.database_password_file is not None:
            word = self.database_password_file.read_text(encoding="utf-8").strip()
            self.database_url = (
                make_url(self.database_url).set(password=word).render_as_string(hide_password=False)
            )
        return self

    def secret(self, name: Literal["nats_seed", "secret_key", "match_key"]) -> str:
        """The secret's value; ValueError naming the setting when it was not given."""
        value: SecretStr | None = getattr(self, name)
        if value is None or not value.get_secret_value():
            raise ValueError(f"QUNTUAN_{name.upper()} or QUNTUAN_{name.upper()}_FILE must be set")
        return value.get_secret_value()
