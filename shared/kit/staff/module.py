"""Accounts, sign-in and tokens as a module."""

from pathlib import Path

from fastapi import APIRouter, Depends, Request

from shared.kit.context import Kit
from shared.kit.module import Module
from shared.kit.staff import accounts, admin_pages, api, pages, token_pages
from shared.kit.staff.admin_pages import FindScope
from shared.kit.web import NavItem


def staff(kit: Kit, find_scope: FindScope | None = None) -> Module:
    """`find_scope` finds a unit by name or code; without it every account sees the whole service."""
    del kit  # found on the app by each request

    async def provide(request: Request) -> None:
        request.state.find_scope = find_scope

    both = APIRouter(dependencies=[Depends(provide)])
    for router in (pages.router, token_pages.router, admin_pages.router):
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
