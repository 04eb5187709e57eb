"""`/healthz` (the process answers), `/readyz` (with reasons) and `/metrics`."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy import text

from shared.kit.db import Database


@dataclass(frozen=True)
class Check:
    """One line of readiness: what, whether it holds, and why not in words for ops."""

    name: str
    ok: bool
    reason: str = ""
    figures: dict[str, float | int | str] | None = None


Probe = Callable[[], Awaitable[list[Check]]]


def health_routes(probes: list[Probe]) -> APIRouter:
    """Routes for orchestration and monitoring; they tell no personal data and need no sign-in."""
    router = APIRouter(include_in_schema=False)

    @router.get("/healthz")
    async def healthz() -> dict[str, str]:
        return {"status": "ok"}

    @router.get("/readyz")
    async def readyz() -> Response:
        checks = [check for probe in probes for check in await probe()]
        ready = all(check.ok for check in checks)
        body = {
            "status": "ready" if ready else "not ready",
            "checks": [
                {"name": c.name, "ok": c.ok} | ({"reason": c.reason} if c.reason else {}) | (c.figures or {})
                for c in checks
            ],
        }
        return JSONResponse(body, status_code=200 if ready else 503)

    @router.get("/metrics")
    async def metrics() -> Response:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return router


def database_probe(database: Database) -> Probe:
    """The database answers a query."""

    async def probe() -> list[Check]:
        try:
            async with database.engine.connect() as connection:
                await connection.execute(text("select 1"))
        except Exception as error:  # noqa: BLE001 - any failure means not ready
            return [Check("database", ok=False, reason=type(error).__name__)]
        return [Check("database", ok=True)]

    return probe
