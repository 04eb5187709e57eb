"""What must be true once everything is quiet, asked of the databases themselves."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import asyncpg

from deploy.local.packages import discover
from tests.faults.kills.ledger import Ledger
from tests.faults.kills.place import Place

QUIET_IN = 30.0
TOLD = 5
"""How many examples of one complaint are told."""

TWICE = "SELECT name, count(*) FROM member GROUP BY name HAVING count(*) > 1"
OVERLAPS = """
    SELECT a.id, b.id FROM booking a JOIN booking b
      ON a.hall_id = b.hall_id AND a.id < b.id AND a.place && b.place AND a.busy && b.busy
    WHERE a.status IN ('held', 'confirmed') AND b.status IN ('held', 'confirmed')
"""
TOLD_TWICE = """
    SELECT key, count(*) FROM event_log WHERE type = 'member.admitted.v1' GROUP BY key HAVING count(*) > 1
"""
HOLES = """
    SELECT c.channel, c.newest, count(l.seq), max(l.seq) FROM event_channel c JOIN event_log l USING (channel)
    GROUP BY c.channel, c.newest HAVING count(l.seq) <> c.newest OR max(l.seq) <> c.newest
"""
AUDIT_HOLES = """
    SELECT h.seq, count(e.seq) FROM audit_head h, audit_entry e GROUP BY h.seq HAVING count(e.seq) <> h.seq
"""
SPLIT = """
    SELECT a.identity, count(DISTINCT coalesce(b.person_id, b.home)) FROM affiliation a
    JOIN belonging b ON b.affiliation_id = a.id WHERE a.identity IS NOT NULL AND NOT a.withdrawn
    GROUP BY a.identity HAVING count(DISTINCT coalesce(b.person_id, b.home)) > 1
"""


@dataclass
class Verdict:
    """Everything that is not as it must be; empty is what we want."""

    complaints: list[str] = field(default_factory=list)
    quiet_after: float = 0.0
    """seconds from the last start to everything numbered, published and applied"""

    def add(self, what: str, found: Any) -> None:
        """Note that something was found which may not be there."""
        if found:
            some = list(found)
            self.complaints.append(f"{what}: {len(some)}, for example {some[:TOLD]}")


class Court:
    """Reads the databases of a suite as their owners."""

    def __init__(self, place: Place) -> None:
        self.place = place

    async def rows(self, code: str, query: str, *values: Any) -> list[asyncpg.Record]:
        """Rows of one service's database."""
        connection = await asyncpg.connect(self.place.database(code))
        try:
            return list(await connection.fetch(query, *values))
        finally:
            await connection.close()

    async def judge(self, ledgers: dict[str, Ledger]) -> Verdict:
        """Wait for quiet, then compare what was acknowledged, what is stored and what the hub shows."""
        verdict = Verdict()
        began = time.monotonic()
        codes = [package.code for package in discover() if package.organisation]
        open_ = await until_empty(lambda: self._unfinished(codes), QUIET_IN)
        verdict.quiet_after = time.monotonic() - began
        verdict.add("not finished", open_)
        for code in codes:
            await self._owner(verdict, ledgers[code])
            await self._shown(verdict, code)
        await self._hub(verdict, ledgers["hub"])
        for ledger in ledgers.values():
            verdict.add(f"{ledger.service}: answers that may not be given", ledger.wrong)
        return verdict

    async def _unfinished(self, codes: list[str]) -> list[str]:
        """What still has to be numbered, published or applied."""
        found = []
        for code in (*codes, "hub"):
            waiting = (await self.rows(code, "SELECT count(*) FROM outbox"))[0][0]
            behind = await self.rows(code, "SELECT channel FROM event_channel WHERE published < newest")
            found += [f"{code}: {waiting} in the outbox"] if waiting else []
            found += [f"{code}: channel {row[0]!r} not published" for row in behind]
        seen = dict(await self.rows("hub", "SELECT source, seq FROM projection_source WHERE channel = ''"))
        for code in codes:
            newest = await self.rows(code, "SELECT newest FROM event_channel WHERE channel = ''")
            if newest and newest[0][0] != seen.get(code, 0):
                found.append(f"hub: {seen.get(code, 0)} of {newest[0][0]} of {code}")
        return found

    async def _owner(self, verdict: Verdict, ledger: Ledger) -> None:
        code = ledger.service
        members = {
            str(row["id"]): row
            for row in await self.rows(code, "SELECT id, name, standing, post FROM member")
        }
        known = ledger.admitted.values()
        verdict.add(f"{code}: acknowledged but lost", [m for m in known if m not in members])
        verdict.add(f"{code}: nobody asked for them", sorted(members.keys() - set(known)))
        verdict.add(f"{code}: entered twice", [row[0] for row in await self.rows(code, TWICE)])
        there = {m: row for m, row in members.items() if m in set(known)}
        wrong = [m for m, post in ledger.posts.items() if m in there and there[m]["post"] != post]
        verdict.add(f"{code}: corrections lost", wrong)
        stayed = [m for m in ledger.left if m in there and there[m]["standing"] != "left"]
        verdict.add(f"{code}: leaves lost", stayed)
        bookings = dict(await self.rows(code, "SELECT id::text, status FROM booking WHERE title = '集训'"))
        verdict.add(f"{code}: bookings lost", [b for b in ledger.booked if b not in bookings])
        undone = [b for b in ledger.cancelled if bookings.get(b) != "cancelled"]
        verdict.add(f"{code}: cancellations lost", undone)
        verdict.add(f"{code}: overlapping bookings", await self.rows(code, OVERLAPS))
        verdict.add(f"{code}: unacknowledged bookings", sorted(bookings.keys() - ledger.booked))
        verdict.add(f"{code}: admitted events twice", await self.rows(code, TOLD_TWICE))
        verdict.add(f"{code}: numbers of events missing", await self.rows(code, HOLES))
        verdict.add(f"{code}: entries of the audit log missing", await self.rows(code, AUDIT_HOLES))

    async def _shown(self, verdict: Verdict, code: str) -> None:
        """The hub's records of one organisation are the organisation's, none more, none less."""
        owner = await self.rows(code, "SELECT id, version, standing FROM member")
        hub = await self.rows(
            "hub",
            "SELECT member_id, version, standing FROM affiliation WHERE org = $1 AND NOT withdrawn",
            code,
        )
        mine, shown = {tuple(row) for row in owner}, {tuple(row) for row in hub}
        verdict.add(f"{code}: not at the hub as at its owner", sorted(map(str, mine ^ shown)))
        bookings = await self.rows(code, "SELECT id, version, status FROM booking")
        calendar = await self.rows(
            "hub", "SELECT booking_id, version, status FROM booking WHERE owner = $1", code
        )
        differing = {tuple(row) for row in bookings} ^ {tuple(row) for row in calendar}
        verdict.add(f"{code}: hub's calendar differs", sorted(map(str, differing)))

    async def _hub(self, verdict: Verdict, ledger: Ledger) -> None:
        recorded = (
            await self.rows("hub", "SELECT count(*) FROM audit_entry WHERE action = 'lookup.searched'")
        )[0][0]
        if recorded < ledger.lookups:
            verdict.complaints.append(f"hub: {ledger.lookups} lookups answered, {recorded} recorded")
        verdict.add("hub: entries of the audit log missing", await self.rows("hub", AUDIT_HOLES))
        verdict.add("hub: one number, several persons", await self.rows("hub", SPLIT))
        verdict.add("hub: quarantined", await self.rows("hub", "SELECT type, reason FROM quarantine"))
        open_ = await self.rows(
            "hub", "SELECT source, first, last FROM projection_gap WHERE closed_at IS NULL"
        )
        verdict.add("hub: open gaps", open_)


async def until_empty(look: Callable[[], Awaitable[list[str]]], seconds: float) -> list[str]:
    """What is still open when it stays empty twice in a row, or when the time is over."""
    until, empty = time.monotonic() + seconds, 0
    while True:
        found = await look()
        empty = 0 if found else empty + 1
        if empty == 2 or time.monotonic() > until:
            return found
        await asyncio.sleep(0.2)
