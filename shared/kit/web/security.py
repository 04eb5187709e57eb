"""Middleware of every page: strict headers, the language of the request, forms sent with empty fields."""

from http.cookies import CookieError, SimpleCookie

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.kit.web import i18n
from shared.kit.web.messages import secret_of_request

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; "
    "base-uri 'none'"
)
HEADERS = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # no-referrer makes browsers send "Origin: null" with our own forms, which the CSRF check refuses
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
}


class SecurityHeaders:
    """Adds the headers; what says nothing about caching is not stored anywhere."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        await self.app(scope, receive, send_with_headers)


class RequestContext:
    """Sets the language and the flash secret for the code that answers; an empty field of a form is none."""

    def __init__(self, app: ASGIApp, secret: bytes) -> None:
        self.app = app
        self.secret = secret

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            cookie = Headers(scope=scope).get("cookie", "")
            scope.setdefault("state", {})["locale"] = i18n.set_locale(_cookie(cookie))
            secret_of_request.set(self.secret)
            if not scope["path"].startswith("/api/"):
                scope["query_string"] = _filled(scope["query_string"])
        await self.app(scope, receive, send)


def _filled(query: bytes) -> bytes:
    """The query without the fields a browser sends although nothing was chosen in them."""
    return b"&".join(part for part in query.split(b"&") if part.partition(b"=")[2].strip(b"+"))


def _cookie(header: str) -> str:
    try:
        morsel = SimpleCookie(header).get(i18n.COOKIE)
    except CookieError:
        return i18n.DEFAULT
    return morsel.value if morsel else i18n.DEFAULT
