"""Verifying the audit log: the chain itself, and against the ends other services kept."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from shared.kit import audit
from shared.kit.auditors.elsewhere import Elsewhere, kept_elsewhere
from shared.kit.context import Kit
from shared.kit.db import Tx
from shared.kit.others import names_of_systems
from shared.kit.staff import Staff, require
from shared.kit.web import render

Auditor = Annotated[Staff, Depends(require("audit.read"))]
FAULTS = {
    "missing": "这一条缺失",
    "edited": "这一条被改动",
    "unchained": "与前一条接不上",
    "end": "末尾与记录不符，可能有删除或添加",
    "anchor": "与别处保存的末尾不符，可能从末尾删除过记录",
}


def verifying(kit: Kit, elsewhere: Elsewhere) -> APIRouter:
    """The one page."""
    router = APIRouter(prefix="/audit")

    @router.post("/verify")
    async def verify(request: Request, session: Tx, staff: Auditor) -> Response:
        """Check the whole chain and show what does not hold, and whether it could be compared."""
        kept = await kept_elsewhere(kit.bus, await elsewhere.keepers(session))
        result = await audit.verify(session, kept=kept.ends)
        detail = {"checked": result.checked, "intact": result.intact, "compared": list(kept.answered)}
        audit.record(session, actor=staff, action="audit.verified", detail=detail)
        return render(request, "auditors/verified.html", result=result, kept=kept, faults=FAULTS,
                      names=await names_of_systems(request.app, session))  # fmt: skip

    return router
