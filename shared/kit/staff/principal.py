"""Who is asking: a member of staff in a browser, or a program with an API token."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from shared.kit.staff.roles import PERSONS_ONLY, ROLES, permits


@dataclass(frozen=True)
class Staff:
    """The signed-in principal. `permissions` are grants with patterns: ask `can`, not membership.

    `scope_path` is the unit path below which everything must stay; '' is the whole organisation.
    """

    id: UUID
    login: str
    name: str
    office: str
    roles: tuple[str, ...]
    scope_path: str
    permissions: frozenset[str]
    via: Literal["session", "token"]
    scope_name: str = ""
    session_id: UUID | None = None
    must_change: bool = False
    previous_sign_in_at: datetime | None = None

    def can(self, permission: str) -> bool:
        """Whether this person may do `area.action`."""
        if self.via == "token" and permission.partition(".")[2] in PERSONS_ONLY:
            return False
        return permits(self.permissions, permission)

    @property
    def scope(self) -> str:
        """The same as `scope_path`."""
        return self.scope_path

    @property
    def post(self) -> str:
        """What the shell shows below the name: the office, or the roles."""
        return self.office or "、".join(ROLES[r].title for r in self.roles if r in ROLES)
