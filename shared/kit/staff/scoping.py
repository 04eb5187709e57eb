"""Choosing the unit an account or a token is limited to: by its id, shown with the names above it."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from shared.kit.db import Tx
from shared.kit.errors import Invalid
from shared.kit.staff.access import require
from shared.kit.staff.accounts import Scope, Scopes
from shared.kit.staff.roles import ROLES
from shared.kit.staff.schemas import ScopeForm
from shared.kit.types import SearchText
from shared.kit.web import render

router = APIRouter(prefix="/staff/scopes")


@dataclass(frozen=True)
class Chosen:
    """What the picker shows: the unit in force or picked, others that fit what was typed."""

    chosen: Scope | None = None
    options: tuple[Scope, ...] = ()
    typed: str = ""


@router.get("", dependencies=[Depends(require("staff.manage"))])
async def options(request: Request, session: Tx, scope_q: Annotated[SearchText, Query()] = "") -> Response:
    """The part with units to choose from, as the form asks for it while somebody types."""
    found = await _find(request, session, scope_q)
    return render(request, "parts/places.html", name="scope", options=found, chosen=None, typed=scope_q)


async def scope_of(request: Request, session: AsyncSession, form: ScopeForm) -> Scope:
    """The unit that was picked; a service without units has the whole as its only scope."""
    scopes = _scopes(request)
    if scopes is None:
        return Scope()
    if not form.scope and form.scope_q:
        raise Invalid("没有保存", fields={"scope": "请从找到的单位中选一个；要选全部单位，请清空输入框"})
    if form.scope is None:
        raise Invalid("没有保存", fields={"scope": "请选择负责的单位"})
    found = await scopes.get(session, form.scope) if form.scope else Scope()
    if found is None:
        raise Invalid("没有保存", fields={"scope": "没有这个单位，请另选一个"})
    return found


async def picked(request: Request, session: AsyncSession, typed: dict[str, Any]) -> Chosen:
    """The picker again after a refusal, as it was left."""
    scopes = _scopes(request)
    try:
        form = ScopeForm.model_validate(typed)
    except ValueError:
        form = ScopeForm()
    if scopes is None:
        return Chosen()
    unit = await scopes.get(session, form.scope) if form.scope else None
    return Chosen(unit, await _find(request, session, form.scope_q), form.scope_q)


async def in_force(request: Request, session: AsyncSession, paths: Collection[str]) -> dict[str, Scope]:
    """The units at these limits, as they are called today; one that is unknown keeps its path as name."""
    scopes = _scopes(request)
    known = await scopes.at(session, paths) if scopes else {}
    return {path: known.get(path, Scope(path, None, (path,))) for path in paths if path}


def form_values(
    request: Request, typed: dict[str, Any], errors: dict[str, str] | None, scope: Chosen
) -> dict[str, Any]:
    """What the common fields of a form with roles and scope need."""
    return {
        "typed": typed,
        "errors": errors or {},
        "choices": list(ROLES.values()),
        "scope": scope,
        "scoped": _scopes(request) is not None,
    }


async def _find(request: Request, session: AsyncSession, typed: str) -> tuple[Scope, ...]:
    scopes = _scopes(request)
    return tuple(await scopes.find(session, typed)) if scopes and typed else ()


def _scopes(request: Request) -> Scopes | None:
    found: Scopes | None = request.state.scopes
    return found
