"""mount_web(): everything a service needs to answer with pages."""

from collections.abc import Sequence

from fastapi import APIRouter, FastAPI, Request
from fastapi.params import Depends
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp

from shared.kit.web import i18n
from shared.kit.web.brand import Web
from shared.kit.web.environment import build_environment
from shared.kit.web.security import RequestContext, SecurityHeaders
from shared.kit.web.static import STATIC_DIR, VersionedStatic

YEAR = 365 * 24 * 3600
router = APIRouter(include_in_schema=False)


def mount_web(app: FastAPI, web: Web, dependencies: Sequence[Depends] = ()) -> None:
    """Templates, static files, language switch (behind `dependencies`), compression and security headers."""
    static = VersionedStatic((STATIC_DIR, *web.static_dirs))
    app.state.web = web
    app.state.templates = build_environment(web, static.url)
    app.mount("/static", static, name="static")
    app.include_router(router, dependencies=list(dependencies))
    app.add_middleware(RequestContext, secret=web.secret)
    # level 9 takes twice the time for a few bytes less
    app.add_middleware(GZipMiddleware, minimum_size=600, compresslevel=5)
    _outermost(app)


def _outermost(app: FastAPI) -> None:
    """Headers on every answer: even outside what answers unknown errors."""
    build = app.build_middleware_stack

    def with_headers() -> ASGIApp:
        return SecurityHeaders(build())

    app.build_middleware_stack = with_headers  # type: ignore[method-assign]


@router.get("/lang/{locale}")
async def choose_language(request: Request, locale: str, next: str = "/") -> RedirectResponse:  # noqa: A002
    """Keep the language in a cookie and go back to the page; only own addresses are followed."""
    target = next if next.startswith("/") and not next.startswith(("//", "/\\")) else "/"
    response = RedirectResponse(target, status_code=303)
    chosen = locale if locale in i18n.LANGUAGES else i18n.DEFAULT
    secure = request.url.scheme == "https"
    response.set_cookie(i18n.COOKIE, chosen, max_age=YEAR, httponly=True, samesite="lax", secure=secure)
    return response
