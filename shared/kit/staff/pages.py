"""Pages for everybody of the staff: sign in, sign out, my account."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Request, Response
from sqlalchemy import select

from shared.kit import audit, clock
from shared.kit.db import Tx
from shared.kit.errors import NotFound
from shared.kit.staff import accounts, resuming
from shared.kit.staff.access import CHANGE, SIGN_IN, public, require
from shared.kit.staff.cookies import (
    begin_form,
    drop,
    form_cookie,
    keep_form,
    put,
    session_cookie,
    settings_of,
)
from shared.kit.staff.gate import attempt, own_address
from shared.kit.staff.models import StaffSession
from shared.kit.staff.principal import Staff
from shared.kit.staff.roles import ROLES
from shared.kit.staff.rules import is_live, rules_on
from shared.kit.staff.sessions import end
from shared.kit.web import gettext as _
from shared.kit.web import render, see_other
from shared.kit.web.filters import moment

router = APIRouter()
SignedIn = Annotated[Staff, Depends(require(before_change=True))]
Typed = Annotated[str, Form(max_length=1000)]


@router.get(SIGN_IN, dependencies=[Depends(public)])
async def sign_in_page(request: Request, next: str = "/") -> Response:  # noqa: A002
    """The form."""
    return _sign_in_form(request, own_address(next))


@router.post(SIGN_IN, dependencies=[Depends(public)])
async def sign_in(
    request: Request,
    login: Typed = "",
    password: Typed = "",
    next: Typed = "/",  # noqa: A002
    to: Annotated[str, Form(max_length=2000)] = "/",
    typed: Annotated[str, Form(max_length=resuming.MOST)] = "",
) -> Response:
    """A session, or the same answer for every reason not to give one."""
    target, kept = own_address(next), resuming.read(own_address(to), typed)
    opened = await attempt(request, login, password)
    if opened is None:
        rules = rules_on(clock.today())
        error = _(
            "账号或密码不正确。连续输错 %(n)s 次，账号会锁定 %(m)s 分钟；忘记密码请联系系统管理员重置。"
        ) % {"n": rules.failures, "m": int(rules.lock.total_seconds() // 60)}
        if kept:
            return resuming.ask_sign_in(request, kept, login=login[:60], error=error, status=422)
        return _sign_in_form(request, target, login=login[:60], error=error, status=422)
    if kept and not opened.account.must_change:
        return resuming.signed_in(request, kept, opened.token)
    previous = _("上次登录 %(when)s") % {"when": moment(opened.previous)} if opened.previous else ""
    response = see_other(CHANGE if opened.account.must_change else target, previous, "info")
    settings = settings_of(request)
    put(response, settings, session_cookie(settings), opened.token)
    drop(response, settings, form_cookie(settings))
    return response


@router.post("/signout")
async def sign_out(request: Request, session: Tx, staff: SignedIn) -> Response:
    """End this session."""
    if staff.session_id:
        await end(session, StaffSession.id == staff.session_id)
        audit.record(session, actor=staff, action="staff.signed_out", target=("staff", staff.id))
    response = see_other(SIGN_IN, _("已退出登录"))
    drop(response, settings_of(request), session_cookie(settings_of(request)))
    return response


@router.get("/account")
async def my_account(request: Request, session: Tx, staff: Annotated[Staff, Depends(require())]) -> Response:
    """Who I am here, what I may do, where I am signed in."""
    now, idle = clock.now(), rules_on(clock.today()).idle
    query = (
        select(StaffSession)
        .where(StaffSession.account_id == staff.id, StaffSession.revoked_at.is_(None))
        .where(StaffSession.expires_at > now)
        .order_by(StaffSession.last_seen_at.desc())
    )
    live = [s for s in await session.scalars(query) if is_live(now, s.last_seen_at, s.expires_at, idle)]
    roles = [ROLES[r] for r in staff.roles if r in ROLES]
    return render(request, "staff/account.html", sessions=live, roles=roles)


@router.post("/account/sessions/{session_id}/end")
async def end_session(session: Tx, staff: Annotated[Staff, Depends(require())], session_id: UUID) -> Response:
    """Sign another browser of mine out."""
    if not await end(session, StaffSession.id == session_id, StaffSession.account_id == staff.id):
        raise NotFound("没有这次登录", hint="它可能已经结束，请刷新页面。")
    detail = {"session": session_id}
    audit.record(
        session, actor=staff, action="staff.session_revoked", target=("staff", staff.id), detail=detail
    )
    return see_other("/account", _("已结束那次登录"))


@router.get(CHANGE, dependencies=[Depends(require(before_change=True))])
async def password_page(request: Request) -> Response:
    """The form for a new password."""
    return _password_form(request, {})


@router.post(CHANGE)
async def change_password(
    request: Request,
    session: Tx,
    staff: SignedIn,
    old: Typed = "",
    new: Typed = "",
    again: Typed = "",
) -> Response:
    """Change it; the other browsers are signed out."""
    if new != again:
        return _password_form(request, {"again": _("两次填写的新密码不一致")})
    if wrong := await accounts.change_password(session, staff, old, new):
        return _password_form(request, wrong)
    return see_other("/account", _("密码已修改，其他浏览器上的登录已结束"))


def _sign_in_form(
    request: Request, target: str, *, login: str = "", error: str = "", status: int = 200
) -> Response:
    begin_form(request)
    response = render(request, "staff/signin.html", status, next=target, login=login, error=error, kept=None)
    keep_form(request, response)
    return response


def _password_form(request: Request, errors: dict[str, str]) -> Response:
    least = rules_on(clock.today()).password_least
    return render(request, "staff/password.html", 422 if errors else 200, errors=errors, least=least)
