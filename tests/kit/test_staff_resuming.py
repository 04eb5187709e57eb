"""A form that comes after its session has ended is not lost: sign in, press once, it is sent."""

import html
import re
from collections.abc import AsyncIterator

import pytest

from shared.kit.staff import resuming
from tests.fixtures.databases import FreshDatabases
from tests.kit.staff_app import HTML, PASSWORD, Browser, World, world

TEXT = {"text": "改动 <b>&\"'"}


@pytest.fixture
async def here(databases: FreshDatabases) -> AsyncIterator[World]:
    async with world(databases) as made:
        yield made


def hidden(page: str) -> dict[str, str]:
    """Hidden fields of the page's form."""
    found = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page)
    return {name: html.unescape(value) for name, value in found}


async def signed_out(here: World) -> Browser:
    browser = await here.signed_in("clerk")
    browser.client.cookies.clear()
    return browser


async def test_what_was_typed_is_sent_after_sign_in(here: World) -> None:
    browser = await signed_out(here)
    refused = await browser.post("/things?a=1", TEXT)
    assert refused.status_code == 401
    assert "内容没有提交" in refused.text
    carried = hidden(refused.text)
    assert carried["to"] == "/things?a=1"
    browser.csrf = carried["csrf_token"]
    wrong = await browser.post("/signin", carried | {"login": "clerk", "password": "wrong"})
    assert wrong.status_code == 422
    carried = hidden(wrong.text)
    page = await browser.post("/signin", carried | {"login": "clerk", "password": PASSWORD})
    assert page.status_code == 200
    assert 'action="/things?a=1"' in page.text
    fields = hidden(page.text)
    assert fields["text"] == TEXT["text"]
    sent = await browser.client.post("/things?a=1", data=fields, headers=HTML)
    assert sent.json() == {"text": TEXT["text"], "by": "clerk"}


async def test_a_page_of_an_older_session_is_sent_again_by_a_press(here: World) -> None:
    browser = await here.signed_in("clerk")
    browser.csrf = "0" * 64
    page = await browser.post("/things", TEXT)
    assert page.status_code == 403
    sent = await browser.client.post("/things", data=hidden(page.text), headers=HTML)
    assert sent.json() == {"text": TEXT["text"], "by": "clerk"}


@pytest.mark.parametrize("headers", [{"sec-fetch-site": "cross-site"}, {"origin": "http://127.0.0.1:1"}, {}])
async def test_no_other_site_gets_a_form_sent(here: World, headers: dict[str, str]) -> None:
    """Neither with a session nor without; without any word of the browser no token is given either."""
    signed_in, stranger = await here.signed_in("clerk"), await signed_out(here)
    for browser, status in ((signed_in, 403), (stranger, 401)):
        answer = await browser.client.post("/things", data=TEXT, headers={"accept": "text/html", **headers})
        assert answer.status_code == status
        if headers or browser is signed_in:
            assert "改动" not in answer.text


async def test_the_longest_form_that_is_kept_passes_the_sign_in(here: World) -> None:
    browser = await signed_out(here)
    refused = await browser.post("/things", {"text": "字" * (resuming.MOST // 9 - 10)})
    carried = hidden(refused.text)
    browser.csrf = carried["csrf_token"]
    page = await browser.post("/signin", carried | {"login": "clerk", "password": PASSWORD})
    assert 'action="/things"' in page.text


async def test_passwords_files_and_floods_are_not_kept(here: World) -> None:
    browser = await signed_out(here)
    for path, fields in (
        ("/account/password", {"old": PASSWORD, "new": "x", "again": "x"}),
        ("/things", {"text": "x" * resuming.MOST}),
    ):
        answer = await browser.post(path, fields)
        assert answer.status_code == 401
        assert "typed" not in hidden(answer.text)
    upload = await browser.post("/upload", {"note": "名册"}, files={"file": ("名册.xlsx", b"1")})
    assert "文件要重新选择" in upload.text
    assert hidden(upload.text)["typed"] == '[["note", "名册"]]'


@pytest.mark.parametrize(
    ("to", "typed"), [("//other.example/", '[["a", "b"]]'), ("/x", "{"), ("/x", "[1]"), ("/x", "[" * 5000)]
)
async def test_a_forged_way_on_leads_home(here: World, to: str, typed: str) -> None:
    browser = here.browser()
    await browser.get("/signin")
    form = {"login": "clerk", "password": PASSWORD, "to": to, "typed": typed}
    page = await browser.post("/signin", form)
    assert "other.example" not in page.text
    assert page.status_code == 303 or 'action="/"' in page.text
