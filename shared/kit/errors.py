"""Errors people can act on: RFC 9457 problem details for programs, a page or a part for browsers."""

import logging
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar, get_args

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic_core.core_schema import ErrorType
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnection
from starlette.exceptions import HTTPException

from shared.kit.log import current_traceparent

log = logging.getLogger("quntuan.errors")


class Problem(Exception):  # noqa: N818 - the RFC's word
    """A refusal: its reason for staff (`title`), what to do next (`hint`), texts by field for forms."""

    status = 500
    code = "internal"

    def __init__(
        self, title: str, *, hint: str = "", fields: Mapping[str, str] | None = None, **extra: Any
    ) -> None:
        super().__init__(title)
        self.title, self.hint, self.fields, self.extra = title, hint, dict(fields or {}), extra

    def body(self) -> dict[str, Any]:
        """The problem as RFC 9457 members; `type` is a stable code below `urn:quntuan:problem:`."""
        out: dict[str, Any] = {
            "type": f"urn:quntuan:problem:{self.code}",
            "title": self.title,
            "status": self.status,
        }
        if self.hint:
            out["detail"] = self.hint
        if self.fields:
            out["errors"] = [{"field": k, "message": v} for k, v in self.fields.items()]
        if trace := current_traceparent():
            out["trace"] = trace.split("-")[1]
        return out | self.extra


class Invalid(Problem):
    """The input is not valid; `fields` says where."""

    status, code = 422, "invalid"


T = TypeVar("T")


class Faults(dict[str, str]):
    """What is wrong with a form, by field, so that all of it is told at once."""

    def read(self, reader: Callable[[], T]) -> T | None:
        """What the reader finds; None when it refuses, then its words are kept here."""
        try:
            return reader()
        except Invalid as problem:
            self.update(problem.fields)
            return None

    def refuse(self, hint: str = "") -> None:
        """Invalid if there are any; a fault that is alone is the title."""
        if self:
            title = "请检查填写的内容" if len(self) > 1 else next(iter(self.values()))
            raise Invalid(title, hint=hint, fields=self)


class Unauthenticated(Problem):
    """Nobody is signed in."""

    status, code = 401, "unauthenticated"


class Forbidden(Problem):
    """The person may know of the thing but not do this."""

    status, code = 403, "forbidden"


class NotFound(Problem):
    """There is no such thing, or the person may not know of it."""

    status, code = 404, "not-found"


class Refused(Problem):
    """A rule of the domain, or the present state, does not allow it."""

    status, code = 409, "refused"


class Stale(Refused):
    """Somebody else was faster: it is not any more what the asker saw. `version` is the present one."""

    def __init__(self, title: str, *, version: int) -> None:
        hint = "您填写的内容还在下面。请对照最新内容，再提交一次。"
        super().__init__(title, hint=hint, version=version)


class TooLarge(Problem):
    """The body is larger than is taken."""

    status, code = 413, "too-large"


class TooMany(Problem):
    """Too often in too short a time."""

    status, code = 429, "too-many"


class Unavailable(Problem):
    """Something needed is away; trying again later is right."""

    status, code = 503, "unavailable"


_RETRY_AFTER = {429: "60", 503: "5"}
_TITLES = {
    400: ("请求的格式不正确", "请返回上一页重试。"),
    404: ("没有找到这一页", "请检查地址，或从左侧菜单进入。"),
    405: ("不支持这种操作", "请返回上一页，用页面上的按钮操作。"),
    413: ("提交的内容太大", "请分成几份再提交。"),
    415: ("不支持这种格式", "请换一种格式再提交。"),
    422: ("填写的内容有误", "请按提示改正后再提交。"),
    429: ("操作太频繁", "请稍等片刻再试。"),
}


def wants_page(request: Request) -> bool:
    """True for a browser's page or part; false for the API and other programs.

    htmx asks for its parts with `Accept: */*`.
    """
    if request.url.path.startswith("/api/"):
        return False
    return "hx-request" in request.headers or "text/html" in request.headers.get("accept", "text/html")


async def respond(request: Request, problem: Problem) -> Response:
    """The problem in the form the caller can read."""
    headers = {"Retry-After": after} if (after := _RETRY_AFTER.get(problem.status)) else {}
    page = getattr(request.app.state, "problem_page", None)
    if page is not None and wants_page(request):
        response: Response = page(request, problem)
        response.headers.update(headers)
        return response
    return JSONResponse(
        problem.body(), status_code=problem.status, headers=headers, media_type="application/problem+json"
    )


def problem_of(error: Exception) -> Problem:
    """Any exception as a problem; unknown ones are logged and tell the reader nothing of the inside."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, RequestValidationError):
        return _invalid(error)
    if isinstance(error, HTTPException):
        title, hint = _TITLES.get(error.status_code, ("请求没有完成", "请稍后再试。"))
        out = Problem(title, hint=hint)
        out.status, out.code = error.status_code, f"http-{error.status_code}"
        return out
    if isinstance(error, (OperationalError, InterfaceError, NoConnection)) or (
        isinstance(error, DBAPIError) and error.connection_invalidated
    ):
        log.warning("database unavailable", extra={"kind": type(error).__name__})
        return Unavailable("数据库暂时连不上", hint="您填写的内容没有保存，请稍后再提交一次。")
    log.error("unhandled %s", type(error).__name__, exc_info=error)
    return Problem("系统出错了", hint="错误已记录。请稍后再试；若仍不行，请把追踪号告诉运维人员。")


def _invalid(error: RequestValidationError) -> Invalid:
    """What is wrong with what was sent; nobody typed an address, so that has another word."""
    faults = error.errors()
    if faults[0]["type"] == "json_invalid":
        return Invalid("提交的内容不是有效的 JSON", hint="请检查括号、引号和逗号是否成对，再提交一次。")
    fields = {_place(e["loc"]): _chinese(e) for e in faults}
    if all(e["loc"][0] in ("path", "query") for e in faults):
        return Invalid("网址不完整或不正确", hint="请回到首页，从左侧菜单进入。", fields=fields)
    title, hint = _TITLES[422]
    return Invalid(title, hint=hint, fields=fields)


_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")


def _place(loc: Sequence[str | int]) -> str:
    """Where a fault is, by names of ours: a key somebody sent and the inside of a type are left out."""
    said: list[str] = []
    for piece in loc[1:]:
        if isinstance(piece, str) and not _NAME.fullmatch(piece):
            break
        said.append(str(piece))
    return ".".join(said) or str(loc[0])


_MESSAGES = {
    "missing": "必须填写",
    "string_too_short": "太短",
    "string_too_long": "太长",
    "date_from_datetime_parsing": "不是有效的日期",
    "date_parsing": "不是有效的日期，请按 2026-03-05 的样式填写",
    "uuid_parsing": "编号不正确",
    "int_parsing": "应为整数",
    "bool_parsing": "应为是或否",
    "greater_than": "数字太小",
    "greater_than_equal": "数字太小",
    "less_than": "数字太大",
    "less_than_equal": "数字太大",
    "enum": "不在可选范围内",
    "literal_error": "不在可选范围内",
}


_PYDANTICS = frozenset(get_args(ErrorType))


def _chinese(error: Mapping[str, Any]) -> str:
    """Pydantic's error in Chinese; own validators already speak Chinese, perhaps behind `Value error, `."""
    kind, said = str(error.get("type", "")), str(error.get("msg", ""))
    if kind == "value_error" or kind not in _PYDANTICS:  # pydantic's own may hold Chinese in an English text
        own = said.removeprefix("Value error, ")
        if any("\u4e00" <= character <= "\u9fff" for character in own):
            return own
    return _MESSAGES.get(kind, "填写有误")


def install(app: FastAPI, page: Callable[[Request, Problem], Response] | None = None) -> None:
    """Answer every error in one form; `page` makes the form for browsers."""
    app.state.problem_page = page

    async def handle(request: Request, error: Exception) -> Response:
        return await respond(request, problem_of(error))

    for kind in (Problem, RequestValidationError, HTTPException, DBAPIError, Exception):
        app.add_exception_handler(kind, handle)
