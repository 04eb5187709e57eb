"""A service with nothing but pages, to try the web kit on."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Literal
from uuid import UUID

from fastapi import FastAPI, Form, Request, Response
from fastapi.sse import EventSourceResponse, ServerSentEvent

from shared.kit import clock, errors
from shared.kit.web import (
    PALETTES,
    Brand,
    Count,
    Find,
    NavItem,
    Web,
    mount_web,
    render,
    render_problem,
    see_other,
)

TEMPLATES = Path(__file__).parent / "web_templates"
ICONS = ("home", "people", "tree", "swap", "order", "place", "task", "talk", "chart")
TITLES = ("工作台", "名册", "单位", "转接", "点单", "阵地", "任务", "会议", "数据")


@dataclass
class Person:
    name: str = "沈若溪"
    post: str = "组织部 管理岗"
    permissions: tuple[str, ...] = ("people.read",)

    def can(self, permission: str) -> bool:
        return permission in self.permissions


@dataclass
class Entry:
    at: datetime
    text: str
    detail: str
    kind: str


def web() -> Web:
    nav = tuple(
        NavItem(icon, title, f"/{icon}" if icon != "people" else "/every", icon, "people.read")
        for icon, title in zip(ICONS, TITLES, strict=True)
    )
    hidden = NavItem("secret", "不给看", "/secret", "lock", "secret.read")
    brand = Brand("test", "锦城市某某会", "工作系统", "某", "blue", hub_url="/hub")
    find = Find("/find", "姓名、拼音、手机号、证号")
    return Web(brand, (*nav, hidden), (TEMPLATES,), find=find, account_url="/account")


def build() -> FastAPI:
    app = FastAPI()
    mount_web(app, web())
    errors.install(app, render_problem)
    app.state.value = 0
    app.state.changed = asyncio.Event()

    def signed_in(request: Request) -> None:
        request.state.staff = Person()
        request.state.csrf = "token-of-the-session"
        request.state.nav_counts = {"people": Count(12), "swap": Count(5, late=True), "talk": Count(120)}

    @app.get("/every")
    async def every(request: Request) -> Response:
        signed_in(request)
        now = clock.now()
        people = [
            ("单文慧", "星河电子公司", "正常", "yes"),
            ("仇志远", "顺达即时配送", "待核对", "warn"),
            ("解明远", "第三人民医院", "已退回", "no"),
        ]
        history = [
            Entry(now, "转入本单位", "由某某登记", "now"),
            Entry(now - timedelta(days=400), "登记", "", "quiet"),
        ]
        return render(
            request, "web/every.html", people=people, history=history, moment=now,
            palettes=PALETTES, soon=now + timedelta(hours=5), over=now - timedelta(hours=25), later=now + timedelta(hours=73),
        )  # fmt: skip

    @app.post("/every")
    async def post(request: Request) -> Response:
        return see_other("/every", "已保存 <b>", "ok")

    @app.get("/gate")
    async def gate(request: Request) -> Response:
        return render(request, "web/gate.html")

    @app.get("/refused")
    async def refused(request: Request) -> Response:
        signed_in(request)
        raise errors.Refused("这个人已经在册", hint="请打开名册核对后再登记。")

    @app.post("/form")
    async def form(kind: Annotated[Literal["甲", "乙"], Form()], size: Annotated[int, Form()]) -> None: ...

    @app.get("/list/{number}")
    async def numbered(number: UUID, tab: Literal["新增", ""] = "") -> None: ...

    @app.get("/broken")
    async def broken(request: Request) -> Response:
        signed_in(request)
        raise RuntimeError("inside")

    @app.get("/live")
    async def live(request: Request) -> Response:
        signed_in(request)
        return render(request, "web/live.html", live="/events", value=app.state.value)

    @app.get("/part")
    async def part(request: Request) -> Response:
        return render(request, "web/part.html", value=app.state.value)

    @app.post("/value")
    async def value(value: Annotated[int, Form()]) -> Response:
        app.state.value = value
        app.state.changed.set()
        app.state.changed = asyncio.Event()
        return Response(status_code=204)

    @app.get("/events", response_class=EventSourceResponse)
    async def events() -> AsyncIterator[ServerSentEvent]:
        while True:
            await app.state.changed.wait()
            yield ServerSentEvent(event="figure", data={"n": app.state.value})

    return app
