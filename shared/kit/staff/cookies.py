"""The two cookies: the session, and before sign-in the one that the form's token is bound to.

Cookies are shared by all ports of a host, so each service's cookies carry its name.
"""

from fastapi import Request, Response

from shared.kit.settings import Settings
from shared.kit.staff.tokens import csrf_token, new_token


def settings_of(request: Request) -> Settings:
    """The settings of the service that answers."""
    settings: Settings = request.app.state.kit.settings
    return settings


def session_cookie(settings: Settings) -> str:
    """Name of the session cookie; `__Host-` makes browsers insist on Secure, this host and the root path."""
    return f"{'__Host-' if settings.secure_cookies else ''}quntuan_{settings.service}"


def form_cookie(settings: Settings) -> str:
    """Name of the cookie of forms that are open to everybody."""
    return f"{session_cookie(settings)}_form"


def put(response: Response, settings: Settings, name: str, value: str) -> None:
    """Set a cookie that scripts cannot read and that ends with the browser."""
    response.set_cookie(name, value, path="/", httponly=True, samesite="lax", secure=settings.secure_cookies)


def drop(response: Response, settings: Settings, name: str) -> None:
    """Take a cookie away."""
    response.delete_cookie(name, path="/", httponly=True, samesite="lax", secure=settings.secure_cookies)


def begin_form(request: Request) -> None:
    """Call before rendering a form that needs no sign-in: makes its token (`request.state.csrf`)."""
    settings = settings_of(request)
    held = request.cookies.get(form_cookie(settings), "")
    request.state.form_nonce = held if len(held) >= 40 else new_token()
    request.state.csrf = csrf_token(settings, request.state.form_nonce)


def keep_form(request: Request, response: Response) -> None:
    """Call on the answer with that form: leaves the cookie its token is bound to."""
    settings = settings_of(request)
    put(response, settings, form_cookie(settings), request.state.form_nonce)
