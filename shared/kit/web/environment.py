"""The Jinja environment of a service and render(), the one way to answer with a page."""

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import BytecodeCache, ChoiceLoader, Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.bccache import Bucket
from jinja2.runtime import Context
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from shared.kit import clock
from shared.kit.errors import Problem
from shared.kit.web import i18n
from shared.kit.web.apart import Apart
from shared.kit.web.brand import Web, visible_nav
from shared.kit.web.fields import field_title
from shared.kit.web.filters import FILTERS
from shared.kit.web.messages import COOKIE as FLASH_COOKIE
from shared.kit.web.messages import FlashBox, see_other
from shared.kit.web.parts import KeptParts
from shared.kit.web.places import nearest, place_of

TEMPLATE_DIR = Path(__file__).parent / "templates"
CSRF_FIELD = "csrf_token"


class _Compiled(BytecodeCache):
    """Compiled templates of this process: services assembled side by side or again compile each one once."""

    def __init__(self) -> None:
        self._code: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if (code := self._code.get(bucket.key)) is not None:
            bucket.bytecode_from_string(code)

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._code[bucket.key] = bucket.bytecode_to_string()


_COMPILED = _Compiled()


def build_environment(web: Web, static_url: Callable[[str], str]) -> Environment:
    """Kit templates first, then those of each module."""
    env = Environment(
        loader=ChoiceLoader([FileSystemLoader(d) for d in (TEMPLATE_DIR, *web.template_dirs)]),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n", "jinja2.ext.do"],
        bytecode_cache=_COMPILED,
    )
    install: Callable[..., None] = env.install_gettext_callables  # type: ignore[attr-defined]
    install(i18n.gettext, i18n.ngettext, newstyle=True)
    env.filters.update(FILTERS, tr=i18n.translate, field_title=field_title)  # tr: texts that come from Python
    env.globals.update(
        static=static_url,
        css=_css(static_url),
        csrf_field=csrf_field,
        languages=i18n.LANGUAGES,
        kept_part=KeptParts(env),
    )
    return env


def _css(static_url: Callable[[str], str]) -> Callable[[str], Markup]:
    @cache
    def css(name: str) -> Markup:
        """The link to one style sheet of the kit."""
        return Markup('<link rel="stylesheet" href="{}">').format(static_url(f"css/{name}.css"))

    return css


@pass_context
def csrf_field(context: Context) -> Markup:
    """The hidden field every posting form carries."""
    token = context["csrf_token"]
    return Markup('<input type="hidden" name="{}" value="{}">').format(CSRF_FIELD, token)


def render(request: Request, template: str, status_code: int = 200, **context: Any) -> HTMLResponse:
    """Answer with a page or a part; the shell's own values come from the request."""
    web: Web = request.app.state.web
    env: Environment = request.app.state.templates
    box = FlashBox(request.cookies, web.secret)
    apart = Apart()
    values = {**_shell_values(request, web), "flash_box": box, "apart": apart, **context}
    content = apart.into(env.get_template(template).render(values))
    response = HTMLResponse(content, status_code=status_code)
    if box.taken:
        response.delete_cookie(FLASH_COOKIE, httponly=True, samesite="lax")
    return response


def _shell_values(request: Request, web: Web) -> Mapping[str, Any]:
    state = request.state
    staff = getattr(state, "staff", None)
    path = request.url.path
    return {
        "request": request,
        "web": web,
        "brand": web.profile,
        "staff": staff,
        "csrf_token": getattr(state, "csrf", "") or "",
        "locale": getattr(state, "locale", i18n.DEFAULT),
        "nav": visible_nav(web, staff, path, getattr(state, "nav_counts", {})),
        "live": None,
        "now": clock.now(),
        "path": path,
        "place": place_of(request),
    }


def render_problem(request: Request, problem: Problem) -> Response:
    """A refusal as a page, or as the part alone when a script asked for a part.

    Who opens the address a form is sent to (a bookmark, the way back) gets the page near it.
    """
    headers = request.headers
    part = "hx-request" in headers or "x-part" in headers
    if problem.status == 405 and request.method == "GET" and not part:
        return see_other(nearest(request), "这一步要用页面上的按钮操作", "info")
    overtaken = problem.status == 409 and request.method != "GET"
    return render(
        request,
        "parts/error.html" if part else "error.html",
        problem.status,
        again=nearest(request) if overtaken else "",
        title=problem.title,
        hint=problem.hint,
        fields=problem.fields,
        status=problem.status,
        reference=problem.body().get("trace", ""),
    )
