"""The one check that an unsafe request comes from a page of ours: token and origin."""

from urllib.parse import urlsplit

from fastapi import Request

from shared.kit.errors import Forbidden
from shared.kit.staff.cookies import settings_of
from shared.kit.staff.tokens import csrf_token, same
from shared.kit.web import CSRF_FIELD

HEADER = "x-csrf-token"
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


class NotOurPage(Forbidden):
    """The request was not sent by a page that this browser got from us."""

    code = "csrf"


class PageTooOld(NotOurPage):
    """Sent by no page of another site, but with the token of a session that is no more."""


async def check(request: Request, holders: list[str]) -> None:
    """Refuse an unsafe request whose token is not bound to one of `holders` or that another site sent."""
    if request.method in SAFE:
        return
    if foreign(request):
        raise NotOurPage("这个请求不是从本系统的页面发出的", hint="请从本系统的页面重新操作。")
    given = await _given(request)
    settings = settings_of(request)
    if not given or not any(same(csrf_token(settings, h), given) for h in holders if h):
        raise PageTooOld(
            "页面已过期，没有提交", hint="请刷新页面后重新提交；若在别处重新登录过，也请先刷新。"
        )


def is_form(request: Request) -> bool:
    """Whether fields of a form were sent."""
    return request.headers.get("content-type", "").startswith(_FORMS)


def foreign(request: Request) -> bool:
    """Whether a page of another site sent it, as far as the browser tells."""
    # other ports of this host are "same-site": only "same-origin" is us
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site not in ("same-origin", "none")
    origin = request.headers.get("origin")
    if origin is None:
        return False
    # behind a proxy that ends TLS the scheme differs: the host with its port decides
    return urlsplit(origin).netloc.lower() != request.headers.get("host", "").lower()


async def _given(request: Request) -> str:
    if header := request.headers.get(HEADER):
        return header
    if not is_form(request):
        return ""
    # Starlette keeps the parsed form: the route reads the same one, uploads included
    form = await request.form()
    value = form.get(CSRF_FIELD)
    return value if isinstance(value, str) else ""
