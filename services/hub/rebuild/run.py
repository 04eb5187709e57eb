"""The phases of a rebuild: each can be killed at any point and is taken up where it stands."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from services.hub.persons import linking, store
from services.hub.rebuild import derive, fetch, shadow
from services.hub.recount.models import RebuildRun
from shared.kit.clock import now
from shared.kit.context import Kit
from shared.kit.events import positions
from shared.kit.events.engine import Inbox
from shared.kit.events.steps import Step, nothing

PHASES = ("fetch", "link", "describe", "index", "swap", "tidy", "done")
QUIET = 200
"""With fewer events than this in one round the rest is applied while the projection is held still."""
_VERDICTS = text("select a, b from verdict where id > :last or undone_at >= :at")
Say = Callable[[str, int, int], None]


def unheard(phase: str, done: int, total: int) -> None:
    """Nobody looks on."""
    del phase, done, total


async def begin(kit: Kit, codes: Sequence[str] = ()) -> int:
    """The rebuild that was not finished, or a new one; `codes` are organisations known to the deployment.

    One that still fetches from other organisations than there are now is given up: it could wait for ever for
    one that was admitted by mistake.
    """
    async with kit.database.transaction() as session:
        known = await session.scalars(text("select code from organisation"))
        orgs = sorted({*known, *codes})
        standing = select(RebuildRun).where(RebuildRun.finished_at.is_(None)).order_by(RebuildRun.id)
        if (found := await session.scalar(standing)) is not None:
            if found.phase != "fetch" or found.cursors["_orgs"] == orgs:
                return found.id
            await session.delete(found)
        await shadow.prepare(session)
        run = RebuildRun(phase="fetch", cursors={"_orgs": orgs})
        session.add(run)
        await session.flush()
        return run.id


class Rebuild:
    """One run, by one process (see `sole`), with the rights of the tables' owner."""

    def __init__(self, kit: Kit, run: int, say: Say = unheard, at: Step = nothing) -> None:
        self.kit, self.id, self.say, self.at = kit, run, say, at
        self._done = 0

    async def run(self) -> None:
        """From the phase it stands in to the end."""
        phases = {
            "fetch": self._fetch, "link": self._link, "describe": self._describe,
            "index": self._index, "swap": self._swap, "tidy": self._tidy,
        }  # fmt: skip
        while (phase := (await self._state()).phase) != "done":
            self.say(phase, 0, 0)
            await phases[phase]()
            self.at(f"rebuild.{phase}")

    async def _state(self) -> RebuildRun:
        async with self.kit.database.transaction() as session:
            return await session.get_one(RebuildRun, self.id)

    async def _orgs(self) -> list[str]:
        return list((await self._state()).cursors["_orgs"])

    async def _next(self, session: AsyncSession, phase: str, **values: Any) -> None:
        """The next phase, in the transaction that makes it possible."""
        given = {"phase": phase, "done": 0, "total": 0, "moved_at": now(), "problem": None, **values}
        await session.execute(update(RebuildRun).where(RebuildRun.id == self.id).values(given))

    async def _fetch(self) -> None:
        state = await self._state()
        self._done = state.done

        def read(more: int) -> None:
            self._done += more
            self.say("fetch", self._done, 0)
            self.at("rebuild.page")

        await fetch.everything(self.kit, self.id, await self._orgs(), read)
        async with self.kit.database.transaction() as session:
            await shadow.key_affiliations(session)
            await self._next(session, "link")

    async def _link(self) -> None:
        await derive.homes(self.kit.database)
        async with self.kit.database.transaction() as session:
            await store.lock(session)
            mark = {
                "last": await session.scalar(text("select coalesce(max(id), 0) from verdict")),
                "at": now().isoformat(),
            }
            await fetch.cursor(session, self.id, ["_verdicts"], mark)
        async with self.kit.database.transaction() as session:
            await derive.link(session, lambda done: self.say("link", done, 0))
            await self._next(session, "describe")

    async def _describe(self) -> None:
        async with self.kit.database.transaction() as session:
            await derive.describe(session, lambda done: self.say("describe", done, 0))
            await self._next(session, "index")

    async def _index(self) -> None:
        await shadow.index(self.kit.database.engine)
        async with self.kit.database.transaction() as session:
            await self._next(session, "swap")

    async def _swap(self) -> None:
        """Catch up while the projection goes on, then hold it still for the rest and exchange the tables."""
        orgs = await self._orgs()
        while await fetch.catch_up(self.kit, self.id, orgs) > QUIET:
            self.at("rebuild.caught_up")
        async with self.kit.database.transaction() as session:
            await self._exchange(session, orgs)

    async def _exchange(self, session: AsyncSession, orgs: Sequence[str]) -> None:
        inbox = Inbox.of_hub()
        await positions.locked(session, f"{inbox.stream}/{inbox.durable}")
        await store.lock(session)
        await shadow.look_here(session)
        await fetch.the_rest(self.kit, session, self.id, orgs)
        mark = (await session.get_one(RebuildRun, self.id, populate_existing=True)).cursors["_verdicts"]
        since = {"last": mark["last"], "at": datetime.fromisoformat(mark["at"])}
        judged = (await session.execute(_VERDICTS, since)).all()
        if judged:
            await linking.relink(session, {id_ for pair in judged for id_ in pair})
        self.at("rebuild.held")
        await shadow.hold(session)
        await shadow.exchange(session)
        # people of renamed units are brought up to date again from the beginning, in the new tables
        await session.execute(text("update stale_unit set after = '00000000-0000-0000-0000-000000000000'"))
        await self._next(session, "tidy")
        self.at("rebuild.exchanged")

    async def _tidy(self) -> None:
        async with self.kit.database.transaction() as session:
            await shadow.tidy(session)
            await self._next(session, "done", finished_at=now())
