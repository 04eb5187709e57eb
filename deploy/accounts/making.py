"""Making and resetting them in the services' databases: each has accounts and an audit log of its own."""

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import any_, literal, or_, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from deploy.settings import settings_of
from shared.kit import audit, clock
from shared.kit.context import make_kit
from shared.kit.errors import Problem
from shared.kit.staff import StaffAccount, accounts
from shared.kit.staff.roles import manages
from shared.kit.staff.schemas import Login
from shared.kit.types import Text60

Environments = Mapping[str, Mapping[str, str]]
ROLES = ("admin", "auditor")
"""The administrator makes all others on a page; an auditor should not be made by one of the audited."""
OPERATOR = audit.System("运维命令行")
AWAY = (DBAPIError, OSError)
"""What a database that is not there, or not made yet, answers with."""


class AccountError(Exception):
    """A clear word about what was asked."""


@dataclass(frozen=True)
class Told:
    """What became of one service's account: its one-time password, or why there is none."""

    service: str
    login: str
    password: str = ""
    refused: str = ""


@dataclass(frozen=True)
class Appointed:
    """An account of these roles, as a service has it."""

    service: str
    login: str
    name: str
    role: str
    state: str


async def create(environments: Environments, login: str, name: str, role: str) -> list[Told]:
    """An account in each service, with a one-time password of its own; one that is there stays as it is.

    AccountError when login or name cannot be.
    """
    login, name = _checked(login, name)
    given = accounts.Particulars(name, "", (role,))
    told = []
    for code, environment in environments.items():
        try:
            async with _transaction(environment) as session:
                _, password = await accounts.create(session, OPERATOR, login, given)
            told.append(Told(code, login, password))
        except Problem as problem:
            told.append(Told(code, login, refused=" ".join(problem.fields.values()) or str(problem)))
        except AWAY as error:  # the passwords of the others must be told all the same
            told.append(Told(code, login, refused=f"数据库没有应答（{type(error).__name__}），没有建立"))
    return told


async def reset(environments: Environments, login: str) -> list[Told]:
    """A new one-time password for an administrator; everybody else is an administrator's business."""
    told = []
    for code, environment in environments.items():
        try:
            async with _transaction(environment) as session:
                one = await _reset(session, code, login.lower())
            told.append(one)
        except AWAY as error:
            told.append(Told(code, login, refused=f"数据库没有应答（{type(error).__name__}），没有重置"))
    return told


async def _reset(session: AsyncSession, code: str, login: str) -> Told:
    account = await session.scalar(select(StaffAccount).where(StaffAccount.login == login))
    if account is None:
        return Told(code, login, refused="没有这个账号")
    if not manages(account.roles):
        return Told(code, login, refused="不是系统管理员，请由系统管理员在“账号”页面重置")
    if not account.active:
        return Told(code, login, refused="账号已停用，请另建一个系统管理员")
    _, password = await accounts.reset_password(session, OPERATOR, account.id)
    return Told(code, login, password)


async def appointed(environments: Environments) -> list[Appointed]:
    """Administrators and auditors of every service, by service and login."""
    of_these = or_(*(literal(role) == any_(StaffAccount.roles) for role in ROLES))
    found = []
    for code, environment in environments.items():
        async with _transaction(environment) as session:
            rows = await session.scalars(select(StaffAccount).where(of_these).order_by(StaffAccount.login))
            found += [Appointed(code, a.login, a.name, "、".join(a.roles), _state(a)) for a in rows]
    return found


def without_administrator(environments: Environments, found: Iterable[Appointed]) -> list[str]:
    """Services whose accounts nobody can manage."""
    managed = {each.service for each in found if manages(each.role.split("、")) and each.state != "停用"}
    return [code for code in environments if code not in managed]


def _state(account: StaffAccount) -> str:
    if not account.active:
        return "停用"
    if account.locked_until and account.locked_until > clock.now():
        return "锁定"
    return "待改密码" if account.must_change else "正常"


def _checked(login: str, name: str) -> tuple[str, str]:
    try:
        login = TypeAdapter[str](Login).validate_python(login)
    except ValidationError:
        raise AccountError("账号名：2 到 40 位，以字母开头，只用字母、数字和 . _ -") from None
    try:
        return login, TypeAdapter[str](Text60).validate_python(name)
    except ValidationError:
        raise AccountError("姓名：1 到 60 个字") from None


@asynccontextmanager
async def _transaction(environment: Mapping[str, str]) -> AsyncIterator[AsyncSession]:
    kit = make_kit(settings_of(environment))
    try:
        async with kit.database.transaction() as session:
            yield session
    finally:
        await kit.database.close()
