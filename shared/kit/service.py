"""Assembles a service out of modules: routes, pages, bus, relay, projector, health."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from fastapi import Depends, FastAPI
from sqlalchemy import MetaData

import shared.kit.idempotency  # noqa: F401 - its table belongs to every service
from shared.kit import errors, staff
from shared.kit.base import KitBase
from shared.kit.context import Kit
from shared.kit.events.asyncapi import asyncapi_routes
from shared.kit.events.engine import EventEngine, Inbox
from shared.kit.health import Probe, database_probe, health_routes
from shared.kit.http import BodyLimit, Heads, Observe
from shared.kit.jobs import Worker
from shared.kit.log import set_up_logging
from shared.kit.module import Module
from shared.kit.others import Others, nobody
from shared.kit.settled import hold_to
from shared.kit.staff.known import is_known
from shared.kit.stopping import set_by_signals
from shared.kit.web import Brand, Find, Web, mount_web, render_problem

log = logging.getLogger("quntuan.service")
BODY_LIMIT = 1_000_000


@dataclass(frozen=True)
class Uploads:
    """Paths where larger bodies are taken, each with its limit in bytes."""

    limits: dict[str, int] = field(default_factory=dict)


class Service:
    """Everything needed to run, test and describe one service."""

    def __init__(
        self,
        kit: Kit,
        brand: Brand,
        modules: Iterable[Module],
        *,
        inbox: Inbox,
        find: Find | None = None,
        uploads: Uploads | None = None,
        probes: Iterable[Probe] = (),
        others: Others = nobody,
    ) -> None:
        """`others`: the systems whose silence is shown."""
        self.kit, self.brand = kit, brand
        self.modules = tuple(modules)
        self.engine = EventEngine(kit, self.modules, inbox)
        self.worker = Worker(self.modules)
        self._probes = [database_probe(kit.database), self.engine.probe, *probes]
        self.app = FastAPI(
            title=brand.name,
            version="1",
            lifespan=self._lifespan,
            docs_url=None,
            redoc_url=None,
            openapi_url="/api/v1/openapi.json",
        )
        self.app.state.others = others
        self._mount(find, uploads or Uploads())

    @property
    def metadata(self) -> tuple[MetaData, ...]:
        """Every MetaData of the service's tables, the kit's first."""
        seen = dict.fromkeys([KitBase.metadata, *(m for module in self.modules for m in module.metadata)])
        return tuple(seen)

    def _mount(self, find: Find | None, uploads: Uploads) -> None:
        app, kit = self.app, self.kit
        app.state.service, app.state.kit, app.state.database = self, kit, kit.database
        app.state.namings = {kind: naming for m in self.modules for kind, naming in m.namings.items()}
        web = Web(
            profile=self.brand,
            nav=tuple(item for module in self.modules for item in module.nav),
            template_dirs=tuple(m.templates for m in self.modules if m.templates),
            find=find,
            account_url="/account",
            secret=kit.key("web"),
        )
        everybody, signed_in = [Depends(staff.public)], [Depends(staff.require())]
        app.include_router(health_routes(self._probes), dependencies=everybody)
        shapes = asyncapi_routes(kit.settings.service, self.brand.name, self.modules)
        app.include_router(shapes, dependencies=signed_in)
        for module in self.modules:
            if module.api is not None:
                app.include_router(module.api)
            if module.pages is not None:
                app.include_router(module.pages, include_in_schema=False)
        mount_web(app, web, everybody)
        errors.install(app, render_problem)
        staff.install(app)
        app.add_middleware(
            BodyLimit,
            limit=BODY_LIMIT,
            larger=uploads.limits,
            knows=is_known,
        )
        app.add_middleware(Heads)
        app.add_middleware(Observe, service=kit.settings.service)

    @asynccontextmanager
    async def _lifespan(self, _: FastAPI) -> AsyncIterator[None]:
        async with self.running():
            with set_by_signals(self.kit.stopping):
                yield

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Bus, answers, relay, projector and loops run; on leaving all end and connections close."""
        set_up_logging(self.kit.settings.service, self.kit.settings.log_level)
        works = self.kit.settings.role in ("all", "worker")
        try:
            self.kit.working.begin()
            await hold_to(self.kit.database, self.kit.settings)
            await self.kit.bus.start()
            await self.engine.start(works=works)
            if works:
                await self.worker.start()
            log.info("started", extra={"role": self.kit.settings.role})
            yield
        finally:
            await self._stop()

    async def _stop(self) -> None:
        for step in (self.worker.stop(), self.engine.stop(), self.kit.bus.stop(), self.kit.database.close()):
            with contextlib.suppress(Exception):
                await asyncio.wait_for(step, 10)
        self.kit.working.close()
        log.info("stopped")
