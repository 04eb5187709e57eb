"""Assembling the services found in services/, to run them or to read their declarations."""

import importlib

from pydantic import SecretStr

from deploy.local.packages import discover
from shared.kit.service import Service
from shared.kit.settings import Settings


def build(settings: Settings) -> Service:
    """The service of `settings.service`, assembled but not started."""
    module = importlib.import_module(f"services.{settings.service}.service")  # noqa: TID251 - found by folder
    service: Service = module.build(settings)
    return service


def every_service() -> dict[str, Service]:
    """All services assembled without servers, to read their declarations; the hub first."""
    return {package.code: build(blank_settings(package.code)) for package in discover()}


def blank_settings(code: str) -> Settings:
    """Settings that are enough to assemble a service, not to run it."""
    return Settings(
        service=code,
        database_url="postgresql+asyncpg://nobody@127.0.0.1:1/nothing",
        secret_key=SecretStr("declarations only, never used to run" * 2),
        match_key=SecretStr("declarations only, never used to run" * 2),
    )
