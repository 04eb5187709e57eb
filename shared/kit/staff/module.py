"""Accounts, sign-in and tokens as a module."""

from pathlib import Path

from fastapi import APIRouter, Depends, Request

from shared.kit.context import Kit
from shared.kit.module import Module
from shared.kit.staff import accounts, admin_pages, api, pages, scoping, token_pages
from shared.kit.staff.accounts import Scopes
from shared.kit.web import NavItem


def staff(kit: Kit, scopes: Scopes | None = None) -> Module:
    """`scopes` are the units an account may be limited to; without them all see the whole service."""
    del kit  # found on the app by each request

    async def provide(request: Request) -> None:
        request.state.scopes = scopes

    both = APIRouter(dependencies=[Depends(provide)])
    for router in (pages.router, scoping.router, token_pages.router, admin_pages.router):
        both.include_router(router)
    return Module(
        name="staff",
        title="账号和权限",
        api=api.router,
        pages=both,
        templates=Path(__file__).parent / "templates",
        nav=(NavItem("staff", "账号", "/staff", "key", "staff.manage"),),
        namings={"staff": accounts.names},
    )
