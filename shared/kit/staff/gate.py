"""One attempt to sign in, from a browser's request."""

import asyncio
import re

from fastapi import Request

from shared.kit.db import Database
from shared.kit.staff.cookies import session_cookie, settings_of
from shared.kit.staff.sessions import SignedIn, Visitor, sign_in

AT_ONCE = 4
"""Attempts checked at the same time in one process: each takes 64 MiB and a database connection."""

_OWN = re.compile(r"/(?![/\\])[^\\\x00-\x20\x7f]*")


async def attempt(request: Request, login: str, password: str) -> SignedIn | None:
    """Try it in a transaction of its own, which is committed whatever comes out: failures are counted."""
    database: Database = request.app.state.database
    async with _turn(request), database.transaction() as session:
        return await sign_in(session, login, password, _visitor(request))


def own_address(target: str) -> str:
    """Where to go after signing in: addresses of this service only."""
    return target if len(target) <= 2000 and _OWN.fullmatch(target) else "/"


def _turn(request: Request) -> asyncio.Semaphore:
    state = request.app.state
    if not hasattr(state, "sign_in_turn"):
        state.sign_in_turn = asyncio.Semaphore(AT_ONCE)
    turn: asyncio.Semaphore = state.sign_in_turn
    return turn


def _visitor(request: Request) -> Visitor:
    return Visitor(
        address=request.client.host if request.client else "",
        browser=_browser(request.headers.get("user-agent", "")),
        held=request.cookies.get(session_cookie(settings_of(request)), ""),
    )


def _browser(agent: str) -> str:
    """The agent string in two words that a person recognises."""
    programs = (("Edg/", "Edge"), ("QQBrowser", "QQ"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"))
    systems = (("Android", "Android"), ("iPhone", "iPhone"), ("Windows", "Windows"), ("Mac OS", "macOS"))
    program = next((name for sign, name in programs if sign in agent), "")
    system = next((name for sign, name in (*systems, ("Linux", "Linux")) if sign in agent), "")
    return " ".join(p for p in (program, system) if p)
