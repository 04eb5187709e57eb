"""Use cases of accounts: create, edit, disable, unlock, passwords, and the demo's list."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from sqlalchemy import any_, literal, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from shared.kit import audit, clock
from shared.kit.errors import Invalid, NotFound, Refused
from shared.kit.module import Named
from shared.kit.staff import passwords
from shared.kit.staff.models import StaffAccount, StaffSession
from shared.kit.staff.principal import Staff
from shared.kit.staff.roles import ROLES, manages, objection, scope_objection
from shared.kit.staff.rules import password_objection, rules_on
from shared.kit.staff.sessions import count_failure, end


@dataclass(frozen=True)
class NewAccount:
    """What `ensure_accounts` makes; the password is the loader's business and is not checked here."""

    login: str
    name: str
    office: str
    roles: tuple[str, ...]
    password: str
    scope_path: str = ""
    scope_unit: UUID | None = None
    scope_name: str = ""
    must_change: bool = False


@dataclass(frozen=True)
class Scope:
    """A subtree of units as an account's limit; the empty path is the whole organisation."""

    path: str = ""
    id: UUID | None = None
    names: tuple[str, ...] = ()
    """from the top to the unit: units of one name are told apart by it"""

    @property
    def name(self) -> str:
        """The unit's own name."""
        return self.names[-1] if self.names else ""


class Scopes(Protocol):
    """The units of a service that has them, for whoever gives accounts their limit."""

    async def find(self, session: AsyncSession, typed: str) -> Sequence[Scope]:
        """Units by their name or its pinyin."""

    async def get(self, session: AsyncSession, unit_id: UUID) -> Scope | None:
        """The unit of that id, if it is still there."""

    async def at(self, session: AsyncSession, paths: Collection[str]) -> Mapping[str, Scope]:
        """The units at these paths, by path."""


@dataclass(frozen=True)
class Particulars:
    """What an administrator may set on an account."""

    name: str
    office: str
    roles: tuple[str, ...]
    scope: Scope = Scope()


async def ensure_accounts(session: AsyncSession, accounts: Iterable[NewAccount]) -> int:
    """Make those that are missing (by login) and leave the others as they are; how many were made.

    Who is given the same password (a demo's people) gets the same hash: making one is slow.
    """
    known = set(await session.scalars(select(StaffAccount.login)))
    missing = [new for new in accounts if new.login not in known]
    hashes = {password: await passwords.hashed(password) for password in {new.password for new in missing}}
    made = 0
    for new in missing:
        if reason := objection(new.roles) or scope_objection(new.roles, new.scope_path):
            raise ValueError(f"{new.login}: {reason}")
        values = {
            "login": new.login.lower(), "name": new.name, "office": new.office, "roles": list(new.roles),
            "password_hash": hashes[new.password], "password_changed_at": clock.now(),
            "scope_path": new.scope_path, "scope_unit": new.scope_unit, "scope_name": new.scope_name,
            "must_change": new.must_change, "created_by": "系统",
        }  # fmt: skip
        done = await session.execute(
            insert(StaffAccount).values(values).on_conflict_do_nothing().returning(StaffAccount.id)
        )
        made += len(done.all())
    return made


async def create(
    session: AsyncSession, by: audit.Actor, login: str, given: Particulars
) -> tuple[StaffAccount, str]:
    """A new account and its one-time password: told once, to be changed at the first sign-in."""
    login = login.strip().lower()
    _check(given)
    password = passwords.one_time()
    account = StaffAccount(
        login=login,
        password_hash=await passwords.hashed(password),
        password_changed_at=clock.now(),
        must_change=True,
        created_by=by.name,
        **_columns(given),
    )
    if await session.scalar(select(StaffAccount.id).where(StaffAccount.login == login)):
        raise Invalid("账号没有建立", fields={"login": "这个账号名已经有人使用，请换一个"})
    session.add(account)
    await session.flush()
    detail = {"roles": given.roles, "scope": given.scope.path}
    audit.record(session, actor=by, action="staff.created", target=("staff", account.id), detail=detail)
    return account, password


async def edit(session: AsyncSession, by: Staff, account_id: UUID, given: Particulars) -> StaffAccount:
    """Change name, office, roles and scope; the next request of that person already feels it."""
    held = await _administrators(session)
    account = await _other(session, by, account_id)
    _check(given)
    if not manages(given.roles):
        _refuse_last(held, account)
    before = {"roles": list(account.roles), "scope": account.scope_path}
    for column, value in _columns(given).items():
        setattr(account, column, value)
    detail = {"before": before, "after": {"roles": given.roles, "scope": given.scope.path}}
    audit.record(session, actor=by, action="staff.changed", target=("staff", account.id), detail=detail)
    return account


async def set_active(session: AsyncSession, by: Staff, account_id: UUID, *, active: bool) -> StaffAccount:
    """Disable (all sessions end at once) or enable."""
    held = await _administrators(session)
    account = await _other(session, by, account_id)
    if account.active == active:
        return account
    if not active:
        _refuse_last(held, account)
    account.active = active
    if not active:
        await end(session, StaffSession.account_id == account.id)
    action = "staff.enabled" if active else "staff.disabled"
    audit.record(session, actor=by, action=action, target=("staff", account.id))
    return account


async def unlock(session: AsyncSession, by: Staff, account_id: UUID) -> StaffAccount:
    """Take the lock of failed sign-ins away before its time."""
    account = await get(session, account_id, lock=True)
    account.failed_count, account.locked_until = 0, None
    audit.record(session, actor=by, action="staff.unlocked", target=("staff", account.id))
    return account


async def reset_password(
    session: AsyncSession, by: audit.Actor, account_id: UUID
) -> tuple[StaffAccount, str]:
    """A new one-time password; sessions end and the lock goes."""
    account = await _other(session, by, account_id)
    password = passwords.one_time()
    account.password_hash, account.password_changed_at = await passwords.hashed(password), clock.now()
    account.must_change, account.failed_count, account.locked_until = True, 0, None
    await end(session, StaffSession.account_id == account.id)
    audit.record(session, actor=by, action="staff.password_reset", target=("staff", account.id))
    return account, password


async def change_password(session: AsyncSession, staff: Staff, old: str, new: str) -> dict[str, str]:
    """Change one's own password; other browsers are signed out. Gives the objections by field, {} when done.

    They are returned, not raised: a wrong present password counts towards the lock and must be committed.
    """
    account, rules = await get(session, staff.id, lock=True), rules_on(clock.today())
    if reason := password_objection(new, rules, (account.login, account.name)):
        return {"new": reason}
    if old == new:
        return {"new": "新密码不能与现在的密码相同"}
    if not await passwords.matches(account.password_hash, old):
        count_failure(session, account, clock.now())
        if account.locked_until is not None:
            await end(session, StaffSession.account_id == account.id)
        return {"old": "现在的密码不正确"}
    account.password_hash, account.password_changed_at = await passwords.hashed(new), clock.now()
    account.must_change, account.failed_count = False, 0
    await end(session, StaffSession.account_id == account.id, StaffSession.id != staff.session_id)
    audit.record(session, actor=staff, action="staff.password_changed", target=("staff", account.id))
    return {}


async def get(session: AsyncSession, account_id: UUID, *, lock: bool = False) -> StaffAccount:
    """The account, locked for a change when asked."""
    query = select(StaffAccount).where(StaffAccount.id == account_id)
    account = (await session.execute(query.with_for_update() if lock else query)).scalar_one_or_none()
    if account is None:
        raise NotFound("没有这个账号", hint="它可能已被移走，请回到账号列表。")
    return account


async def _other(session: AsyncSession, by: audit.Actor, account_id: UUID) -> StaffAccount:
    """The account of somebody else: nobody widens their own rights."""
    if account_id == by.id:
        raise Refused("不能修改自己的账号", hint="请由另一位系统管理员操作。")
    return await get(session, account_id, lock=True)


async def _administrators(session: AsyncSession) -> set[UUID]:
    """Who can manage accounts now; held until the end, so that two of them cannot end each other at once."""
    may = or_(*(literal(code) == any_(StaffAccount.roles) for code in ROLES if manages([code])))
    query = select(StaffAccount.id).where(StaffAccount.active, may)
    return set(await session.scalars(query.order_by(StaffAccount.id).with_for_update()))


def _refuse_last(administrators: set[UUID], account: StaffAccount) -> None:
    if administrators == {account.id}:
        raise Refused("这是最后一位系统管理员", hint="请先给另一位同事系统管理员的角色。")


def _check(given: Particulars) -> None:
    if reason := objection(given.roles):
        raise Invalid("账号没有保存", fields={"roles": reason})
    if reason := scope_objection(given.roles, given.scope.path):
        raise Invalid("账号没有保存", fields={"scope": reason})


def _columns(given: Particulars) -> dict[str, object]:
    return {
        "name": given.name,
        "office": given.office,
        "roles": list(given.roles),
        "scope_path": given.scope.path,
        "scope_unit": given.scope.id,
        "scope_name": given.scope.name,
    }


async def names(session: AsyncSession, ids: Collection[UUID]) -> dict[UUID, Named]:
    """Who an account is, for the audit log."""
    found = await session.scalars(select(StaffAccount).where(StaffAccount.id.in_(ids)))
    return {a.id: Named(f"{a.name} {a.login}", f"/staff/{a.id}", "staff.manage") for a in found}
