"""uvicorn's factory: the service named by QUNTUAN_SERVICE."""

import importlib

from fastapi import FastAPI

from shared.kit.collector import settle_collector
from shared.kit.settings import Settings


def create_app() -> FastAPI:
    """The app of `services.<QUNTUAN_SERVICE>.service`, for `uvicorn --factory`."""
    settings = Settings()  # type: ignore[call-arg]  # the environment fills it
    module = importlib.import_module(f"services.{settings.service}.service")  # noqa: TID251 - a process serves one service
    app: FastAPI = module.build(settings).app
    settle_collector()
    return app
