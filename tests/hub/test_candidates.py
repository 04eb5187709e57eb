"""Pairs that wait for a decision: page after page without loss or repeat, by page and by API."""

import re
from typing import Any

from sqlalchemy import text

from services.hub.persons.incoming import affiliation_id
from services.hub.persons.pages import PAGE
from services.hub.persons.rules import ordered
from services.hub.persons.service import waiting
from tests.hub.conftest import Hub
from tests.hub.site import clients
from tests.hub.telling import announced, state

PAIRS = 23


async def many_pairs(hub: Hub) -> set[tuple[str, str]]:
    """Pairs in three batches; every second one waits for two reasons, the second younger than all pairs."""
    await hub.tell("alpha", announced("alpha", "甲"))
    every = set()
    for batch in (range(10), range(10, 20), range(20, PAIRS)):
        ones = [state(f"张{chr(0x4E10 + i)}", birth="1990-01-01", identity=str(i)) for i in batch]
        others = [state(f"张{chr(0x4E10 + i)}", birth="1990-01-01") for i in batch]
        await hub.tell("alpha", *ones)
        await hub.tell("beta", *others)
        every |= {
            ordered(affiliation_id("alpha", a.member_id), affiliation_id("beta", b.member_id))
            for a, b in zip(ones, others, strict=True)
        }
    two = [{"a": a, "b": b} for a, b in sorted(every)[::2]]
    async with hub.database.transaction() as session:
        await session.execute(
            text("insert into edge (a, b, rule, state) values (:a, :b, 'R1N', 'candidate')"), two
        )
    return {(str(a), str(b)) for a, b in every}


async def test_every_waiting_pair_is_on_one_page(hub: Hub) -> None:
    every = await many_pairs(hub)
    async with clients(hub, "steward") as [steward]:
        seen: list[tuple[str, str]] = []
        address: str | None = "/candidates"
        sizes = []
        while address:
            page = (await steward.get(address)).text
            pairs = re.findall(
                r'name="a" value="([^"]+)"><input type="hidden" name="b" value="([^"]+)"', page
            )
            sizes.append(len(pairs))
            seen += pairs
            following = re.search(r'href="(/candidates\?page=[^"]+)"', page)
            address = following[1] if following else None
        assert sizes == [PAGE, PAGE, PAIRS - 2 * PAGE]
        assert len(seen) == len(set(seen))
        assert set(seen) == every


async def test_the_api_gives_every_pair_with_all_its_rules(hub: Hub) -> None:
    every = await many_pairs(hub)
    async with clients(hub, "steward") as [steward]:
        rows: list[Any] = []
        cursor: str | None = ""
        while cursor is not None:
            found = (await steward.api("GET", f"/api/v1/candidates?limit=7&cursor={cursor}")).json()
            rows, cursor = rows + found["rows"], found["next"]
    assert [(r["first"]["id"], r["second"]["id"]) for r in rows] == [
        (r["first"]["id"], r["second"]["id"])
        for r in sorted(rows, key=lambda r: (r["since"], r["first"]["id"], r["second"]["id"]))
    ]
    assert {(r["first"]["id"], r["second"]["id"]) for r in rows} == every
    assert len(rows) == PAIRS
    assert sorted(len(r["rules"]) for r in rows) == [1] * (PAIRS // 2) + [2] * (PAIRS - PAIRS // 2)
    async with hub.database.transaction() as session:
        assert await waiting(session) == PAIRS
        assert await waiting(session, cap=5) == 5
