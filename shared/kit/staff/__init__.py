"""Staff: accounts, sessions, roles, scope and API tokens; what a route must ask before it answers.

    from shared.kit.staff import Staff, require, public

    @router.post("/things/{id}")
    async def edit(staff: Annotated[Staff, Depends(require("things.write"))], session: Tx, ...): ...

    @router.get("/terms", dependencies=[Depends(public)])

Every route has one of the two (a test reads it back with `access_of`). They also check the form token of
unsafe requests. `staff.scope_path` is the path of units everything must stay below ('' = all). A composition
root mounts `staff(kit)` and calls `install(app)` once.
"""

from shared.kit.staff import accounts, titles  # noqa: F401 - titles names the audit actions
from shared.kit.staff.access import Access, access_of, install, note_refusal, public, require
from shared.kit.staff.accounts import NewAccount, Scope, ensure_accounts
from shared.kit.staff.cookies import begin_form, keep_form
from shared.kit.staff.models import ApiToken, StaffAccount, StaffSession
from shared.kit.staff.module import staff
from shared.kit.staff.principal import Staff
from shared.kit.staff.roles import ROLES, Role
from shared.kit.staff.sessions import still_in

__all__ = [
    "ROLES",
    "Access",
    "ApiToken",
    "NewAccount",
    "Role",
    "Scope",
    "Staff",
    "StaffAccount",
    "StaffSession",
    "access_of",
    "accounts",
    "begin_form",
    "ensure_accounts",
    "install",
    "keep_form",
    "note_refusal",
    "public",
    "require",
    "staff",
    "still_in",
]
