"""A roster of a whole city: pages read a handful of lines, sums follow decisions, long work goes in pieces."""

import io
import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import orjson
import pytest
from sqlalchemy import event, func, select, text

from shared.kit.errors import TooLarge
from shared.org.imports import apply, forgetting, limits, service, withdraw
from shared.org.imports.models import ImportBatch, ImportRow
from shared.org.imports.queries import PAGE, TABS, Shown
from shared.org.imports.service import Decision
from shared.org.imports.showing import batch_context
from shared.org.imports.sums import outcome_sums
from shared.org.imports.worker import ImportWorker
from shared.org.kit import OrgKit
from tests.org.imports_tools import CLERK_1, HEAD, again, confirm, csv_file, line, on_roll, settle, upload

LINES = 20_000
OUTCOMES = ("new", "changed", "same", "refused")
_FILL = text(
    """
    insert into import_row (batch_id, line, sheet, row, outcome, decision, state, name, last4, note, wants_look,
      doubted, changes, troubles)
    select :batch, n, 0, n, (array['new', 'changed', 'same', 'refused'])[1 + n % 4], '',
      case when n % 4999 = 0 then 'failed' else '' end, '单文慧', '', '', n % 4 = 1 and n % 1999 = 0,
      n % 4 = 0 and n % 997 = 0, '[]', '[]'
    from generate_series(1, :lines) n
    """
)


async def large(org: OrgKit) -> UUID:
    """A batch that is checked and waits for its confirmation, every outcome on a quarter of its lines."""
    async with org.kit.database.transaction() as session:
        batch = ImportBatch(status="ready", actor_name="沈若溪", file_name="全市.csv", file_size=1)
        session.add(batch)
        await session.flush()
        await session.execute(_FILL, {"batch": batch.id, "lines": LINES})
        await session.execute(text("analyze import_row"))  # or the plans hang on when autovacuum last came by
        batch.sums = await outcome_sums(session, batch.id) | {"failed": LINES // 4999}
        return batch.id


@contextmanager
def reads(org: OrgKit) -> Iterator[list[tuple[str, Any]]]:
    """SELECTs over the lines, as they are sent."""
    sent: list[tuple[str, Any]] = []
    engine = org.kit.database.engine.sync_engine

    def note(*told: Any) -> None:
        if told[2].lstrip().startswith("SELECT") and "import_row" in told[2]:
            sent.append((told[2], told[3]))

    event.listen(engine, "before_cursor_execute", note)
    yield sent
    event.remove(engine, "before_cursor_execute", note)


def touched(node: dict[str, Any]) -> float:
    """Rows the lower ends of a plan looked at."""
    if below := node.get("Plans"):
        return sum(map(touched, below))
    return float(node["Actual Loops"] * (node["Actual Rows"] + node.get("Rows Removed by Filter", 0)))


async def rows_touched(org: OrgKit, statement: str, parameters: Any) -> float:
    async with org.kit.database.engine.connect() as connection:
        told = await connection.exec_driver_sql(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", parameters)
        plan = told.scalar_one()
    return touched((orjson.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"])


async def test_pages_of_a_large_import_read_a_handful_of_lines(org: OrgKit) -> None:
    batch_id = await large(org)
    tabs: list[Shown] = ["", *TABS]
    with reads(org) as sent:
        async with org.kit.database.transaction() as session:
            batch = await session.get_one(ImportBatch, batch_id)
            for tab in tabs:
                context = await batch_context(session, org, batch, tab, "")
                if tab and (page := context["page"]) and page.next:
                    following = await batch_context(session, org, batch, tab, page.next)
                    assert following["page"].rows[0].line > page.rows[-1].line
            await service.decide(session, CLERK_1, batch_id, 4, "skip")
            await service.confirm(session, CLERK_1, batch_id)
    assert len(sent) > 10
    # by either good index: an outcome is every fourth line, so the one by line alone reads four pages for one
    for statement, parameters in sent:
        assert await rows_touched(org, statement, parameters) <= 5 * PAGE, statement


async def test_the_last_page_is_reached_step_by_step(org: OrgKit) -> None:
    batch_id = await large(org)
    seen, cursor = list[int](), ""
    async with org.kit.database.transaction() as session:
        batch = await session.get_one(ImportBatch, batch_id)
        while True:
            page = (await batch_context(session, org, batch, "doubted", cursor))["page"]
            seen += [row.line for row in page.rows]
            if not page.next:
                break
            cursor = page.next
    assert seen == [n for n in range(1, LINES + 1) if n % 4 == 0 and n % 997 == 0]


@pytest.mark.parametrize("seed", range(2))
async def test_sums_follow_every_decision(org: OrgKit, seed: int) -> None:
    chance = random.Random(seed)
    known = [line(org) for _ in range(4)]
    first = await upload(org, "前.csv", csv_file(HEAD, *known))
    await confirm(org, first)
    renamed = [each.replace("单文慧", "单文惠") for each in known]
    batch = await upload(org, "名册.csv", csv_file(HEAD, *renamed, *(line(org) for _ in range(6))))
    assert (batch.sums["waiting"], batch.sums["to_write"]) == (4, 6)
    decisions: tuple[Decision, ...] = ("skip", "", "confirm")
    for _ in range(12):
        async with org.kit.database.transaction() as session:
            row = await session.scalar(
                select(ImportRow)
                .where(ImportRow.batch_id == batch.id, ImportRow.outcome.in_(("new", "changed")))
                .order_by(func.md5(func.concat(ImportRow.line, str(chance.random()))))
                .limit(1)
            )
            assert row
            decision = chance.choice(decisions if row.wants_look else decisions[:2])
            await service.decide(session, CLERK_1, batch.id, row.line, decision)
        async with org.kit.database.transaction() as session:
            told = (await session.get_one(ImportBatch, batch.id)).sums
            assert await outcome_sums(session, batch.id) == told


async def test_a_large_import_put_aside_is_forgotten_in_the_background(
    org: OrgKit, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = await upload(org, "名册.csv", csv_file(HEAD, *(line(org) for _ in range(7))))
    monkeypatch.setattr(forgetting, "CHUNK", 3)
    async with org.kit.database.transaction() as session:
        await service.cancel(session, CLERK_1, batch.id)
    left = select(func.count()).where(ImportRow.batch_id == batch.id, ImportRow.cells.is_not(None))
    async with org.kit.database.transaction() as session:
        assert await session.scalar(left) == 8 - 3
    assert (await again(org, batch.id)).purged_at is None
    worker = ImportWorker(org)
    await worker._purge()
    async with org.kit.database.transaction() as session:
        assert await session.scalar(left) == 0
    assert (await again(org, batch.id)).purged_at is not None


async def test_taking_back_goes_on_where_a_killed_worker_stood(
    org: OrgKit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apply, "CHUNK", 3)
    monkeypatch.setattr(withdraw, "CHUNK", 2)
    kind = next(k for k in org.policy.kinds if not k.needs_consent).title
    before = await on_roll(org)
    batch = await upload(org, "名册.csv", csv_file(HEAD, *(line(org, kind=kind) for _ in range(9))))
    batch = await confirm(org, batch)
    assert (batch.sums["written"], await on_roll(org)) == (9, before + 9)
    async with org.kit.database.transaction() as session:
        await service.withdraw(session, CLERK_1, batch.id)
    done, real = 0, withdraw._chunk

    async def killed_at_the_third(*given: Any) -> int:
        nonlocal done
        done += 1
        if done == 3:
            raise KeyboardInterrupt
        return await real(*given)

    monkeypatch.setattr(withdraw, "_chunk", killed_at_the_third)
    with pytest.raises(KeyboardInterrupt):
        await ImportWorker(org).step()
    assert await on_roll(org) == before + 9 - 4
    monkeypatch.setattr(withdraw, "_chunk", real)
    await settle(org)
    batch = await again(org, batch.id)
    assert (batch.status, batch.sums["withdrawn"], await on_roll(org)) == ("withdrawn", 9, before)


async def test_a_text_may_be_larger_than_a_workbook(org: OrgKit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "PACKED", 2 * limits.MB)
    monkeypatch.setattr(limits, "TEXT", 4 * limits.MB)
    filler = b" " * (3 * limits.MB)
    async with org.kit.database.transaction() as session:
        taken = await service.upload(session, org, CLERK_1, "a.csv", io.BytesIO(b"x" + filler))
        assert taken.status == "reading"
        for name, data, most in (("a.xlsx", b"PK\x03\x04" + filler, 2), ("b.csv", filler + filler, 4)):
            with pytest.raises(TooLarge) as refused:
                await service.upload(session, org, CLERK_1, name, io.BytesIO(data))
            assert f"{most} MB" in refused.value.title
