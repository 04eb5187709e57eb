"""Pages for the administrator: API tokens."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from shared.kit.db import Tx
from shared.kit.errors import Invalid
from shared.kit.staff import api_tokens
from shared.kit.staff.admin_pages import Manager, manage
from shared.kit.staff.models import ApiToken
from shared.kit.staff.roles import ROLES
from shared.kit.staff.schemas import TokenForm, read_form, typed_in
from shared.kit.staff.scoping import form_values, in_force, picked, scope_of
from shared.kit.web import gettext as _
from shared.kit.web import render, see_other

MOST = 200
router = APIRouter(prefix="/staff/tokens")


@router.get("", dependencies=[Depends(manage)])
async def list_tokens(request: Request, session: Tx) -> Response:
    """The newest tokens, and the form of a new one."""
    return await _page(request, session, {"days": 90})


@router.post("")
async def create_token(request: Request, session: Tx, staff: Manager) -> Response:
    """Create it and show it, this once."""
    typed = await request.form()
    form = read_form(TokenForm, typed)
    if isinstance(form, dict):
        return await _page(request, session, typed_in(typed), form)
    try:
        scope = await scope_of(request, session, form)
        lasts = timedelta(days=form.days)
        token, text = await api_tokens.create(session, staff, form.name, tuple(form.roles), scope, lasts)
    except Invalid as problem:
        return await _page(request, session, form.model_dump(), problem.fields)
    return render(request, "staff/token_once.html", token=token, text=text)


@router.post("/{token_id:uuid}/revoke")
async def revoke_token(session: Tx, staff: Manager, token_id: UUID) -> Response:
    """Stop it at once."""
    await api_tokens.revoke(session, staff, token_id)
    return see_other("/staff/tokens", _("令牌已停用"))


async def _page(
    request: Request, session: AsyncSession, typed: dict[str, Any], errors: dict[str, str] | None = None
) -> Response:
    rows = list(await session.scalars(select(ApiToken).order_by(ApiToken.id.desc()).limit(MOST)))
    status = 422 if errors else 200
    values = form_values(request, typed, errors, await picked(request, session, typed))
    scopes = await in_force(request, session, {row.scope_path for row in rows})
    return render(request, "staff/tokens.html", status, rows=rows, roles=ROLES, scopes=scopes, **values)
