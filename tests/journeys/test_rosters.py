"""Three rosters go in at three services; the same people are found at the hub, once each."""

import time
from collections.abc import Callable
from typing import Any

import pytest

from deploy.local.suite import Suite
from tests.journeys.visitor import ROSTERS, Visitor

FILES = {
    "union": "union-会员花名册.xlsx",
    "league": "league-团员名册.csv",
    "womens": "womens-执委和联系人名册.xlsx",
}
PEOPLE = {"union": 4271, "league": 1344, "womens": 684}


@pytest.fixture(scope="module")
def suite(new_suite: Callable[..., Suite]) -> Suite:
    """One of our own: in the common suite another test may have imported these files already."""
    return new_suite()


@pytest.fixture(scope="module")
def imported(suite: Suite) -> dict[str, dict[str, Any]]:
    return {
        code: Visitor(suite.url(code)).sign_in("clerk").import_roster(ROSTERS / name)
        for code, name in FILES.items()
    }


@pytest.fixture(scope="module")
def hub(suite: Suite, imported: dict[str, dict[str, Any]]) -> Visitor:
    del imported
    return Visitor(suite.url("hub")).sign_in("clerk")


@pytest.mark.timeout(240)
def test_every_line_is_accounted_for(imported: dict[str, dict[str, Any]]) -> None:
    for code, batch in imported.items():
        sums = batch["sums"]
        assert sums["new"] + sums["changed"] + sums["same"] + sums["refused"] == sums["rows"] - sums.get(
            "ignored", 0
        ), (code, sums)
        assert sums["written"] == sums["new"], (code, sums)
        assert sums["written"] + sums["refused"] >= PEOPLE[code], (code, sums)
        assert sums["refused"] < PEOPLE[code] * 0.03, (code, sums)


@pytest.mark.timeout(240)
def test_importing_again_changes_nothing(suite: Suite, imported: dict[str, dict[str, Any]]) -> None:
    clerk = Visitor(suite.url("league")).sign_in("clerk")
    batch = clerk.json(
        "POST", "/api/v1/imports", files={"file": (FILES["league"], (ROSTERS / FILES["league"]).read_bytes())}
    )
    sums = clerk.wait_import(batch["id"], {"ready"})["sums"]
    assert (sums["new"], sums["changed"]) == (0, 0), sums
    assert sums["same"] == imported["league"]["sums"]["written"]


@pytest.mark.timeout(240)
def test_one_person_with_all_affiliations_at_the_hub(hub: Visitor) -> None:
    """王艳秀 stands in the union's and the league's file; her number has a full-width X in one of them."""
    until = time.monotonic() + 10
    while True:
        found = [p for p in hub.look_up("王艳秀")["rows"] if p["name"] == "王艳秀"]
        badges = [{b["org"] for b in p["badges"] if b["state"] == "in"} for p in found]
        if any({"union", "league"} <= b for b in badges):
            break
        assert time.monotonic() < until, found
        time.sleep(0.2)
    person = next(p for p, b in zip(found, badges, strict=True) if {"union", "league"} <= b)
    for query in ("wangyanxiu", "wyx", "12783159200", "51990620000318002x", "9200"):
        ids = {p["id"] for p in hub.look_up(query)["rows"]}
        assert person["id"] in ids, query
    assert "12783159200" not in str(found)
    assert "519906200003180" not in str(found)


@pytest.mark.timeout(120)
def test_no_purpose_no_answer(hub: Visitor) -> None:
    refused = hub.ask("POST", "/api/v1/lookup", json={"text": "王艳秀", "purpose": ""})
    assert refused.status_code == 422
    assert "王艳秀" not in refused.text


@pytest.mark.timeout(240)
def test_opening_a_person_is_told_to_the_owner(suite: Suite, hub: Visitor) -> None:
    result = hub.look_up("王艳秀")
    person = result["rows"][0]
    details = hub.json("GET", f"/api/v1/lookup/{result['lookup_id']}/persons/{person['id']}")
    member = next(a for a in details["records"] if a["org"] == "union")
    clerk = Visitor(suite.url("union")).sign_in("clerk")
    until = time.monotonic() + 10
    while "顾清和" not in (page := clerk.page(f"/members/{member['member_id']}")):
        assert time.monotonic() < until, page[-3000:]
        time.sleep(0.3)
    assert "查看" in page
