"""The access matrix as strangers, every role and a neighbour's session meet it, over HTTP."""

import re
from uuid import UUID

import httpx
import pytest

from deploy.demo import staff
from deploy.local.suite import Suite
from shared.kit.staff.roles import grants_of, permits
from tests.architecture.matrix import written
from tests.journeys.visitor import Visitor

NOBODY = UUID(int=0)
LOGINS = {"hub": staff.HUB, "organisation": staff.ORGANISATION}
CASES = [("hub", "hub", login) for login in staff.HUB] + [
    ("organisation", "union", login) for login in staff.ORGANISATION
]


def rows(kind: str) -> list[tuple[str, str, str]]:
    """(method, path with ids nobody has, what is asked), without what would end the session."""
    return [
        (method, re.sub(r"\{line\}", "1", re.sub(r"\{(?!line)[a-z_]+(:uuid)?\}", str(NOBODY), path)), asks)
        for k, method, path, asks in sorted(written())
        if k == kind and path not in {"/signout", "/lang/{locale}"}
    ]


@pytest.mark.timeout(240)
@pytest.mark.parametrize(("kind", "code", "login"), CASES, ids=[f"{c}-{x.login}" for _, c, x in CASES])
def test_each_role_is_refused_exactly_what_it_may_not(
    suite: Suite, kind: str, code: str, login: staff.DemoLogin
) -> None:
    visitor = Visitor(suite.url(code)).sign_in(login.login)
    grants = grants_of(login.roles)
    wrong = []
    for method, path, asks in rows(kind):
        needed = [] if asks in {"everybody", "signed in"} else asks.split(", ")
        allowed = all(permits(grants, permission) for permission in needed)
        status = visitor.ask(method, path).status_code
        if (status == 403) == allowed or status >= 500 or status == 401:
            wrong.append((method, path, asks, status))
    assert wrong == []


@pytest.mark.timeout(120)
@pytest.mark.parametrize(("kind", "code"), [("hub", "hub"), ("organisation", "league")])
def test_a_stranger_gets_nothing(suite: Suite, kind: str, code: str) -> None:
    with httpx.Client(base_url=suite.url(code)) as stranger:
        open_ = []
        for method, path, asks in rows(kind):
            answer = stranger.request(method, path, headers={"accept": "application/json"})
            if asks != "everybody" and answer.status_code not in {401, 403, 422}:
                open_.append((method, path, answer.status_code))
            elif asks != "everybody" and answer.status_code == 422:
                assert "signin" in answer.text or "problem" in answer.text
    assert [x for x in open_ if x[2] != 401] == []


@pytest.mark.timeout(60)
def test_a_session_of_one_service_is_worth_nothing_at_another(suite: Suite) -> None:
    union = Visitor(suite.url("union")).sign_in("clerk")
    cookies = dict(union.client.cookies)
    assert cookies
    for code in ("league", "womens", "hub"):
        renamed = {name.replace("union", code): value for name, value in cookies.items()}
        with httpx.Client(base_url=suite.url(code), cookies=cookies | renamed) as neighbour:
            answer = neighbour.get("/api/v1/me", headers={"accept": "application/json"})
        assert answer.status_code == 401, (code, answer.text)
