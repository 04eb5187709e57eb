"""The worker role's background work: starts, and loops that begin again when they crash."""

import asyncio
import logging
from collections.abc import Iterable

from shared.kit.events.steps import first_of
from shared.kit.module import Loop, Module, Start
from shared.kit.together import ended

log = logging.getLogger("quntuan.jobs")
LONGEST_PAUSE = 30.0


class Worker:
    """Runs the modules' `starts` once and their `loops` for as long as the service runs."""

    def __init__(self, modules: Iterable[Module]) -> None:
        modules = tuple(modules)
        self._starts: list[Start] = [s for m in modules for s in m.starts]
        self._loops: list[tuple[str, Loop]] = [(m.name, loop) for m in modules for loop in m.loops]
        self._stop = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Begin; the `starts` run in the background too, because the database may still be away."""
        self._tasks = [
            asyncio.create_task(self._forever(name, loop), name=f"loop-{name}") for name, loop in self._loops
        ]
        self._tasks += [asyncio.create_task(self._once(start), name="start") for start in self._starts]

    async def stop(self) -> None:
        """Ask the loops to end, give them a little time, then cancel."""
        self._stop.set()
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=5)
            await ended(*late)

    async def _once(self, start: Start) -> None:
        pause = 0.5
        while not self._stop.is_set():
            try:
                await start()
                return
            except Exception:
                log.exception("start failed, trying again")
                pause = await self._pause(pause)

    async def _forever(self, name: str, loop: Loop) -> None:
        pause = 0.5
        while not self._stop.is_set():
            try:
                await loop(self._stop)
                pause = 0.5
            except Exception:
                log.exception("loop crashed, starting it again", extra={"loop": name})
                pause = await self._pause(pause)

    async def _pause(self, seconds: float) -> float:
        await first_of(seconds, self._stop)
        return min(seconds * 2, LONGEST_PAUSE)
