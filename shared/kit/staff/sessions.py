"""Signing in and out, and finding the session or token behind a request."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Update, bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from shared.kit import audit, clock
from shared.kit.db import Database
from shared.kit.fast import Ready
from shared.kit.staff import passwords
from shared.kit.staff.models import ApiToken, StaffAccount, StaffSession
from shared.kit.staff.principal import Staff
from shared.kit.staff.roles import grants_of
from shared.kit.staff.rules import is_live, rules_on
from shared.kit.staff.tokens import new_token, token_hash

TOUCH = timedelta(minutes=1)
"""How exactly the last use is known: one write a minute, not one a request."""

STRANGER = audit.System("未登录者")


@dataclass(frozen=True)
class Visitor:
    """Where a sign-in comes from: shown to the person in the list of sessions."""

    address: str = ""
    browser: str = ""
    held: str = ""
    """The session token the browser already has, if any: it ends with the sign-in."""


@dataclass(frozen=True)
class SignedIn:
    """The new session's token, for the cookie, and when the person was here before."""

    token: str
    account: StaffAccount
    previous: datetime | None


async def sign_in(session: AsyncSession, login: str, password: str, visitor: Visitor) -> SignedIn | None:
    """A new session, or None for every reason alike: no such account, wrong password, locked, disabled."""
    now, rules = clock.now(), rules_on(clock.today())
    login = login.replace("\x00", "").strip().lower()  # PostgreSQL's text takes no NUL
    query = select(StaffAccount).where(StaffAccount.login == login).with_for_update()
    account = (
        await session.execute(query)
    ).scalar_one_or_none()  # the lock: parallel guesses are counted one by one
    locked = account is not None and account.locked_until is not None and account.locked_until > now
    if account is None or locked or not account.active:
        await passwords.matches(await passwords.nobodys(), password)
        target = ("staff", account.id) if account else ("staff", "")
        reason = "unknown" if account is None else "locked" if locked else "disabled"
        audit.record(
            session, actor=STRANGER, action="staff.sign_in_failed", target=target, detail={"reason": reason}
        )
        return None
    if account.locked_until is not None:
        account.failed_count, account.locked_until = 0, None
    if not await passwords.matches(account.password_hash, password[: rules.password_most + 1]):
        count_failure(session, account, now)
        return None
    if passwords.outdated(account.password_hash):
        account.password_hash = await passwords.hashed(password)
    return await _open(session, account, visitor)


def count_failure(session: AsyncSession, account: StaffAccount, now: datetime) -> None:
    """One more wrong password; at the limit the account is locked for a while."""
    rules = rules_on(clock.today())
    target = ("staff", account.id)
    account.failed_count += 1
    detail = {"reason": "password", "failures": account.failed_count}
    audit.record(session, actor=STRANGER, action="staff.sign_in_failed", target=target, detail=detail)
    if account.failed_count >= rules.failures:
        account.locked_until = now + rules.lock
        audit.record(session, actor=STRANGER, action="staff.locked", target=target)


async def _open(session: AsyncSession, account: StaffAccount, visitor: Visitor) -> SignedIn:
    now, rules, token = clock.now(), rules_on(clock.today()), new_token()
    if visitor.held:  # whoever planted a session in this browser loses it
        await end(session, StaffSession.token_hash == token_hash(visitor.held))
    previous, account.last_sign_in_at, account.failed_count = account.last_sign_in_at, now, 0
    opened = StaffSession(
        token_hash=token_hash(token),
        account_id=account.id,
        created_at=now,
        last_seen_at=now,
        expires_at=now + rules.absolute,
        previous_sign_in_at=previous,
        address=visitor.address[:64],
        browser=visitor.browser[:200],
    )
    session.add(opened)
    await session.flush()
    detail = {"session": opened.id, "address": visitor.address}
    audit.record(
        session, actor=account, action="staff.signed_in", target=("staff", account.id), detail=detail
    )
    return SignedIn(token, account, previous)


# columns, no entities, and built once: every request of everybody signed in begins with it
_BY_COOKIE = Ready(
    select(
        StaffSession.id.label("session_id"),
        StaffSession.last_seen_at,
        StaffSession.expires_at,
        StaffSession.previous_sign_in_at,
        StaffAccount.id,
        StaffAccount.login,
        StaffAccount.name,
        StaffAccount.office,
        StaffAccount.roles,
        StaffAccount.scope_path,
        StaffAccount.scope_name,
        StaffAccount.must_change,
    )
    .join(StaffAccount, StaffAccount.id == StaffSession.account_id)
    .where(
        StaffSession.token_hash == bindparam("token_hash"),
        StaffSession.revoked_at.is_(None),
        StaffAccount.active,
    )
)


async def by_cookie(session: AsyncSession, token: str, *, used: bool = True) -> Staff | None:
    """The person whose live session this token is; notes the use once a minute if it is one."""
    now, rules = clock.now(), rules_on(clock.today())
    found = await _BY_COOKIE.glance(session, token_hash=token_hash(token))
    if found is None or not is_live(now, found.last_seen_at, found.expires_at, rules.idle):
        return None
    if used and now - found.last_seen_at >= TOUCH:
        free = select(StaffSession.id).where(StaffSession.id == found.session_id)
        noted = update(StaffSession).where(StaffSession.id.in_(free.with_for_update(skip_locked=True)))
        await _note_use(session, noted.values(last_seen_at=now))
    return _principal(found)


async def _note_use(session: AsyncSession, statement: Update) -> None:
    """In a transaction of its own: the asker's may only read. A row that is locked is left to others."""
    database: Database = session.info["database"]
    async with database.transaction() as own:
        await own.execute(statement, execution_options={"synchronize_session": False})


async def by_bearer(session: AsyncSession, token: str) -> Staff | None:
    """The program whose live API token this is."""
    now = clock.now()
    query = select(ApiToken).where(ApiToken.token_hash == token_hash(token), *_valid(now))
    found = (await session.execute(query)).scalar_one_or_none()
    if found is None:
        return None
    if found.last_used_at is None or now - found.last_used_at >= TOUCH:
        free = select(ApiToken.id).where(ApiToken.id == found.id).with_for_update(skip_locked=True)
        await _note_use(session, update(ApiToken).where(ApiToken.id.in_(free)).values(last_used_at=now))
    return Staff(
        id=found.id,
        login="",
        name=f"接口令牌 {found.name}（{found.created_by}建立）",
        office="",
        roles=tuple(found.roles),
        scope_path=found.scope_path,
        permissions=grants_of(found.roles),
        via="token",
    )


def _valid(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return ApiToken.revoked_at.is_(None), ApiToken.expires_at > now


async def still_in(session: AsyncSession, staff: Staff) -> bool:
    """Whether session or token still count, with the same roles and scope: for streams let in long ago."""
    if staff.via == "token":
        token = select(ApiToken.id).where(ApiToken.id == staff.id, *_valid(clock.now()))
        return await session.scalar(token) is not None
    now, rules = clock.now(), rules_on(clock.today())
    query = (
        select(
            StaffSession.last_seen_at, StaffSession.expires_at, StaffAccount.roles, StaffAccount.scope_path
        )
        .join(StaffAccount, StaffAccount.id == StaffSession.account_id)
        .where(StaffSession.id == staff.session_id, StaffSession.revoked_at.is_(None), StaffAccount.active)
    )
    found = (await session.execute(query)).one_or_none()
    if found is None or (tuple(found.roles), found.scope_path) != (staff.roles, staff.scope_path):
        return False
    return is_live(now, found.last_seen_at, found.expires_at, rules.idle)


async def end(session: AsyncSession, *which: ColumnElement[bool]) -> int:
    """Revoke the live sessions that meet the conditions; how many there were."""
    live = update(StaffSession).where(StaffSession.revoked_at.is_(None), *which)
    statement = live.values(revoked_at=clock.now()).returning(StaffSession.id)
    done = await session.execute(statement, execution_options={"synchronize_session": False})
    return len(done.all())


def _principal(account: Any) -> Staff:
    return Staff(
        id=account.id,
        login=account.login,
        name=account.name,
        office=account.office,
        roles=tuple(account.roles),
        scope_path=account.scope_path,
        permissions=grants_of(account.roles),
        via="session",
        scope_name=account.scope_name,
        session_id=account.session_id,
        must_change=account.must_change,
        previous_sign_in_at=account.previous_sign_in_at,
    )
