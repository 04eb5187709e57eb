"""Pages for the administrator: accounts of the staff."""

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
from shared.kit.staff.accounts import Particulars
from shared.kit.staff.models import StaffAccount
from shared.kit.staff.principal import Staff
from shared.kit.staff.roles import ROLES
from shared.kit.staff.schemas import AccountForm, NewAccountForm, read_form, typed_in
from shared.kit.staff.scoping import Chosen, form_values, in_force, picked, scope_of
from shared.kit.web import gettext as _
from shared.kit.web import render, see_other

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
    scopes = await in_force(request, session, {row.scope_path for row in rows})
    return render(
        request, "staff/list.html", rows=rows[:PAGE], more=more, after=after, roles=ROLES, scopes=scopes
    )


@router.get("/new", dependencies=[Depends(manage)])
async def new_account(request: Request, session: Tx) -> Response:
    """The form of a new account."""
    return await _form(request, session, {})


@router.post("/new")
async def create_account(request: Request, session: Tx, staff: Manager) -> Response:
    """Create it and show its one-time password, this once."""
    typed = await request.form()
    form = read_form(NewAccountForm, typed)
    if isinstance(form, dict):
        return await _form(request, session, typed_in(typed), form)
    try:
        given = await _particulars(request, session, form)
        account, password = await accounts.create(session, staff, form.login, given)
    except Invalid as problem:
        return await _form(request, session, form.model_dump(), problem.fields)
    return _once(request, account, password)


@router.get("/{account_id:uuid}")
async def show_account(request: Request, session: Tx, staff: Manager, account_id: UUID) -> Response:
    """One account with what may be done to it."""
    account = await accounts.get(session, account_id)
    return await _account(request, session, staff, account)


@router.post("/{account_id:uuid}")
async def edit_account(request: Request, session: Tx, staff: Manager, account_id: UUID) -> Response:
    """Change name, office, roles and scope."""
    typed = await request.form()
    form = read_form(AccountForm, typed)
    account = await accounts.get(session, account_id)
    if isinstance(form, dict):
        return await _account(request, session, staff, account, typed_in(typed), form)
    try:
        await accounts.edit(session, staff, account_id, await _particulars(request, session, form))
    except Invalid as problem:
        return await _account(request, session, staff, account, form.model_dump(), problem.fields)
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
    scope = await scope_of(request, session, form)
    return Particulars(form.name, form.office, tuple(form.roles), scope)


def _values(account: StaffAccount) -> dict[str, Any]:
    return {"name": account.name, "office": account.office, "roles": account.roles}


async def _form(
    request: Request, session: AsyncSession, typed: dict[str, Any], errors: dict[str, str] | None = None
) -> Response:
    scope = await picked(request, session, typed)
    return render(
        request, "staff/new.html", 422 if errors else 200, **form_values(request, typed, errors, scope)
    )


async def _account(
    request: Request,
    session: AsyncSession,
    staff: Staff,
    account: StaffAccount,
    typed: dict[str, Any] | None = None,
    errors: dict[str, str] | None = None,
) -> Response:
    if typed is None:
        held = await in_force(request, session, [account.scope_path])
        typed, scope = _values(account), Chosen(held.get(account.scope_path))
    else:
        scope = await picked(request, session, typed)
    locked = account.locked_until is not None and account.locked_until > clock.now()
    return render(
        request,
        "staff/edit.html",
        422 if errors else 200,
        account=account,
        locked=locked,
        mine=account.id == staff.id,
        **form_values(request, typed, errors, scope),
    )


def _once(request: Request, account: StaffAccount, password: str) -> Response:
    return render(request, "staff/once.html", account=account, password=password)
