"""A form that came after its session had ended: the page that answers keeps what was typed, to be sent again.

What was typed goes to the browser that sent it and nowhere else. Only a request of our own pages is answered
so (`csrf.foreign`), and the form is sent on by a press of the person, never by itself.
"""

import json
from dataclasses import dataclass
from urllib.parse import quote_plus

from fastapi import Request, Response
from starlette.datastructures import UploadFile

from shared.kit.staff import csrf
from shared.kit.staff.cookies import begin_form, keep_form, put, session_cookie, settings_of
from shared.kit.staff.tokens import csrf_token
from shared.kit.web import CSRF_FIELD, render

MOST = 56_000
"""Bytes of a form that are kept: with the sign-in around them they pass `kit.http.FOR_STRANGERS`."""
_SECRET = frozenset({"password", "old", "new", "again"})


@dataclass(frozen=True)
class Sent:
    """A form on its way: the address it is for, its fields in their order."""

    to: str
    fields: tuple[tuple[str, str], ...]
    files: bool = False
    """whether files were sent with it, which no page can keep"""

    def text(self) -> str:
        """The fields as one hidden field carries them."""
        return json.dumps(self.fields, ensure_ascii=False)


def read(to: str, text: str) -> Sent | None:
    """What `Sent.text` wrote; None when it is not that."""
    try:
        fields = tuple((str(name), str(value)) for name, value in json.loads(text))
    except (ValueError, TypeError, RecursionError):
        return None
    return Sent(to, fields)


async def sent(request: Request) -> Sent | None:
    """The form of a refused request, as far as a page may keep it; None when there is nothing to keep."""
    if request.headers.get("hx-request") == "true" or csrf.foreign(request) or not csrf.is_form(request):
        return None
    form = await request.form()
    given = [(name, value) for name, value in form.multi_items() if name != CSRF_FIELD]
    fields = tuple((name, value) for name, value in given if isinstance(value, str))
    files = any(isinstance(value, UploadFile) for _, value in given)
    query = request.url.query
    kept = Sent(request.url.path + (f"?{query}" if query else ""), fields, files)
    if not fields or len(quote_plus(kept.text())) > MOST or _SECRET & {name for name, _ in fields}:
        return None
    return kept


def ask_sign_in(request: Request, kept: Sent, *, login: str = "", error: str = "", status: int) -> Response:
    """The sign-in form with the other form behind it."""
    begin_form(request)
    response = render(request, "staff/signin.html", status, next="/", login=login, error=error, kept=kept)
    keep_form(request, response)
    return response


def onward(request: Request, kept: Sent, status: int = 200) -> Response:
    """The page of somebody signed in whose one button sends the form."""
    return render(request, "staff/onward.html", status, kept=kept)


def signed_in(request: Request, kept: Sent, token: str) -> Response:
    """The same right after sign-in: the form's token belongs to the new session."""
    settings = settings_of(request)
    request.state.csrf = csrf_token(settings, token)
    response = onward(request, kept)
    put(response, settings, session_cookie(settings), token)
    return response
