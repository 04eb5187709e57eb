"""`python -m services.hub.recount`: one recount now, with its steps; 1 when something differs still."""

import asyncio
import sys

from services.hub.recount import service
from services.hub.recount.models import RecountRun
from services.hub.recount.titles import KINDS, STATES
from shared.kit.context import Kit, make_kit
from shared.kit.events.steps import sole
from shared.kit.settings import Settings


async def main() -> int:
    """With the hub's own settings, beside the running hub or without it."""
    kit = make_kit(Settings())  # type: ignore[call-arg]  # the environment fills it
    await kit.bus.start()
    try:
        await asyncio.wait_for(kit.bus.wait_connected(), 10)
        async with sole(kit.database.engine, "recount") as connection:
            if connection is None:
                print("已有一次对账在进行 / a recount is running already", file=sys.stderr)  # noqa: T201
                return 1
            return await _recount(kit)
    finally:
        await kit.bus.stop()
        await kit.database.close()


async def _recount(kit: Kit) -> int:
    async with kit.database.transaction() as session:
        if not [run for run in await service.history(session) if run.finished_at is None]:
            await service.want(session, "命令行")
    run_id = await service.run_wanted(kit, print)
    assert run_id is not None
    async with kit.database.transaction() as session:
        run = await session.get_one(RecountRun, run_id)
        for part in await service.parts(session, run_id):
            there = "—" if part.there is None else part.there  # derived rows have no owner's side
            words = part.problem or f"{there} / {part.here}, 差异 {part.differ}, 已修复 {part.mended}"
            print(f"{part.org or 'hub':10} {KINDS[part.kind]} {part.part}: {words}")  # noqa: T201
    print(f"{STATES[run.state][0]} / {run.state}")  # noqa: T201
    return 0 if run.state in ("equal", "mended") else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
