"""The pages of the ledger."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import StringConstraints

from shared.kit.context import Kit
from shared.kit.db import Tx
from shared.kit.errors import NotFound
from shared.kit.events.receipts import KEY
from shared.kit.ledger import asking, reading
from shared.kit.ledger.entries import CHOICES, STATES, Entry, Filter
from shared.kit.ops.reading import type_title
from shared.kit.others import names_of_systems
from shared.kit.pagination import Window
from shared.kit.staff import Staff, require
from shared.kit.types import Int64, OptionalDay, PageCursor
from shared.kit.web import render

Reader = Annotated[Staff, Depends(require("ops.read"))]
Code = Annotated[str, StringConstraints(pattern=r"^([a-z][a-z0-9_]{1,31})?$"), Query()]
Kind = Annotated[str, StringConstraints(pattern=r"^([a-z_]+\.[a-z_]+\.v[0-9]+)?$", max_length=100), Query()]
Subject = Annotated[str, StringConstraints(pattern=rf"^({KEY})?$"), Query()]


async def wanted(
    sender: Code = "",
    kind: Kind = "",
    day: Annotated[OptionalDay, Query()] = None,
    state: Annotated[Literal["", "applied", "waiting", "aside"], Query()] = "",
    subject: Subject = "",
) -> Filter:
    """The filter of the address; empty fields of the form mean nothing."""
    return Filter(sender, kind, day, state, subject)


Wanted = Annotated[Filter, Depends(wanted)]


def pages(kit: Kit) -> APIRouter:
    """List and detail."""
    router = APIRouter(prefix="/ops/ledger")
    own = kit.settings.service

    @router.get("")
    async def entries(
        request: Request, session: Tx, _staff: Reader, wanted: Wanted, at: PageCursor = ""
    ) -> Response:
        """Newest first; what waits, oldest first."""
        there = await reading.runs(session)
        if wanted.state == "waiting":
            page = Window(await asking.waiting(kit.bus, session, own, wanted), "", "")
        else:
            out = dict.fromkeys(await asking.channels(session), ()) if wanted.state else {}
            answers = await asking.answers_about(kit.bus, out)
            page = await reading.page(session, own, wanted, there, at, answers)
            page = Window(await asking.told(kit.bus, session, page.rows), page.newer, page.older)
        names = await names_of_systems(request.app, session)
        senders = {
            code: names.get(code, code) for code in dict.fromkeys([own, *(p[0] for p in there.received)])
        }
        kinds = {kind: type_title(kind) for kind in sorted(there.kinds())}
        return render(
            request, "ledger/list.html", page=page, wanted=wanted, at=at, names=names, senders=senders,
            kinds=kinds, choices=CHOICES, states=STATES, pattern=KEY,
        )  # fmt: skip

    @router.get("/event")
    async def event(
        request: Request, session: Tx, _staff: Reader, source: Code, seq: Int64, channel: Code = ""
    ) -> Response:
        """One event: who, whom, what, and what became of it; nothing of its contents."""
        found = await reading.one(session, own, source, channel, seq)
        if found is None:
            raise NotFound("流水里没有这一条", hint="还没有收到，或已超过保存期限。")
        [entry] = await asking.told(kit.bus, session, [found])
        names = await names_of_systems(request.app, session)
        return render(
            request, "ledger/event.html", entry=entry, names=names, states=STATES,
            handlers=_handlers(request, entry), own=own,
        )  # fmt: skip

    return router


def _handlers(request: Request, entry: Entry) -> list[str]:
    """The parts of this service that take in such events."""
    modules = request.app.state.service.modules
    return [
        module.title
        for module in modules
        if any(entry.type == kind.type for projection in module.projections for kind in projection.events)
    ]
