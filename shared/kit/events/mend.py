"""Noted gaps are fetched from their owners later; owners are asked now and then for a missing tail."""

import asyncio
import logging
import time

from sqlalchemy import func, select

from shared.contracts.rpc import FETCH, FetchAnswer, FetchRequest
from shared.kit.bus import Bus
from shared.kit.clock import now
from shared.kit.db import Database
from shared.kit.errors import Problem
from shared.kit.events import gaps, metrics, positions
from shared.kit.events.effects import transient
from shared.kit.events.envelope import Checked
from shared.kit.events.gaps import GONE, Gap
from shared.kit.events.models import GapRow, SourceRow
from shared.kit.events.positions import Origin
from shared.kit.events.projector import Projector, effects
from shared.kit.events.steps import first_of

log = logging.getLogger("quntuan.mend")
PAUSE = 5.0
PROBE = 15.0
"""Two probes show a lost tail: it is noticed within a minute."""
CHUNK = 2000


class Mender:
    """Works beside one projector, under the lock of the same position, so that the two never interleave."""

    def __init__(self, projector: Projector, *, pause: float = PAUSE, probe: float = PROBE) -> None:
        self.projector, self.pause, self.probe_every = projector, pause, probe
        self.database: Database = projector.database
        self.bus: Bus = projector.bus
        self._behind: dict[Origin, int] = {}

    async def run(self, stop: asyncio.Event) -> None:
        probed = time.monotonic()
        while not stop.is_set():
            await first_of(self.pause, stop)
            if stop.is_set() or not self.bus.connected:
                continue
            await self.mend(stop)
            if time.monotonic() - probed >= self.probe_every:
                probed = time.monotonic()
                await self.probe()

    async def mend(self, stop: asyncio.Event) -> None:
        """Fetch what is noted as missing, oldest tries first."""
        async with self.database.transaction() as session:
            rows = [(row.id, row.source) for row in await gaps.open_gaps(session)]
            open_now = await session.scalar(
                select(func.count()).select_from(GapRow).where(GapRow.closed_at.is_(None))
            )
        metrics.gaps.labels(self.bus.service).set(open_now or 0)
        for id_, source in rows:
            while not stop.is_set() and await self._mend_part(id_):
                log.info("a part of a gap was fetched", extra={"source": source})

    async def _mend_part(self, id_: int) -> bool:
        """Fetch and apply the next part of one gap; True when more of it remains and progress was made."""
        async with self.database.transaction() as session:
            row = await session.get(GapRow, id_)
            if row is None or row.closed_at is not None:
                return False
            part = Gap((row.source, row.channel), row.first, min(row.last, row.first + CHUNK - 1))
        fetched, left = await gaps.fetch(self.bus, part, time.monotonic() + 10)
        try:
            return await self._store(id_, part, fetched, left, careful=False)
        except Exception as error:
            if transient(error):
                raise
            return await self._store(id_, part, fetched, left, careful=True)

    async def _store(
        self, id_: int, part: Gap, fetched: list[Checked], left: list[tuple[Gap, str]], *, careful: bool
    ) -> bool:
        async with self.database.transaction() as session:
            await positions.locked(session, self.projector.name)
            row = await session.get(GapRow, id_, with_for_update=True)
            if row is None or row.closed_at is not None or row.first != part.first:
                return False
            await effects(session, self.projector.projections, fetched, self.bus.service, careful=careful)
            row.tries += 1
            waiting = [(gap, why) for gap, why in left if why != GONE]
            gone = [gap for gap, why in left if why == GONE]
            row.first = waiting[0][0].first if waiting else part.last + 1
            row.problem = waiting[0][1] if waiting else None
            if gone:
                row.outcome = f"gone: {gone[0].first}-{gone[-1].last}"
                log.critical("an owner lacks events we never got: recount", extra={"source": row.source})
            if row.first > row.last:
                row.closed_at, row.outcome = now(), row.outcome or "fetched"
            return row.closed_at is None and not waiting

    async def probe(self) -> None:
        """Ask each owner for its newest number: events lost at the tail show in no gap.

        Counted as lost when the same number is missing at two probes and nothing came in between.
        """
        async with self.database.transaction() as session:
            rows = (await session.execute(select(SourceRow.source, SourceRow.channel, SourceRow.seq))).all()
        for source, channel, seq in rows:
            key = (source, channel)
            question = FetchRequest(channel=channel, first=seq + 1, last=seq + 1)
            try:
                answer = await self.bus.request(source, FETCH, question, FetchAnswer)
            except Problem:
                continue
            if answer.newest > seq and self._behind.get(key) == seq:
                await self._note_tail(Gap(key, seq + 1, answer.newest))
            self._behind[key] = seq

    async def _note_tail(self, gap: Gap) -> None:
        async with self.database.transaction() as session:
            await positions.locked(session, self.projector.name)
            if (await positions.seen(session, [gap.origin]))[gap.origin] >= gap.first:
                return
            log.critical("events missing at the tail", extra={"source": gap.origin[0], "first": gap.first})
            await gaps.note(session, gap, "tail")
            await positions.see(session, {gap.origin: gap.last})
