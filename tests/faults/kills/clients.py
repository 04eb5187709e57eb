"""Clients of organisations and of the hub: people come, change and go, rooms are booked, people are looked up."""

import itertools
import random
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

from shared.kit import clock
from shared.kit.clock import CHINA
from shared.kit.pii import check_character
from tests.faults.kills.ledger import Ledger
from tests.faults.kills.line import Line

_SIGNS = [chr(code) for code in range(0x4E00, 0x4E00 + 2000)]
KINDS = {"womens": "executive"}
"""Where a person's relation has to be said."""
FRONTIER = 2
"""Hours among which the clients of one organisation choose at a time: they meet."""
IMPATIENT = 0.1
"""Share of requests under a key that are sent again without waiting for the answer to the first."""


def name_of(number: int) -> str:
    """One name for each number, the same in every organisation."""
    return "钱" + _SIGNS[number // 2000 % 2000] + _SIGNS[number % 2000]


def identity_of(number: int) -> str:
    """A synthetic identity number of a woman young and old enough for every organisation, 30,000 of them."""
    body = f"519901200{2 + number // 500 % 5}{1 + number // 2500 % 12:02}01{number % 500 * 2:03}"
    return body + check_character(body)


class Rooms:
    """The rooms of one organisation and the hours its clients are at."""

    def __init__(self, venues: list[str]) -> None:
        self.venues, self._wishes = venues, itertools.count()

    def wish(self, chance: random.Random) -> dict[str, str]:
        """Some room at some time which others may want at this moment."""
        hour = next(self._wishes) // FRONTIER + chance.randrange(FRONTIER)
        day = clock.today() + timedelta(days=20)
        start = datetime(day.year, day.month, day.day, tzinfo=CHINA) + timedelta(hours=hour)
        end = start + timedelta(hours=1 + chance.randrange(2))
        return {"venue_id": chance.choice(self.venues), "start": start.isoformat(), "end": end.isoformat()}


class OrganisationClient:
    """Registers, corrects, ends, books and cancels at one organisation."""

    def __init__(self, line: Line, service: str, unit: str, rooms: Rooms, first: int, seed: str) -> None:
        self.line, self.unit, self.rooms = line, unit, rooms
        self.ledger = Ledger(service)
        self.chance = random.Random(seed)
        self.number, self.steps, self.seed = first, 0, seed
        self.mine: list[str] = []
        self.versions: dict[str, int] = {}

    def step(self) -> None:
        """One operation, brought to its end."""
        self.steps += 1
        kinds: list[Callable[[], str]] = [self._admit, self._correct, self._leave, self._book, self._cancel]
        work = self.chance.choices(kinds, (30, 25, 5, 30, 10))[0]
        self.ledger.answers[work()] += 1

    def _ask(self, method: str, path: str, body: Any, key: str = "") -> tuple[int, Any, int]:
        impatient = bool(key) and self.chance.random() < IMPATIENT
        if impatient:
            self.line.once(method, path, body, key)  # this answer is lost
        status, answer, sent = self.line.ask(method, path, body, key)
        self.ledger.repeated += sent + impatient > 1
        return status, answer, sent

    def _key(self) -> str:
        return f"{self.seed}-{self.steps}"

    def _admit(self) -> str:
        number = self.number
        self.number += 1
        fields = {
            "name": name_of(number), "identity": identity_of(number), "phone": f"12{number:09}",
            "joined_on": "2024-10-08", "consent": "yes", "kind": KINDS.get(self.ledger.service, ""),
        }  # fmt: skip
        status, answer, sent = self._ask(
            "POST", "/api/v1/members", {"unit_id": self.unit, "fields": fields}, self._key()
        )
        if status != 201:
            self.ledger.wrong.append(f"admit, sent {sent} times: {status} {answer}")
            return "admit refused"
        member = answer["id"]
        self.ledger.admitted[fields["name"]] = member
        self.mine.append(member)
        self.versions[member] = answer["version"]
        return "admitted"

    def _correct(self) -> str:
        if not self.mine:
            return "nobody to correct"
        member, post = self.chance.choice(self.mine), f"第{self.steps}岗"
        body = {"version": self.versions[member], "fields": {"post": post}}
        status, answer, sent = self._ask("PATCH", f"/api/v1/members/{member}", body)
        if status == 409 and sent > 1:  # done before its answer was lost: it says so itself
            status, answer, _ = self._ask("GET", f"/api/v1/members/{member}", None)
            status = status if answer.get("post") == post else 409
        if status != 200:
            self.ledger.wrong.append(f"correct, sent {sent} times: {status} {answer.get('title')}")
            return "correction refused"
        self.ledger.posts[member] = post
        self.versions[member] = answer["version"]
        return "corrected"

    def _leave(self) -> str:
        if len(self.mine) < 3:
            return "nobody to leave"
        member = self.mine.pop(self.chance.randrange(len(self.mine)))
        body = {"left_on": str(date(2026, 1, 5)), "reason": "本人申请"}
        status, answer, sent = self._ask("POST", f"/api/v1/members/{member}/leave", body)
        if status != 200 and sent > 1:
            status, answer, _ = self._ask("GET", f"/api/v1/members/{member}", None)
            status = status if answer.get("standing") == "left" else 409
        if status != 200:
            self.ledger.wrong.append(f"leave, sent {sent} times: {status} {answer.get('title')}")
            return "leave refused"
        self.ledger.left.add(member)
        return "left"

    def _book(self) -> str:
        body = self.rooms.wish(self.chance) | {"title": "集训"}
        status, answer, _ = self._ask("POST", "/api/v1/bookings", body, self._key())
        if status == 201:
            self.ledger.booked.add(answer["id"])
            return "booked"
        if status != 409:
            self.ledger.wrong.append(f"book: {status} {answer.get('title')}")
        return "slot taken"

    def _cancel(self) -> str:
        standing = sorted(self.ledger.booked - self.ledger.cancelled)
        if not standing:
            return "nothing to cancel"
        booking = self.chance.choice(standing)
        status, answer, sent = self._ask("POST", f"/api/v1/bookings/{booking}/cancel", {"reason": "活动取消"})
        if status != 200 and sent > 1:
            status, answer, _ = self._ask("GET", f"/api/v1/bookings/{booking}", None)
            status = (
                status
                if "cancelled" in (answer.get("status"), answer.get("booking", {}).get("status"))
                else 409
            )
        if status != 200:
            self.ledger.wrong.append(f"cancel, sent {sent} times: {status} {answer.get('title')}")
            return "cancel refused"
        self.ledger.cancelled.add(booking)
        return "cancelled"


class HubClient:
    """Looks people up; every answer that arrives must have its entry in the audit log."""

    def __init__(self, line: Line, people: int, seed: str) -> None:
        self.line, self.people = line, people
        self.ledger = Ledger("hub")
        self.chance = random.Random(seed)

    def step(self) -> None:
        """One lookup of somebody who may be there."""
        body = {"text": name_of(self.chance.randrange(self.people)), "purpose": "joint_activity"}
        status, answer, sent = self.line.ask("POST", "/api/v1/lookup", body)
        self.ledger.repeated += sent > 1
        if status not in (200, 201):
            self.ledger.wrong.append(f"lookup: {status} {answer.get('title')}")
        else:
            self.ledger.lookups += 1
        self.ledger.answers["looked up"] += 1
