"""`python -m services.hub.rebuild [organisation ...]`: the hub's settings, the tables' owner."""

import asyncio
import sys
from collections.abc import Sequence

import uvloop
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)
from sqlalchemy import update

from services.hub.rebuild import Rebuild, begin
from services.hub.recount.models import RebuildRun
from services.hub.recount.titles import PHASES
from shared.kit.collector import settle_collector
from shared.kit.context import Kit, make_kit
from shared.kit.errors import Problem
from shared.kit.events.steps import sole
from shared.kit.settings import Settings


class Bars:
    """One line for each phase."""

    def __init__(self, progress: Progress) -> None:
        self.progress, self.tasks = progress, {}  # type: ignore[var-annotated]

    def __call__(self, phase: str, done: int, total: int) -> None:
        if phase not in self.tasks:
            self.tasks[phase] = self.progress.add_task(f"{PHASES[phase]} / {phase}", total=total or None)
        self.progress.update(self.tasks[phase], completed=done, total=total or None)


async def main(codes: Sequence[str]) -> int:
    """Begin, or go on with what was killed; lookups and events go on meanwhile."""
    kit = make_kit(Settings())  # type: ignore[call-arg]  # the environment fills it
    await kit.bus.start()
    try:
        await asyncio.wait_for(kit.bus.wait_connected(), 10)
        async with sole(kit.database.engine, "rebuild") as connection:
            if connection is None:
                print("已有一次重建在进行 / a rebuild is running already", file=sys.stderr)  # noqa: T201
                return 1
            return await _rebuild(kit, codes)
    finally:
        await kit.bus.stop()
        await kit.database.close()


async def _rebuild(kit: Kit, codes: Sequence[str]) -> int:
    run = await begin(kit, codes)
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns) as progress:
        try:
            await Rebuild(kit, run, Bars(progress)).run()
        except Problem as problem:
            words = f"{problem.title} {problem.extra.get('subject', '')}".strip()
            async with kit.database.transaction() as session:
                await session.execute(update(RebuildRun).where(RebuildRun.id == run).values(problem=words))
            kept = "已读的部分保留,排除后再次执行即可继续 / what was read is kept: run it again"
            print(f"{words}\n{kept}", file=sys.stderr)  # noqa: T201
            return 1
    print("已重建并切换 / rebuilt and in use")  # noqa: T201
    return 0


if __name__ == "__main__":
    settle_collector()
    sys.exit(uvloop.run(main(sys.argv[1:])))
