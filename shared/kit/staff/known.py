"""Whether a request comes from somebody known here, before anything of it is taken."""

from fastapi import Request

from shared.kit.db import Database
from shared.kit.staff.cookies import session_cookie, settings_of
from shared.kit.staff.sessions import by_bearer, by_cookie


async def is_known(request: Request) -> bool:
    """The database knows the session or the token: a cookie of that name alone says nothing."""
    database: Database = request.app.state.database
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    held = request.cookies.get(session_cookie(settings_of(request)), "")
    if kind.lower() != "bearer" and not held:
        return False
    async with database.transaction() as session:
        found = by_bearer(session, token.strip()) if kind.lower() == "bearer" else by_cookie(session, held)
        return await found is not None
