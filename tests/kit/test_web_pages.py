"""Pages over HTTP: shell, escaping, messages, languages, static files, headers."""

import re
from collections.abc import AsyncIterator
from uuid import UUID

import httpx
import pytest
from jinja2 import UndefinedError

from shared.kit.web import Brand, NavItem, Web
from shared.kit.web.brand import visible_nav
from tests.kit.web_app import Person, build


def words_of(html: str) -> set[str]:
    """What stands to read on a page."""
    return set(re.sub(r"<[^>]*>", " ", html).split())


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=build(), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
        yield client


async def test_shell_shows_the_rail_by_permission_with_counts(client: httpx.AsyncClient) -> None:
    html = (await client.get("/every")).text
    assert "不给看" not in html
    assert re.search(r'href="/every" aria-current="page"', html)
    assert "12项待办" in html
    assert "5项待办，有超期" in html
    assert ">99+<" in html


async def test_every_posting_form_carries_the_token(client: httpx.AsyncClient) -> None:
    html = (await client.get("/every")).text
    forms = re.findall(r'<form[^>]*method="post".*?</form>', html, re.DOTALL)
    assert len(forms) >= 4
    assert all('name="csrf_token" value="token-of-the-session"' in form for form in forms)


async def test_nothing_inline_and_nothing_from_elsewhere(client: httpx.AsyncClient) -> None:
    for path in ("/every", "/gate", "/refused"):
        html = (await client.get(path)).text
        assert not re.search(r"\sstyle=|<style|\son[a-z]+=|javascript:", html)
        assert not re.search(r"<script(?![^>]*\ssrc=\"/static/)", html)
        assert not re.search(r'(?:src|href)="https?:', html)


async def test_headers_of_a_page(client: httpx.AsyncClient) -> None:
    for path in ("/every", "/broken", "/nowhere"):
        headers = (await client.get(path)).headers
        assert headers["content-security-policy"].startswith("default-src 'none'; script-src 'self';")
        assert headers["cache-control"] == "no-store"
        assert headers["referrer-policy"] == "same-origin"
        assert headers["x-content-type-options"] == "nosniff"


async def test_static_is_kept_for_ever_only_under_its_own_version(client: httpx.AsyncClient) -> None:
    html = (await client.get("/every")).text
    for address in re.findall(r'(?:src|href)="(/static/[^"]+)"', html):
        answer = await client.get(address)
        assert answer.status_code == 200, address
        assert "immutable" in answer.headers["cache-control"]
    old = await client.get("/static/0000000000/css/base.css")
    assert (old.status_code, "immutable" in old.headers["cache-control"]) == (200, False)
    assert (await client.get("/static/0000000000/../environment.py")).status_code == 404
    assert (await client.get("/static/x/%2e%2e/environment.py")).status_code == 404


async def test_htmx_2_comes_from_its_wheel(client: httpx.AsyncClient) -> None:
    html = (await client.get("/every")).text
    address = re.search(r'src="(/static/[^"]+htmx-2\.min\.js)"', html)
    assert address
    assert 'version:"2.' in (await client.get(address.group(1))).text


async def test_a_message_is_shown_once_and_escaped(client: httpx.AsyncClient) -> None:
    posted = await client.post("/every")
    assert (posted.status_code, posted.headers["location"]) == (303, "/every")
    assert "已保存 &lt;b&gt;" in (await client.get("/every")).text
    assert "已保存 &lt;b&gt;" not in (await client.get("/every")).text


async def test_a_forged_message_is_not_shown(client: httpx.AsyncClient) -> None:
    await client.post("/every")
    sealed = client.cookies["quntuan_flash"].strip('"')
    client.cookies.clear()
    changed = ("B" if sealed[30] == "A" else "A").join((sealed[:30], sealed[31:]))
    for value in (changed, f"{sealed}x", sealed[:-4], "é", "", "."):
        answer = await client.get("/every", headers={b"cookie": f"quntuan_flash={value}".encode()})
        assert answer.status_code == 200
        assert "已保存 &lt;b&gt;" not in answer.text


async def test_language_by_cookie_and_only_own_addresses_are_followed(client: httpx.AsyncClient) -> None:
    assert '<html lang="zh-CN"' in (await client.get("/gate")).text
    chosen = await client.get("/lang/en", params={"next": "/gate?a=1"})
    assert (chosen.status_code, chosen.headers["location"]) == (303, "/gate?a=1")
    english = (await client.get("/gate")).text
    assert '<html lang="en"' in english
    assert "Sign in" in english
    for evil in ("//evil.example", "https://evil.example", "/\\evil.example", "/\t/evil.example", "/%0aX"):
        location = (await client.get("/lang/en", params={"next": evil})).headers["location"]
        assert httpx.URL("http://testserver").join(location).host == "testserver"
    await client.get("/lang/tlh")
    assert '<html lang="zh-CN"' in (await client.get("/gate")).text


async def test_a_refusal_is_a_page_a_part_or_json(client: httpx.AsyncClient) -> None:
    page = await client.get("/refused", headers={"accept": "text/html"})
    assert page.status_code == 409
    assert "<h1>这个人已经在册</h1>" in page.text
    assert "请打开名册核对后再登记。" in page.text
    assert 'class="rail"' in page.text
    part = await client.get("/refused", headers={"accept": "text/html", "hx-request": "true"})
    assert "这个人已经在册" in part.text
    assert "<html" not in part.text
    data = await client.get("/refused", headers={"accept": "application/json"})
    assert data.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("path", ["/list/1", f"/list/{UUID(int=1)}?tab=new"])
async def test_a_wrong_address_is_told_without_code_words(client: httpx.AsyncClient, path: str) -> None:
    page = await client.get(path, headers={"accept": "text/html"})
    assert (page.status_code, "网址不完整或不正确" in page.text) == (422, True)
    for code in ("tab", "number", "Input", "should"):
        assert code not in words_of(page.text), code


async def test_a_wrong_form_is_told_without_code_words_and_a_program_gets_the_names(
    client: httpx.AsyncClient,
) -> None:
    form = {"kind": "丙", "size": "x"}
    page = await client.post("/form", data=form, headers={"accept": "text/html"})
    assert page.status_code == 422
    assert {"类别：不在可选范围内", "条数：应为整数", "填写的内容有误"} <= words_of(page.text)
    assert not {"kind", "size"} & words_of(page.text)
    told = await client.post("/form", data=form, headers={"accept": "application/json"})
    assert told.json()["errors"] == [
        {"field": "kind", "message": "不在可选范围内"},
        {"field": "size", "message": "应为整数"},
    ]


async def test_an_unknown_error_shows_nothing_from_inside(client: httpx.AsyncClient) -> None:
    page = await client.get("/broken", headers={"accept": "text/html"})
    assert page.status_code == 500
    assert "RuntimeError" not in page.text
    assert "inside" not in page.text


async def test_pages_are_compressed(client: httpx.AsyncClient) -> None:
    answer = await client.get("/every", headers={"accept-encoding": "gzip"})
    assert answer.headers["content-encoding"] == "gzip"
    assert int(answer.headers["content-length"]) < len(answer.content) / 3


def test_a_missing_value_is_an_error_not_an_empty_place() -> None:
    template = build().state.templates.from_string("{{ nobody_gave_this }}")
    with pytest.raises(UndefinedError):
        template.render()


def test_templates_escape() -> None:
    template = build().state.templates.from_string(
        '{% from "ui.html" import field, btn %}{{ field("a", x, x, hint=x, error=x) }}{{ btn(x, x, name=x, value=x) }}'
    )
    assert "<i>" not in template.render(x="\"'><i>")
    assert "\"'" not in template.render(x="\"'><i>")


def test_the_longest_address_is_the_current_entry() -> None:
    items = (
        NavItem("a", "甲", "/", "home"),
        NavItem("b", "乙", "/m", "tree"),
        NavItem("c", "丙", "/m/in", "join"),
    )
    web = Web(Brand("x", "某", "", "", "red"), items)

    def current(path: str) -> list[str]:
        return [link.item.key for link in visible_nav(web, Person(), path, {}) if link.current]

    assert current("/") == ["a"]
    assert current("/m/7") == ["b"]
    assert current("/m/in/3") == ["c"]
    assert current("/mx") == []


def test_an_unknown_palette_is_refused() -> None:
    with pytest.raises(ValueError, match="palette"):
        Brand("x", "某", "", "某", "pink")
