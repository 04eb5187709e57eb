"""What a route asks of the caller: `require(...)` or `public`, readable back from the route by a test."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from fastapi import FastAPI, Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.responses import RedirectResponse
from fastapi.routing import APIRoute, iter_route_contexts
from prometheus_client import Counter
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.datastructures import URL
from starlette.routing import BaseRoute

from shared.kit import audit, errors
from shared.kit.db import Database, Reading, Tx
from shared.kit.errors import Forbidden, Unauthenticated
from shared.kit.staff import csrf, resuming
from shared.kit.staff.cookies import form_cookie, session_cookie, settings_of
from shared.kit.staff.principal import Staff
from shared.kit.staff.sessions import STRANGER, by_bearer, by_cookie
from shared.kit.staff.tokens import csrf_token

STRANGERS_REFUSED = Counter(
    "quntuan_strangers_refused_total", "Forms of nobody's pages, not signed in", ["service"]
)
SIGN_IN, CHANGE = "/signin", "/account/password"


class SignInFirst(Unauthenticated):
    """Nobody is signed in, or the session has ended."""


class ChangeFirst(Forbidden):
    """The password was given by somebody else and must be changed before anything else."""

    code = "change-password"


@dataclass(frozen=True)
class Require:
    """The dependency: gives the Staff, or refuses. All of `permissions` are needed."""

    permissions: tuple[str, ...] = ()
    before_change: bool = False

    async def __call__(self, request: Request, session: Tx) -> Staff:
        return await self._admitted(request, session)

    async def _admitted(self, request: Request, session: AsyncSession) -> Staff:
        staff = await _caller(request, session)
        if staff.must_change and not self.before_change:
            raise ChangeFirst("请先修改初始密码", hint="登录网页后按提示修改密码，再继续操作。")
        if missing := [p for p in self.permissions if not staff.can(p)]:
            await session.rollback()  # gives the connection back before the refusal takes one of its own
            await note_refusal(request, staff, "permission", missing)
            raise Forbidden("您没有这项权限", hint="如工作需要，请联系系统管理员调整角色。")
        return staff


class RequireReading(Require):
    """The same for a route that only reads, in its session."""

    async def __call__(self, request: Request, session: Reading) -> Staff:
        return await self._admitted(request, session)


@dataclass(frozen=True)
class Public:
    """The dependency of a route open to everybody; its forms are still checked."""

    async def __call__(self, request: Request) -> None:
        settings = settings_of(request)
        holders = [
            request.cookies.get(name, "") for name in (session_cookie(settings), form_cookie(settings))
        ]
        try:
            await csrf.check(request, holders)
        except csrf.NotOurPage:
            STRANGERS_REFUSED.labels(settings.service).inc()  # a stranger's request writes no row
            raise


public = Public()


def require(*permissions: str, before_change: bool = False, reading: bool = False) -> Require:
    """Use as `Annotated[Staff, Depends(require("area.action"))]`; without arguments: anybody signed in.

    `reading`: for routes whose session is `Reading`, not `Tx`.
    """
    kind = RequireReading if reading else Require
    return kind(permissions, before_change)


async def _caller(request: Request, session: AsyncSession) -> Staff:
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    if kind.lower() == "bearer":
        staff = await by_bearer(session, token.strip())
        if staff is None:
            raise SignInFirst("接口令牌无效或已到期", hint="请向系统管理员申请新的令牌。")
        request.state.staff = staff
        return staff
    settings = settings_of(request)
    held = request.cookies.get(session_cookie(settings), "")
    by_itself = "x-looks" in request.headers  # a page left open looks again: nobody uses it
    staff = await by_cookie(session, held, used=not by_itself) if held else None
    if staff is None:
        raise SignInFirst("请先登录", hint="尚未登录，或登录已过期。刚才的内容没有提交，请登录后再操作。")
    request.state.staff, request.state.csrf = staff, csrf_token(settings, held)
    try:
        await csrf.check(request, [held])
    except csrf.NotOurPage:
        await session.rollback()
        await note_refusal(request, staff, "csrf")
        raise
    return staff


async def note_refusal(
    request: Request, staff: Staff | None, reason: str, missing: Sequence[str] = ()
) -> None:
    """Record a refusal in a transaction of its own: the request's one will be rolled back."""
    database: Database = request.app.state.database
    route = request.scope.get("route")
    path = str(getattr(route, "path", ""))
    detail: dict[str, Any] = {"method": request.method, "route": path, "reason": reason}
    detail |= {"missing": list(missing)} if missing else {}
    async with database.transaction() as session:
        audit.record(session, actor=staff or STRANGER, action="access.refused", detail=detail)


def install(app: FastAPI) -> None:
    """Answer browsers that must sign in or change their password with the page for it; call once per app."""

    async def sign_in_first(request: Request, error: Exception) -> Response:
        assert isinstance(error, errors.Problem)
        if not errors.wants_page(request):
            response = await errors.respond(request, error)
            response.headers["WWW-Authenticate"] = "Bearer"
            return response
        if request.method not in csrf.SAFE and (kept := await resuming.sent(request)):
            return resuming.ask_sign_in(request, kept, status=error.status)
        return await _go(request, error, str(URL(SIGN_IN).include_query_params(next=_here(request))))

    async def page_too_old(request: Request, error: Exception) -> Response:
        assert isinstance(error, errors.Problem)
        # only a browser that says so: this is the one place that gives a token to what came without
        ours = request.headers.get("sec-fetch-site") == "same-origin"
        if ours and errors.wants_page(request) and (kept := await resuming.sent(request)) and not kept.files:
            return resuming.onward(request, kept, error.status)
        return await errors.respond(request, error)

    async def change_first(request: Request, error: Exception) -> Response:
        assert isinstance(error, errors.Problem)
        return await (
            _go(request, error, CHANGE) if errors.wants_page(request) else errors.respond(request, error)
        )

    app.add_exception_handler(SignInFirst, sign_in_first)
    app.add_exception_handler(ChangeFirst, change_first)
    app.add_exception_handler(csrf.PageTooOld, page_too_old)


async def _go(request: Request, error: errors.Problem, url: str) -> Response:
    if request.headers.get("hx-request") == "true":
        return Response(status_code=error.status, headers={"HX-Redirect": url})
    if request.method in csrf.SAFE:
        return RedirectResponse(url, status_code=303)
    return await errors.respond(request, error)


def _here(request: Request) -> str:
    """The page to come back to: for a part the page around it."""
    if request.headers.get("hx-request") == "true":
        around = urlsplit(request.headers.get("hx-current-url", "/"))
        return around.path + (f"?{around.query}" if around.query else "")
    return request.url.path + (f"?{request.url.query}" if request.url.query else "")


@dataclass(frozen=True)
class Access:
    """One route of the access matrix. `permissions` is None when the route declares nothing: a fault."""

    method: str
    path: str
    public: bool
    permissions: tuple[str, ...] | None


def access_of(routes: list[BaseRoute]) -> Iterator[Access]:
    """What every route of an app (`app.routes`) asks, included routers too."""
    for context in iter_route_contexts(routes):
        if not isinstance(context.original_route, APIRoute):
            continue
        asked = list(_asked(context.dependant))
        needs = [a for a in asked if isinstance(a, Require)]
        permissions = tuple(p for a in needs for p in a.permissions) if needs else None
        for method in sorted(context.methods or ()):
            yield Access(method, context.path or "", not needs and public in asked, permissions)


def _asked(dependant: Dependant) -> Iterator[Any]:
    for inner in dependant.dependencies:
        yield inner.call
        yield from _asked(inner)
