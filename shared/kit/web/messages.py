"""One message for the next page, carried in an encrypted cookie that is read once.

Encrypted because cookies go to every port of a host, and a message may name somebody.
"""

import base64
import binascii
import hashlib
import json
import os
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from starlette.responses import RedirectResponse, Response

COOKIE = "quntuan_flash"
KINDS = ("ok", "info", "warn", "error")
MAX_TEXT = 300

secret_of_request: ContextVar[bytes] = ContextVar("quntuan_flash_secret")


@dataclass(frozen=True, slots=True)
class Message:
    """A short text with its kind: ok, info, warn or error."""

    text: str
    kind: str


def _cipher(secret: bytes) -> AESGCM:
    return AESGCM(hashlib.sha256(b"flash:" + secret).digest())


def flash(response: Response, text: str, kind: str = "ok") -> None:
    """Show this text on the next page the browser opens."""
    if kind not in KINDS:
        raise ValueError(f"kind {kind!r} is none of {', '.join(KINDS)}")
    nonce = os.urandom(12)
    sealed = _cipher(secret_of_request.get()).encrypt(
        nonce, json.dumps([kind, text[:MAX_TEXT]]).encode(), None
    )
    response.set_cookie(
        COOKIE, base64.urlsafe_b64encode(nonce + sealed).decode(), max_age=120, httponly=True, samesite="lax"
    )


def see_other(url: str, text: str = "", kind: str = "ok") -> RedirectResponse:
    """303 after a form, with a message when there is one."""
    response = RedirectResponse(url, status_code=303)
    if text:
        flash(response, text, kind)
    return response


class FlashBox:
    """The waiting message; a page that shows it takes it, a part leaves it alone."""

    def __init__(self, cookies: Mapping[str, str], secret: bytes) -> None:
        self._raw = cookies.get(COOKIE, "")
        self._secret = secret
        self.taken = False

    def take(self) -> list[Message]:
        """The message, if this service sealed it."""
        if not self._raw:
            return []
        self.taken = True
        try:
            raw = base64.b64decode(self._raw, altchars=b"-_", validate=True)
            kind, text = json.loads(_cipher(self._secret).decrypt(raw[:12], raw[12:], None))
        except (binascii.Error, InvalidTag, ValueError):
            return []
        return [Message(text, kind)]
