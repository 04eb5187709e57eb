"""A member of staff of the demo at one service, over HTTP."""

import random
import re
from typing import Any

import httpx

from deploy.demo.staff import PASSWORD
from shared.kit.pii import check_character

_FIELD = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')


class Clerk:
    """Signs in by the page, asks by the API."""

    def __init__(self, url: str, login: str = "clerk", transport: httpx.BaseTransport | None = None) -> None:
        self.http = httpx.Client(base_url=url, timeout=30, headers={"origin": url}, transport=transport)
        form = self.http.get("/signin", headers={"accept": "text/html"})
        fields = {"csrf_token": _token(form), "login": login, "password": PASSWORD, "next": "/"}
        answer = self.http.post("/signin", data=fields)
        if answer.status_code != 303:
            raise RuntimeError(f"{url}: {login} cannot sign in ({answer.status_code})")
        self.csrf = _token(self.http.get("/account", headers={"accept": "text/html"}))

    def json(self, method: str, path: str, **body: Any) -> Any:
        """The answer's body; raises on a refusal."""
        headers = {"x-csrf-token": self.csrf, "accept": "application/json"}
        answer = self.http.request(method, path, headers=headers, json=body or None)
        if answer.is_error:
            raise RuntimeError(f"{method} {path}: {answer.status_code} {answer.text}")
        return answer.json()

    def top_unit(self) -> str:
        """The organisation's first unit."""
        return str(self.json("GET", "/api/v1/units")["items"][0]["id"])

    def admit(self, unit: str, name: str, number: int | None = None) -> tuple[str, str]:
        """One synthetic person onto the roll: identity and phone, when the organisation has committed."""
        number = random.randrange(10**6) if number is None else number  # noqa: S311 - no secret
        born = f"200{2 + number // 1000 % 5}{1 + number // 5000 % 12:02}01"  # old and young enough everywhere
        body = f"519901{born}{number % 1000:03}"
        fields = {
            "name": name,
            "identity": (identity := body + check_character(body)),
            "phone": (phone := f"12{number % 10**9:09}"),
            "joined_on": "2024-10-08",
            "consent": "yes",
        }
        self.json("POST", "/api/v1/members", unit_id=unit, fields=fields)
        return identity, phone

    def look_up(self, text: str) -> Any:
        """A lookup at the hub."""
        return self.json("POST", "/api/v1/lookup", text=text, purpose="joint_activity")


def _token(page: httpx.Response) -> str:
    found = _FIELD.search(page.text)
    if found is None:
        raise RuntimeError(f"no form on {page.url.path}")
    return found[1]
