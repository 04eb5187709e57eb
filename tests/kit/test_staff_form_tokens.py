"""No form without its token: field or header, other sessions, other sites, uploads."""

import pytest

from tests.kit.staff_app import HTML, PASSWORD, TEXT, World


async def test_the_token_is_taken_from_field_or_header(here: World) -> None:
    browser = await here.signed_in("clerk")
    assert (await browser.post("/things", TEXT)).json() == {"text": "改动", "by": "clerk"}
    by_header = await browser.client.post(
        "/things", data=TEXT, headers={**HTML, "x-csrf-token": browser.csrf}
    )
    assert by_header.json() == {"text": "改动", "by": "clerk"}


@pytest.mark.parametrize("token", ["", "0" * 64, "é" * 10, "\udcff" * 3])
async def test_without_the_token_nothing_is_done(here: World, token: str) -> None:
    browser = await here.signed_in("clerk")
    browser.csrf = token.encode("utf-8", "replace").decode()
    answer = await browser.post("/things", TEXT)
    assert answer.status_code == 403
    assert "没有提交" in answer.text
    assert [e.detail["reason"] for e in await here.audited("access.refused")] == ["csrf"]


async def test_another_sessions_token_does_not_count(here: World) -> None:
    one, two = await here.signed_in("clerk"), await here.signed_in("clerk")
    assert one.csrf != two.csrf
    one.csrf = two.csrf
    assert (await one.post("/things", TEXT)).status_code == 403
    stranger = here.browser()
    await stranger.get("/signin")
    two.csrf = stranger.csrf
    assert (await two.post("/things", TEXT)).status_code == 403


async def test_the_sign_in_form_is_checked_too(here: World) -> None:
    browser, other = here.browser(), here.browser()
    await browser.get("/signin")
    await other.get("/signin")
    browser.csrf = other.csrf
    answer = await browser.post("/signin", {"login": "clerk", "password": PASSWORD})
    assert answer.status_code == 403
    assert not browser.session
    bare = here.browser()
    bare.csrf = other.csrf
    assert (await bare.post("/signin", {"login": "clerk", "password": PASSWORD})).status_code == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},  # another port of this host: another organisation's service
        {"sec-fetch-site": "", "origin": "http://127.0.0.1:8009"},
        {"origin": "http://127.0.0.1:8008"},
        {"origin": "null"},
    ],
)
async def test_other_sites_are_refused_even_with_the_token(here: World, headers: dict[str, str]) -> None:
    browser = await here.signed_in("clerk")
    base = {"accept": "text/html"}
    answer = await browser.client.post(
        "/things", data={**TEXT, "csrf_token": browser.csrf}, headers=base | headers
    )
    assert answer.status_code == 403


async def test_own_origin_behind_a_tls_proxy_is_taken(here: World) -> None:
    browser = await here.signed_in("clerk")
    headers = {"accept": "text/html", "origin": "https://127.0.0.1:8009"}
    answer = await browser.client.post("/things", data={**TEXT, "csrf_token": browser.csrf}, headers=headers)
    assert answer.status_code == 200


async def test_uploads_pass_the_check_whole(here: World) -> None:
    browser = await here.signed_in("clerk")
    content = b"0123456789" * 200_000
    answer = await browser.post("/upload", files={"file": ("名册.xlsx", content)})
    assert answer.json() == {"size": 2_000_000, "name": "名册.xlsx", "by": "clerk"}
    streamed = await browser.client.post(
        "/streamed",
        content=content,
        headers={**HTML, "x-csrf-token": browser.csrf, "content-type": "application/octet-stream"},
    )
    assert streamed.json() == {"size": 2_000_000, "by": "clerk"}
    browser.csrf = "0" * 64
    assert (await browser.post("/upload", files={"file": ("a", content)})).status_code == 403
