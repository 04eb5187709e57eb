"""One page for operators: what was put aside and how far behind everything is. No personal data on it."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response

from shared.kit import audit
from shared.kit.context import Kit
from shared.kit.db import Tx
from shared.kit.errors import Invalid
from shared.kit.events.engine import EventEngine
from shared.kit.ops import reading
from shared.kit.others import names_of_systems, others_of
from shared.kit.staff import Staff, require
from shared.kit.types import Int64, OptionalText200
from shared.kit.web import gettext as _
from shared.kit.web import render, see_other

Reader = Annotated[Staff, Depends(require("ops.read"))]
Manager = Annotated[Staff, Depends(require("ops.manage"))]
Note = Annotated[OptionalText200, Form()]


async def engine_of(request: Request) -> EventEngine:
    """The event machinery of this service."""
    engine: EventEngine = request.app.state.service.engine
    return engine


Engine = Annotated[EventEngine, Depends(engine_of)]


def pages(kit: Kit) -> APIRouter:
    """The routes over this service's own machinery."""
    router = APIRouter(prefix="/ops")
    router.add_api_route("/quarantine/{row_id}/retry", retry, methods=["POST"])
    router.add_api_route("/quarantine/{row_id}/discard", discard, methods=["POST"])

    @router.get("")
    async def page(request: Request, session: Tx, engine: Engine, _staff: Reader) -> Response:
        """Quarantine, lags, gaps, checks and versions."""
        names = await names_of_systems(request.app, session)
        return render(
            request,
            "ops/page.html",
            aside=await engine.quarantine.open_rows(session, reading.MOST),
            settled=await engine.quarantine.settled_rows(session, 10),
            checks=await engine.probe(),
            titles=reading.TITLES,
            in_words=reading.in_words,
            type_title=reading.type_title,
            names=names,
            others=await others_of(request.app, session),
            channels=await reading.channels(session),
            sources=await reading.sources(session, list(names)),
            gaps=await reading.gaps(session),
            versions=await reading.versions(session, kit.bus),
        )

    return router


async def retry(session: Tx, engine: Engine, staff: Manager, row_id: Int64) -> Response:
    """Try one message again now."""
    problem = await engine.quarantine.retry(session, row_id, staff.name)
    audit.record(
        session,
        actor=staff,
        action="ops.retried",
        target=("quarantine", row_id),
        detail={"applied": problem is None},
    )
    if problem is not None:
        return see_other("/ops", _("仍不能处理，原因已更新"), "warn")
    return see_other("/ops", _("已处理"))


async def discard(session: Tx, engine: Engine, staff: Manager, row_id: Int64, note: Note = None) -> Response:
    """Give one message up, with a reason."""
    if note is None:
        raise Invalid("请填写放弃的理由", fields={"note": "请填写放弃的理由"})
    await engine.quarantine.discard(session, row_id, staff.name, note)
    audit.record(
        session,
        actor=staff,
        action="ops.discarded",
        target=("quarantine", row_id),
        detail={"note": note},
    )
    return see_other("/ops", _("已放弃，原文仍保留"))
