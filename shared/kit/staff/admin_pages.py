"""Pages for the administrator: accounts of the staff."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from shared.kit import clock
from shared.kit.db import Tx
from shared.kit.errors import Invalid
from shared.kit.pagination import Cursor, decode
from shared.kit.staff import accounts
from shared.kit.staff.access import require
from shared.kit.staff.accounts import Particulars, Scope
from shared.kit.staff.models import StaffAccount
from shared.kit.staff.principal import Staff
from shared.kit.staff.roles import ROLES
from shared.kit.staff.schemas import AccountForm, NewAccountForm, read_form, typed_in
from shared.kit.web import gettext as _
from shared.kit.web import render, see_other

FindScope = Callable[[AsyncSession, str], Awaitable[Sequence[Scope]]]
"""Every unit that an administrator's words may mean; each name, typed again, means that unit alone."""
TOLD = 5

PAGE = 50
router = APIRouter(prefix="/staff")
manage = require("staff.manage")
Manager = Annotated[Staff, Depends(manage)]


@router.get("", dependencies=[Depends(manage)])
async def list_accounts(request: Request, session: Tx, after: str = "") -> Response:
    """All accounts by login."""
    query = select(StaffAccount).order_by(StaffAccount.login).limit(PAGE + 1)
    if cursor := decode(after, 1):
        query = query.where(StaffAccount.login > str(cursor.values[0]).replace("\x00", ""))
    rows = list(await session.scalars(query))
    more = f"/staff?after={Cursor((rows[PAGE - 1].login,)).encode()}" if len(rows) > PAGE else ""
    return render(request, "staff/list.html", rows=rows[:PAGE], more=more, after=after, roles=ROLES)


@router.get("/new", dependencies=[Depends(manage)])
async def new_account(request: Request) -> Response:
    """The form of a new account."""
    return _form(request, {})


@router.post("/new")
async def create_account(request: Request, session: Tx, staff: Manager) -> Response:
    """Create it and show its one-time password, this once."""
    typed = await request.form()
    form = read_form(NewAccountForm, typed)
    if isinstance(form, dict):
        return _form(request, typed_in(typed), form)
    try:
        given = await _particulars(request, session, form)
        account, password = await accounts.create(session, staff, form.login, given)
    except Invalid as problem:
        return _form(request, form.model_dump(), problem.fields)
    return _once(request, account, password)


@router.get("/{account_id:uuid}")
async def show_account(request: Request, session: Tx, staff: Manager, account_id: UUID) -> Response:
    """One account with what may be done to it."""
    account = await accounts.get(session, account_id)
    return _account(request, staff, account, _values(account))


@router.post("/{account_id:uuid}")
async def edit_account(request: Request, session: Tx, staff: Manager, account_id: UUID) -> Response:
    """Change name, office, roles and scope."""
    typed = await request.form()
    form = read_form(AccountForm, typed)
    account = await accounts.get(session, account_id)
    if isinstance(form, dict):
        return _account(request, staff, account, typed_in(typed), form)
    try:
        await accounts.edit(session, staff, account_id, await _particulars(request, session, form))
    except Invalid as problem:
        return _account(request, staff, account, form.model_dump(), problem.fields)
    return see_other(f"/staff/{account_id}", _("已保存"))


@router.post("/{account_id:uuid}/disable")
async def disable(session: Tx, staff: Manager, account_id: UUID) -> Response:
    """All sessions of the account end at once."""
    await accounts.set_active(session, staff, account_id, active=False)
    return see_other(f"/staff/{account_id}", _("已停用，该账号的登录全部结束"))


@router.post("/{account_id:uuid}/enable")
async def enable(session: Tx, staff: Manager, account_id: UUID) -> Response:
    """Let the account sign in again."""
    await accounts.set_active(session, staff, account_id, active=True)
    return see_other(f"/staff/{account_id}", _("已启用"))


@router.post("/{account_id:uuid}/unlock")
async def unlock(session: Tx, staff: Manager, account_id: UUID) -> Response:
    """Before the lock's own end."""
    await accounts.unlock(session, staff, account_id)
    return see_other(f"/staff/{account_id}", _("已解除锁定"))


@router.post("/{account_id:uuid}/reset")
async def reset(request: Request, session: Tx, staff: Manager, account_id: UUID) -> Response:
    """A new one-time password, shown this once."""
    return _once(request, *await accounts.reset_password(session, staff, account_id))


async def _particulars(request: Request, session: AsyncSession, form: AccountForm) -> Particulars:
    scope = await scope_of(request, session, form.scope)
    return Particulars(form.name, form.office, tuple(form.roles), scope)


async def scope_of(request: Request, session: AsyncSession, typed: str) -> Scope:
    """The unit that was typed; a service without units has the whole as its only scope."""
    if not typed:
        return Scope()
    find: FindScope | None = request.state.find_scope
    found = await find(session, typed) if find else []
    if len(found) == 1:
        return found[0]
    names = "；".join(scope.name for scope in found[:TOLD])
    said = f"有同名的单位，请连同上级填写，例如：{names}" if found else "没有找到这个单位，请填写完整名称"
    raise Invalid("没有保存", fields={"scope": said})


def _values(account: StaffAccount) -> dict[str, Any]:
    scope = account.scope_name or account.scope_path
    return {"name": account.name, "office": account.office, "scope": scope, "roles": account.roles}


def _form(request: Request, typed: dict[str, Any], errors: dict[str, str] | None = None) -> Response:
    return render(request, "staff/new.html", 422 if errors else 200, **form_values(request, typed, errors))


def _account(
    request: Request,
    staff: Staff,
    account: StaffAccount,
    typed: dict[str, Any],
    errors: dict[str, str] | None = None,
) -> Response:
    locked = account.locked_until is not None and account.locked_until > clock.now()
    return render(
        request,
        "staff/edit.html",
        422 if errors else 200,
        account=account,
        locked=locked,
        mine=account.id == staff.id,
        **form_values(request, typed, errors),
    )


def form_values(
    request: Request, typed: dict[str, Any], errors: dict[str, str] | None = None
) -> dict[str, Any]:
    """What the common fields of a form with roles and scope need."""
    return {
        "typed": typed,
        "errors": errors or {},
        "choices": list(ROLES.values()),
        "scoped": request.state.find_scope is not None,
    }


def _once(request: Request, account: StaffAccount, password: str) -> Response:
    return render(request, "staff/once.html", account=account, password=password)
