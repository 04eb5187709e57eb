"""Rubbish sent in forms, addresses and files is refused in words, never with a failure."""

import base64
from typing import Any
from uuid import uuid4

import pytest

from shared.kit import clock
from shared.kit.spreadsheet import FORMULA_STARTS, as_text
from shared.org.imports.cells import plain
from shared.org.imports.models import ImportBatch
from tests.org.people import admit, person
from tests.org.web import OrgWorld

RUBBISH = ["a\x00b", "字" * 5000, "\u202e反"]


@pytest.mark.parametrize("org", ["union"], indirect=True)
async def test_rubbish_is_refused_in_words(here: OrgWorld) -> None:
    browser = await here.signed_in("clerk")
    async with here.org.kit.database.transaction() as session:
        member = await admit(session, here.org, here.one)
        batch = ImportBatch(
            status="applied", actor_id=uuid4(), actor_name="沈若溪", scope="", scope_name="",
            file_name="名册.csv", file_size=1, began_at=clock.now(),
        )  # fmt: skip
        session.add(batch)
        await session.flush()
    file, unit = f"/members/{member.id}", f"/units/{here.one.id}"
    good = {"unit_id": str(here.one.id), **{k: str(v) for k, v in person(here.org).items()}}
    forms: list[tuple[str, dict[str, Any]]] = []
    for bad in RUBBISH:
        forms += [
            ("/members/new", good | {"name": bad}),
            ("/members/new", good | {"post": bad}),
            ("/members/new", good | {"reason": bad}),
            ("/members/new", good | {"unit_q": bad, "unit_id": ""}),
            ("/members/search", {"q": bad}),
            (f"{file}/edit", {"name": "单文慧", "version": "1", "reason": bad}),
            (f"{file}/reveal", {"reason": bad}),
            (f"{file}/leave", {"left_on": "2026-01-01", "reason": bad}),
            (f"{file}/move", {"unit_q": bad}),
            (f"{unit}/units", {"name": bad, "kind": here.one.kind}),
            (f"{unit}/rename", {"name": bad, "version": "1"}),
            (f"{unit}/move", {"unit_q": bad, "version": "1", "reason": "x"}),
            (f"{unit}/close", {"reason": bad, "version": "1"}),
            (f"/imports/{batch.id}/rows/1", {"decision": "skip", "back": bad}),
            (f"/imports/{batch.id}/units/{uuid4()}", {"name": bad, "kind": bad}),
        ]
    for day in ("0", "1700000000", "2026-13-01", "99999-01-01"):
        forms.append((f"{file}/leave", {"left_on": day, "reason": "本人申请"}))
        forms.append(("/members/bulk/leave", {"ids": str(member.id), "left_on": day, "reason": "x"}))
    forms.append((f"{file}/edit", {"name": "单文慧", "version": "²"}))
    forms.append((f"/imports/{batch.id}/rows/{10**30}", {"decision": "skip"}))
    for path, data in forms:
        answer = await browser.post(path, data)
        assert answer.status_code == 422, (path, data, answer.status_code)
        assert "有误" in answer.text or "不" in answer.text
    assert (await browser.get(file)).status_code == 200


def cursor(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


@pytest.mark.parametrize("org", ["union"], indirect=True)
async def test_rubbish_in_an_address_is_refused_in_words(here: OrgWorld) -> None:
    browser = await here.signed_in("clerk")
    async with here.org.kit.database.transaction() as session:
        batch = ImportBatch(
            status="applied", actor_id=uuid4(), actor_name="沈若溪", scope="", scope_name="",
            file_name="名册.csv", file_size=1, began_at=clock.now(),
        )  # fmt: skip
        session.add(batch)
        await session.flush()
    places = [
        cursor(t) for t in ("1", '[false,"abc"]', f"[false,{10**30}]", "[true,-1]", "[false,null]", "{}")
    ]
    for place in [*places, "abc", str(10**30), "a%00b", "中" * 300]:
        for path in (
            f"/imports?cursor={place}",
            f"/imports/{batch.id}?tab=new&cursor={place}",
            f"/members?after={place}",
        ):
            answer = await browser.get(path)
            assert answer.status_code == 422, (path, answer.status_code)
        for path in (
            f"/api/v1/imports?cursor={place}",
            f"/api/v1/imports/{batch.id}/rows?outcome=new&cursor={place}",
        ):
            answer = await browser.api("GET", path)
            assert answer.status_code == 422, (path, answer.status_code)
    naive = cursor(f'[false,"2026-01-01T00:00:00","{uuid4()}"]')
    assert (await browser.get(f"/members?after={naive}")).status_code == 422
    assert (await browser.get("/members?kind=a%00b")).status_code == 422
    for body in ({"name": "单\x00慧"}, {"post": "字" * 300}, {"a\x00": "x"}):
        sent = {"unit_id": str(here.one.id), "fields": {**person(here.org), **body}}
        assert (await browser.api("POST", "/api/v1/members", sent)).status_code == 422


@pytest.mark.parametrize("sign", list(FORMULA_STARTS))
def test_no_file_holds_a_formula(sign: str) -> None:
    assert as_text(f"{sign}1+1") == f"'{sign}1+1"
    assert plain(as_text(f"x{sign}")) == f"x{sign}".strip()
