"""Large bodies are taken from those the database knows, whatever cookie or header a stranger brings."""

from collections.abc import AsyncIterator

import httpx
import pytest

from shared.kit.http import FOR_STRANGERS, BodyLimit
from shared.kit.staff.known import is_known
from tests.fixtures.databases import FreshDatabases
from tests.kit.staff_app import HTML, Browser, World, world

PIECE = 16_000
LARGE = 1_000_000


@pytest.fixture
async def here(databases: FreshDatabases) -> AsyncIterator[World]:
    async with world(databases) as made:
        made.app.add_middleware(BodyLimit, limit=LARGE, larger={}, knows=is_known)
        yield made


async def send(browser: Browser, size: int, **headers: str) -> tuple[httpx.Response, int]:
    """Stream `size` bytes without saying how many; the answer, and how many were taken."""
    taken = 0

    async def body() -> AsyncIterator[bytes]:
        nonlocal taken
        while taken < size:
            taken += PIECE
            yield b"x" * PIECE

    given = {**HTML, "accept": "application/json", "x-csrf-token": browser.csrf, **headers}
    return await browser.client.post("/streamed", content=body(), headers=given), taken


async def token_of(here: World) -> str:
    admin = await here.signed_in("admin")
    page = await admin.post("/staff/tokens", {"name": "接口", "days": "9", "roles": "clerk"})
    return page.text.split('id="token">')[1].split("<")[0]


async def test_who_is_known_may_send_much(here: World) -> None:
    clerk = await here.signed_in("clerk")
    assert (await send(clerk, 480_000))[0].json() == {"size": 480_000, "by": "clerk"}
    bearer = {"authorization": f"Bearer {await token_of(here)}"}
    assert (await send(here.browser(), 480_000, **bearer))[0].json()["size"] == 480_000
    answer, taken = await send(clerk, 2 * LARGE)
    assert (answer.status_code, taken <= LARGE + PIECE) == (413, True)


@pytest.mark.parametrize(
    "brought",
    [
        {},
        {"cookie": "quntuan_kit=rubbish"},
        {"cookie": "other=quntuan_kit"},
        {"authorization": "Basic eA=="},
        {"authorization": "Bearer qt_rubbish"},
        {"authorization": "Bearer"},
    ],
)
async def test_who_only_looks_known_may_not(here: World, brought: dict[str, str]) -> None:
    large = {**HTML, **brought, "accept": "application/json", "content-length": str(FOR_STRANGERS + 1)}
    declared = await here.browser().client.post("/streamed", content=b"", headers=large)
    assert declared.status_code == 413


async def test_a_session_that_ended_is_a_strangers(here: World) -> None:
    clerk = await here.signed_in("clerk")
    held = {"cookie": f"quntuan_kit={clerk.session}"}
    await clerk.post("/signout")
    large = {**HTML, **held, "accept": "application/json", "content-length": str(FOR_STRANGERS + 1)}
    assert (await here.browser().client.post("/streamed", content=b"", headers=large)).status_code == 413


async def test_what_is_streamed_by_a_stranger_is_cut_off(here: World) -> None:
    """A file is taken before anybody asks who sends it."""
    head = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
    taken = 0

    async def body() -> AsyncIterator[bytes]:
        nonlocal taken
        yield head
        while taken < LARGE // 2:
            taken += PIECE
            yield b"x" * PIECE
        yield b"\r\n--b--\r\n"

    form = {**HTML, "cookie": "quntuan_kit=rubbish", "content-type": "multipart/form-data; boundary=b"}
    answer = await here.browser().client.post("/upload", content=body(), headers=form)
    assert answer.status_code == 400, "FastAPI's word for a form that could not be read"
    assert taken <= FOR_STRANGERS + PIECE
