"""A person of the staff at one service over HTTP: signs in by the page, then uses the API or the pages."""

import re
import time
from pathlib import Path
from typing import Any

import httpx

from deploy.demo.staff import PASSWORD

ROSTERS = Path(__file__).parents[1] / "rosters"
LEAGUE = ROSTERS / "league-团员名册.csv"
FIELD = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')


class Visitor:
    """`Visitor(url).sign_in("clerk")`; `json(...)` answers parsed bodies and raises on refusals."""

    def __init__(self, url: str) -> None:
        self.client = httpx.Client(base_url=url, timeout=30, follow_redirects=False, headers={"origin": url})
        self.csrf = ""

    def sign_in(self, login: str) -> "Visitor":
        form = self.client.get("/signin", headers={"accept": "text/html"})
        token = FIELD.search(form.text)
        assert token, form.text[:500]
        answer = self.client.post(
            "/signin", data={"csrf_token": token[1], "login": login, "password": PASSWORD, "next": "/"}
        )
        assert answer.status_code == 303, answer.text[:800]
        self.csrf = FIELD.search(self.client.get("/account", headers={"accept": "text/html"}).text)[1]  # type: ignore[index]
        return self

    def ask(self, method: str, path: str, **options: Any) -> httpx.Response:
        """One request as our own page would send it."""
        headers = {"x-csrf-token": self.csrf, "accept": "application/json", **options.pop("headers", {})}
        return self.client.request(method, path, headers=headers, **options)

    def json(self, method: str, path: str, **options: Any) -> Any:
        answer = self.ask(method, path, **options)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text[:800]}"
        return answer.json() if answer.content else None

    def page(self, path: str) -> str:
        answer = self.client.get(path, headers={"accept": "text/html"}, follow_redirects=True)
        assert answer.is_success, f"{path}: {answer.status_code} {answer.text[:800]}"
        return answer.text

    # --- the two things every journey does -------------------------------------------------

    def import_roster(self, file: Path, timeout: float = 120) -> dict[str, Any]:
        """Upload, wait for the plan, confirm, wait until it is written; the batch as it ends."""
        batch = self.plan_import(file, timeout)
        self.confirm_import(batch)
        return self.wait_import(batch["id"], {"applied"}, timeout)

    def plan_import(self, file: Path, timeout: float = 120) -> dict[str, Any]:
        """Upload, wait for the plan."""
        with file.open("rb") as roster:
            batch = self.json("POST", "/api/v1/imports", files={"file": (file.name, roster)})
        return self.wait_import(batch["id"], {"ready"}, timeout)

    def confirm_import(self, batch: dict[str, Any]) -> None:
        self.json("POST", f"/api/v1/imports/{batch['id']}/confirm", json={"version": batch["version"]})

    def wait_import(self, batch_id: str, wanted: set[str], timeout: float = 120) -> dict[str, Any]:
        until = time.monotonic() + timeout
        while True:
            batch: dict[str, Any] = self.json("GET", f"/api/v1/imports/{batch_id}")
            if batch["status"] in wanted:
                return batch
            assert batch["status"] in {"reading", "planning", "applying", "withdrawing"}, batch
            assert time.monotonic() < until, batch
            time.sleep(0.2)

    def look_up(self, text: str, purpose: str = "joint_activity", **narrow: Any) -> dict[str, Any]:
        answer: dict[str, Any] = self.json(
            "POST", "/api/v1/lookup", json={"text": text, "purpose": purpose, **narrow}
        )
        return answer
