"""Roles as data: which permissions each may use, and which must not be held by one person (三权分立)."""

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import lru_cache

RESERVED = frozenset({"staff", "audit", "ops"})
"""Areas a wildcard never reaches: accounts, the audit log and the machinery are named one by one."""

PERSONS_ONLY = frozenset({"reveal", "export", "full"})
"""Actions no program's token ever has: numbers in the clear and whole lists go to a person who signed in."""


@dataclass(frozen=True)
class Role:
    """`grants` are permissions `area.action`, `*` stands for every business area; `power` is one of three."""

    code: str
    title: str
    about: str
    power: str
    grants: tuple[str, ...]


ROLES: dict[str, Role] = {
    role.code: role
    for role in (
        Role("viewer", "查看", "只能查看本范围的资料", "business", ("*.read", "*.search")),
        Role(
            "clerk",
            "经办",
            "登记、修改、导入、导出和查询",
            "business",
            ("*.read", "*.search", "*.open", "*.reveal", "*.write", "*.run", "*.export"),
        ),
        Role(
            "approver",
            "审批",
            "审批和决定，不登记资料",
            "business",
            ("*.read", "*.search", "*.open", "*.reveal", "*.export", "*.full", "*.approve", "*.decide"),
        ),
        Role("importer", "导入", "只做名册导入", "business", ("*.read", "imports.*")),
        Role(
            "admin",
            "系统管理员",
            "管理账号和运行，看不到业务资料",
            "system",
            ("staff.manage", "ops.read", "ops.manage"),
        ),
        Role("auditor", "审计员", "只能查看和校验审计日志", "audit", ("audit.read",)),
    )
}


@lru_cache(maxsize=4096)
def permits(grants: frozenset[str], permission: str) -> bool:
    """Whether one of the grants covers `permission`."""
    area = permission.partition(".")[0]
    for grant in grants:
        wild = grant.startswith("*")
        if fnmatchcase(permission, grant) and not (wild and area in RESERVED):
            return True
    return False


def grants_of(roles: Iterable[str]) -> frozenset[str]:
    """Everything these roles grant; an unknown role grants nothing."""
    return frozenset(g for r in roles if r in ROLES for g in ROLES[r].grants)


def manages(roles: Iterable[str]) -> bool:
    """Whether these roles manage accounts."""
    return permits(grants_of(roles), "staff.manage")


def scope_objection(roles: Iterable[str], scope_path: str) -> str | None:
    """Why these roles cannot be limited to a part of the tree: log and accounts are of the whole service."""
    if scope_path and any(ROLES[r].power != "business" for r in roles if r in ROLES):
        return "系统管理员和审计员看到的是整个系统，不能限定范围，请把范围留空"
    return None


def objection(roles: Iterable[str]) -> str | None:
    """Why these roles cannot go to one account, in Chinese; None when they can."""
    chosen = list(roles)
    if not chosen:
        return "请至少选择一个角色"
    if unknown := [r for r in chosen if r not in ROLES]:
        return f"没有这个角色：{'、'.join(unknown)}"
    if len({ROLES[r].power for r in chosen}) > 1:
        return "业务、系统管理、审计三类角色不能由同一个账号担任，请分设账号"
    return None
