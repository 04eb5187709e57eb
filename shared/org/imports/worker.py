"""The background loop of imports: takes waiting batches one after another and forgets raw lines in time."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import UUID

from shared.kit import clock
from shared.org.imports import apply, forgetting, lease, plan, reading, withdraw
from shared.org.imports.models import ImportBatch
from shared.org.imports.rules import KEEP_DAYS
from shared.org.imports.sums import outcome_sums, state_sums
from shared.org.kit import OrgKit

log = logging.getLogger("quntuan.imports")
POLL = 1.0
TRIES = 3

Stage = Callable[[OrgKit, UUID, UUID], Awaitable[None]]
STAGES: dict[str, Stage] = {
    "reading": reading.read_file,
    "planning": plan.make_plan,
    "applying": apply.write,
    "withdrawing": withdraw.take_back,
}
_GIVEN_UP = {"reading": "refused", "planning": "mapping", "applying": "ready", "withdrawing": "applied"}


class ImportWorker:
    """One loop per worker process; several processes share the work by leases."""

    def __init__(self, org: OrgKit) -> None:
        self._org = org
        self._wake = asyncio.Event()
        self._failures: dict[UUID, int] = {}

    def wake(self) -> None:
        """Something was just handed in by this process."""
        self._wake.set()

    async def loop(self, stop: asyncio.Event) -> None:
        """Until the service stops."""
        while not stop.is_set():
            self._wake.clear()
            if await self.step():
                continue
            await self._purge()
            await self._idle(stop)

    async def _idle(self, stop: asyncio.Event) -> None:
        waits = [asyncio.create_task(stop.wait()), asyncio.create_task(self._wake.wait())]
        try:
            await asyncio.wait(waits, timeout=POLL, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in waits:
                each.cancel()

    async def step(self) -> bool:
        """Bring one waiting batch one stage further; False when none waits."""
        database = self._org.kit.database
        async with database.transaction() as session:
            claimed = await lease.claim(session)
            batch = await session.get_one(ImportBatch, claimed[0]) if claimed else None
        if claimed is None or batch is None:
            return False
        batch_id, token = claimed
        try:
            await STAGES[batch.status](self._org, batch_id, token)
            self._failures.pop(batch_id, None)
        except lease.LeaseLost:
            log.info("import taken over", extra={"batch": str(batch_id)})
        except Exception:
            log.exception("import stage failed", extra={"batch": str(batch_id), "stage": batch.status})
            await self._note_failure(batch_id, token, batch.status)
        finally:
            with contextlib.suppress(Exception):  # the database may be away: then the lease ends by itself
                async with database.transaction() as session:
                    await lease.release(session, batch_id, token)
        return True

    async def _note_failure(self, batch_id: UUID, token: UUID, stage: str) -> None:
        """After some tries staff are told, instead of trying for ever."""
        self._failures[batch_id] = self._failures.get(batch_id, 0) + 1
        if self._failures[batch_id] < TRIES:
            await asyncio.sleep(POLL)
            return
        async with self._org.kit.database.transaction() as session:
            batch = await lease.hold(session, batch_id, token, stage)
            hint = "错误已记录，请告诉运维人员；已写入的行不受影响，可以再次继续。"
            batch.problem = {**batch.problem, "reason": "系统处理时出错", "hint": hint}
            lease.enter(batch, _GIVEN_UP[stage])
            if batch.status in ("ready", "applied"):
                counted = await outcome_sums(session, batch_id) | await state_sums(session, batch_id)
                batch.sums = batch.sums | counted
        self._failures.pop(batch_id, None)

    async def _purge(self) -> None:
        """Forget lines whose time is over; a batch that is put aside does not wait for the next round."""
        until = clock.now() - timedelta(days=KEEP_DAYS.on(clock.today()))
        database, last = self._org.kit.database, 0
        async with database.transaction() as session:
            batch_id = await forgetting.due(session, until)
        while batch_id is not None:
            async with database.transaction() as session:
                last = await forgetting.forget_next(session, batch_id, last)
            if not last or self._wake.is_set():
                return
