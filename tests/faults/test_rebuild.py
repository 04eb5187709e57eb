"""A rebuild gives the projection the owners' states would, in its place while lookups go on, killed or not."""

import asyncio
import os
import random
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import text

from deploy.local.packages import ROOT
from services.hub.lookup import service as lookup
from services.hub.lookup.schemas import Ask, Narrow
from services.hub.persons import service as persons
from services.hub.rebuild import Rebuild, begin
from services.hub.rebuild.shadow import TABLES
from shared.kit.audit import System
from shared.kit.context import Kit, make_kit
from shared.org.members import set_consent
from tests.faults.tables import everything, unlike
from tests.faults.town import Town
from tests.hub.asking import CLERK
from tests.kit.events_bench import Crash

pytestmark = [pytest.mark.timeout(600), pytest.mark.slow]
STEWARD = System("季云舟")


@contextmanager
def owner_kit(town: Town) -> Iterator[Kit]:
    settings = town.settings("hub").model_copy(update={"database_url": town.urls["hub"].owner})
    yield make_kit(settings)


async def rebuild(town: Town, at: Any = None, codes: tuple[str, ...] = ()) -> None:
    """To the end, however often it is broken off on the way."""
    with owner_kit(town) as kit:
        await kit.bus.start()
        await kit.bus.wait_connected()
        try:
            for _ in range(40):
                try:
                    await Rebuild(kit, await begin(kit, codes), at=at or (lambda _: None)).run()
                    return
                except Crash:
                    continue
            raise AssertionError("it never ended")
        finally:
            await kit.bus.stop()
            await kit.database.close()


def but(whole: dict[str, set[Any]], *tables: str) -> dict[str, set[Any]]:
    return {t: rows for t, rows in whole.items() if t not in tables}


async def catalogue(town: Town) -> set[tuple[Any, ...]]:
    """Indexes, constraints, defaults and rights of the projection's tables, as the catalogue has them."""
    names = ", ".join(f"'{t}'" for t in TABLES)
    queries = (
        f"select tablename, indexdef from pg_indexes where schemaname = 'public' and tablename in ({names})",
        (
            f"select conrelid::regclass::text, conname, pg_get_constraintdef(oid) from pg_constraint"
            f" where conrelid::regclass::text in ({names}) and contype <> 'n'"
        ),
        (
            f"select table_name, column_name, column_default, is_nullable from information_schema.columns"
            f" where table_schema = 'public' and table_name in ({names})"
        ),
        (
            f"select table_name, grantee, privilege_type from information_schema.role_table_grants"
            f" where table_schema = 'public' and table_name in ({names}) and grantee = current_user"
        ),
    )
    return {tuple(map(str, row)) for query in queries for row in await town.rows("hub", query)}


async def test_in_use_while_it_is_made_anew_and_everything_is_kept(town: Town) -> None:
    await town.settle_in(20)
    await town.equal()
    pair = (await town.rows("hub", "select a, b from edge where state = 'linked' order by a, b limit 1"))[0]
    async with town.hub.kit.database.transaction() as session:
        await persons.decide(session, (pair.a, pair.b), "never", "电话核实不是同一人", CLERK)
    whole, shape = await everything(town), await catalogue(town)
    homes = await town.rows("hub", "select affiliation_id, home from belonging order by 1")
    stop, answers, failures = asyncio.Event(), [0], list[str]()

    async def keep_looking() -> None:
        while not stop.is_set():
            try:
                async with town.hub.kit.database.transaction() as session:
                    asked = Ask(text="王小明", purpose="visit")
                    lookup_id = await lookup.look_up(town.hub.kit, session, CLERK, asked)
                    found = await lookup.result(town.hub.kit, session, CLERK, lookup_id, Narrow())
                    answers[0] += bool(found.total)
                    if not found.total:
                        failures.append("nobody found")
            except Exception as error:  # noqa: BLE001 - counted and told
                failures.append(repr(error))
            await asyncio.sleep(0.01)

    looking = asyncio.create_task(keep_looking())
    await rebuild(town)
    stop.set()
    await looking
    assert failures == []
    assert answers[0] > 10
    assert unlike(await everything(town), whole) == {}
    assert await catalogue(town) == shape
    assert await town.rows("hub", "select affiliation_id, home from belonging order by 1") == homes
    assert await town.value("hub", "select count(*) from verdict where undone_at is null") == 1
    await town.admit("union", 2, name="钱多多")  # events go on into the new tables
    await town.equal()
    assert (await town.recount())[0].state == "equal"


async def test_what_happens_meanwhile_is_not_lost(town: Town) -> None:
    """Admissions, changes, a withdrawal, a rename and a verdict at every step of the way."""
    await town.settle_in(8)
    await town.equal()
    org = town.orgs["union"]
    happened: list[str] = []
    loop = asyncio.get_running_loop()
    steps: list[asyncio.Task[None]] = []

    async def happen(step: str) -> None:
        (member,) = await town.admit("union", 1, name="赵步步")
        async with org.kit.database.transaction() as session:
            member.consent = True
            await set_consent(session, org, member, len(happened) % 2 == 0, STEWARD)

    def at(step: str) -> None:
        happened.append(step)
        if step not in ("rebuild.held", "rebuild.exchanged"):
            steps.append(loop.create_task(happen(step)))

    await rebuild(town, at)
    await asyncio.gather(*steps)
    assert {"rebuild.page", "rebuild.link", "rebuild.describe", "rebuild.index", "rebuild.held"} <= set(
        happened
    )
    await town.equal()
    run, _, differences = await town.recount()
    assert (run.state, differences) == ("equal", [])


async def test_broken_off_at_every_step_it_goes_on(town: Town) -> None:
    await town.settle_in(8)
    await town.equal()
    whole = await everything(town)
    broken: list[str] = []

    def at(step: str) -> None:
        if step not in (*broken, "rebuild.tidy"):  # nothing is left to do after that one
            broken.append(step)
            raise Crash(step)

    await rebuild(town, at)
    assert {"rebuild.page", "rebuild.fetch", "rebuild.link", "rebuild.describe", "rebuild.index", "rebuild.held",
            "rebuild.exchanged", "rebuild.swap"} == set(broken)  # fmt: skip
    assert unlike(await everything(town), but(whole, "edge")) == {}
    assert (await town.recount())[0].state == "equal"
    assert await town.value("hub", "select count(*) from rebuild_run") == 1
    assert (
        await town.value("hub", "select count(*) from pg_namespace where nspname in ('rebuild', 'retired')")
        == 0
    )


async def process(town: Town) -> asyncio.subprocess.Process:
    settings = town.settings("hub")
    environment = {
        **os.environ,
        "QUNTUAN_SERVICE": "hub",
        "QUNTUAN_DATABASE_URL": town.urls["hub"].owner,
        "QUNTUAN_NATS_URL": settings.nats_url,
        "QUNTUAN_NATS_SEED_FILE": str(settings.nats_seed_file),
        "QUNTUAN_SECRET_KEY": "test secret key of hub, long enough",
    }
    command = [sys.executable, "-m", "services.hub.rebuild"]
    quiet, kept = asyncio.subprocess.DEVNULL, asyncio.subprocess.PIPE
    return await asyncio.create_subprocess_exec(
        *command, env=environment, cwd=ROOT, stdout=quiet, stderr=kept
    )


async def test_killed_again_and_again_the_command_goes_on(town: Town) -> None:
    await town.settle_in(10)
    await town.equal()
    whole = await everything(town)
    rnd, killed = random.Random(3), 0
    for seconds in (0.8, 1.6, 2.4, 3.2):  # the first before it can have ended, whatever the machine
        running = await process(town)
        try:
            await asyncio.wait_for(running.wait(), seconds + rnd.random() / 2)
            break
        except TimeoutError:
            running.send_signal(signal.SIGKILL)
            await running.wait()
            killed += 1
    last = await process(town)
    _, told = await last.communicate()
    assert last.returncode == 0, told.decode()[-2000:]
    assert killed >= 1
    assert unlike(await everything(town), but(whole, "edge")) == {}
    assert (await town.recount())[0].state == "equal"


async def test_an_emptied_hub_is_filled_from_the_owners_alone(town: Town) -> None:
    """Tables empty, and its stream with nothing to read again: the states come from the owners."""
    await town.settle_in(8)
    await town.equal()
    await town.stop("hub")
    await town.as_owner(
        "hub", "truncate affiliation, belonging, edge, person, person_name, person_tail, unit, organisation"
    )
    await rebuild(town, codes=("union", "league", "womens"))
    assert await town.told() == {row.id: row.digest for row in await digests_of(town)}
    await town.start("hub")
    await town.equal()
    assert (await town.recount())[0].state == "equal"


async def digests_of(town: Town) -> list[Any]:
    from services.hub.recount import digests

    kit = make_kit(town.settings("hub"))
    async with kit.database.transaction() as session:
        ids = list(await session.scalars(text("select id from affiliation")))
        found = list((await digests.of_ids(session, ids)).values())
    await kit.database.close()
    return found


async def test_an_owner_that_is_away_is_waited_for_in_the_next_run(town: Town) -> None:
    await town.settle_in(3)
    await town.equal()
    await town.stop("womens")
    running = await process(town)
    _, told = await running.communicate()
    assert running.returncode == 1
    assert "womens" in told.decode()
    await town.start("womens")
    await rebuild(town)
    await town.equal()
