"""One recount from beginning to end, and its history."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from functools import partial

from sqlalchemy import func, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from services.hub.directory import JOINING, organisations
from services.hub.directory.models import Organisation
from services.hub.persons import units as people_of_units
from services.hub.recount import counting, derived, digests
from services.hub.recount.counting import Part
from services.hub.recount.mending import Found
from services.hub.recount.models import RecountDifference, RecountPart, RecountRun
from shared.kit import clock
from shared.kit.context import Kit
from shared.kit.errors import Problem, Refused
from shared.kit.events.models import GapRow
from shared.kit.events.steps import first_of, sole

log = logging.getLogger("quntuan.recount")
EVERY = 1.0
"""Seconds until somebody's wish for a recount is seen; a look costs three small questions."""
HOUR = 2
"""The hour of the night, in China, after which the nightly recount begins."""
KEPT = 1000
"""Differences of one recount kept one by one; all of them are counted and put right."""
NIGHTLY, GONE, ALL = "每夜对账", "消息补取不到", "全部"
Say = Callable[[str], None]


async def want(session: AsyncSession, by: str) -> int:
    """Ask for a recount; the one that waits or runs already will do."""
    standing = select(RecountRun.id).where(RecountRun.finished_at.is_(None))
    if (found := await session.scalar(standing)) is not None:
        raise Refused("已有一次对账在进行", hint="请等它完成。", run=found)
    run = RecountRun(asked_by=by, state="wanted")
    session.add(run)
    await session.flush()
    return run.id


async def keep_recounting(kit: Kit, stop: asyncio.Event) -> None:
    """Every night, when asked for, and when an owner has no more what was missed."""
    while not stop.is_set():
        async with sole(kit.database.engine, "recount") as connection:
            if connection is not None:
                async with kit.database.transaction() as session:
                    if (why := await _due(session)) is not None:
                        await want(session, why)
                await run_wanted(kit)
        await first_of(EVERY, stop)


async def _due(session: AsyncSession) -> str | None:
    """Why a recount is due now, when none stands."""
    last = await session.scalar(select(func.max(RecountRun.asked_at)))
    if await session.scalar(select(RecountRun.id).where(RecountRun.finished_at.is_(None))):
        return None
    gone = select(GapRow.id).where(GapRow.outcome.like("gone%"))
    if await session.scalar(gone if last is None else gone.where(GapRow.closed_at > last)):
        return GONE
    now = clock.now().astimezone(clock.CHINA)
    night = now.replace(hour=HOUR, minute=0, second=0, microsecond=0)
    begun = night if now >= night else night - timedelta(days=1)
    first = await session.scalar(text("select min(first_seen_at) from organisation"))
    return NIGHTLY if first is not None and first < begun and (last is None or last < begun) else None


async def run_wanted(kit: Kit, say: Say | None = None) -> int | None:
    """The recount that waits (or was cut off), to its end; its number."""
    async with kit.database.transaction() as session:
        waiting = select(RecountRun.id).where(RecountRun.finished_at.is_(None)).order_by(RecountRun.id)
        run_id = await session.scalar(waiting)
    if run_id is not None:
        await Recount(kit, run_id, say).run()
    return run_id


class Recount:
    """What one run does, step by step."""

    def __init__(self, kit: Kit, run_id: int, say: Say | None) -> None:
        self.kit, self.id, self.say = kit, run_id, say
        self.differ = self.left = self.unasked = 0

    async def run(self) -> None:
        """All organisations, then what the hub derives; a failure is told and does not end the service."""
        await self._note(state="running", started_at=clock.now())
        try:
            await self._count()
        except Exception as error:
            log.exception("a recount broke off")
            await self._note(state="failed", finished_at=clock.now(), step=type(error).__name__)
            return
        failed, equal = self.left or self.unasked, "mended" if self.differ else "equal"
        await self._note(state="left" if failed else equal, finished_at=clock.now(), step="")
        if self.differ:
            log.critical("the projection differed", extra={"differ": self.differ, "left": self.left})

    async def _count(self) -> None:
        await self._step("清点本平台的记录")
        async with self.kit.database.transaction() as session:
            known = [org.code for org in await organisations(session)]
            sums = await digests.by_district(session)
        steps: list[tuple[str, str, Callable[[], Awaitable[Sequence[Part]]]]] = []
        for org in known:
            steps.append((org, "核对单位", partial(self._units, org)))
            steps.append((org, "核对人员", partial(counting.members, self.kit, org, sums.get(org, {}))))
        steps += [(org, "核对人员", partial(self._of_nobody, org)) for org in sums.keys() - known]
        steps += [("", "核对同一人关系", self._links), ("", "核对查询数据", self._search)]
        for number, (org, title, take) in enumerate(steps):
            await self._step(f"{title} {org}".strip(), number, len(steps))
            await self._take(org, take)

    async def _take(self, org: str, take: Callable[[], Awaitable[Sequence[Part]]]) -> None:
        try:
            parts = await take()
        except Problem as problem:  # the owner is away: the others can be counted
            self.unasked += 1
            parts = [Part("members", ALL, None, 0, problem=problem.title)]
        for part in parts:
            await self._keep(org, part)

    async def _units(self, org: str) -> list[Part]:
        return [await counting.all_units(self.kit, org)]

    async def _of_nobody(self, org: str) -> list[Part]:
        return [await counting.of_nobody(self.kit, org)]

    async def _links(self) -> list[Part]:
        part = Part("links", "", None, 0)
        async for found in derived.links(self.kit.database):
            part.found += found
        part.here = await self._scalar("select count(*) from belonging where person_id is not null")
        return [part]

    async def _search(self) -> list[Part]:
        more = True
        while more:  # people of a unit just renamed are no difference
            async with self.kit.database.transaction() as session:
                more = await people_of_units.bring_up_to_date(session)
        part, done = Part("search", "", None, 0), 0
        total = await self._scalar("select count(*) from person")
        async for number, found in derived.search_rows(self.kit.database):
            part.found += found
            done += number
            await self._step("核对查询数据", done, total)
        part.here = done
        return [part]

    async def _scalar(self, statement: str) -> int:
        async with self.kit.database.transaction() as session:
            return int(await session.scalar(text(statement)) or 0)

    async def _keep(self, org: str, part: Part) -> None:
        left = [f for f in part.found if f.problem]
        self.differ += len(part.found)
        self.left += len(left)
        row = {
            "run_id": self.id, "org": org, "kind": part.kind, "part": part.part,
            "there": part.there, "here": part.here,
            "differ": len(part.found), "mended": len(part.found) - len(left), "problem": part.problem,
        }  # fmt: skip
        async with self.kit.database.transaction() as session:
            await session.execute(text(_AGAIN), row)
            if part.found:
                await session.execute(
                    insert(RecountDifference), [self._difference(org, f) for f in part.found[:KEPT]]
                )

    def _difference(self, org: str, found: Found) -> dict[str, object]:
        return {
            "run_id": self.id, "org": org, "kind": found.kind, "key": found.key, "what": found.what,
            "fields": list(found.fields), "mended": found.problem is None, "problem": found.problem,
        }  # fmt: skip

    async def _step(self, step: str, done: int = 0, total: int = 0) -> None:
        if self.say:
            self.say(f"{step} {done}/{total}" if total else step)
        await self._note(step=step, done=done, total=total)

    async def _note(self, **values: object) -> None:
        async with self.kit.database.transaction() as session:
            await session.execute(update(RecountRun).where(RecountRun.id == self.id).values(**values))


_AGAIN = (
    "insert into recount_part (run_id, org, kind, part, there, here, differ, mended, problem)"
    " values (:run_id, :org, :kind, :part, :there, :here, :differ, :mended, :problem)"
    " on conflict (run_id, org, kind, part) do update set there = excluded.there, here = excluded.here,"
    " differ = recount_part.differ + excluded.differ, mended = recount_part.mended + excluded.mended,"
    " problem = excluded.problem"
)


async def history(session: AsyncSession, limit: int = 20) -> Sequence[RecountRun]:
    """The newest recounts first."""
    return (await session.scalars(select(RecountRun).order_by(RecountRun.id.desc()).limit(limit))).all()


async def parts(session: AsyncSession, run_id: int) -> Sequence[RecountPart]:
    """What one recount compared."""
    query = (
        select(RecountPart)
        .outerjoin(Organisation, Organisation.code == RecountPart.org)
        .where(RecountPart.run_id == run_id)
        .order_by(*JOINING, RecountPart.kind, RecountPart.part)
    )
    return (await session.scalars(query)).all()


async def differences(session: AsyncSession, run_id: int, limit: int = 200) -> Sequence[RecountDifference]:
    """What one recount found, the first of it."""
    query = select(RecountDifference).where(RecountDifference.run_id == run_id)
    return (await session.scalars(query.order_by(RecountDifference.id).limit(limit))).all()
