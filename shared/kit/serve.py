"""uvicorn's factory: the service named by QUNTUAN_SERVICE."""

import gc
import importlib

from fastapi import FastAPI

from shared.kit.settings import Settings


def create_app() -> FastAPI:
    """The app of `services.<QUNTUAN_SERVICE>.service`, for `uvicorn --factory`."""
    settings = Settings()  # type: ignore[call-arg]  # the environment fills it
    module = importlib.import_module(f"services.{settings.service}.service")  # noqa: TID251 - a process serves one service
    app: FastAPI = module.build(settings).app
    # what is loaded now stays for ever: the collector need not walk it again and again
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
    return app
