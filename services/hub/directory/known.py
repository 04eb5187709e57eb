"""Organisations with the age of their data: what was applied, and whether they said that there is no more."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.hub.directory.models import Organisation
from shared.kit import clock
from shared.kit.events.models import SourceRow

SILENT = timedelta(seconds=20)
"""Without a word for so long an organisation (or the bus) counts as away; it is asked every five seconds."""
JOINING = (Organisation.first_seen_at, Organisation.code)
"""The one order of organisations in lists."""


@dataclass(frozen=True, slots=True)
class Known:
    """An organisation and what is known of its data here; `event_at` is the newest event applied."""

    code: str
    name: str
    short_name: str
    letter: str
    palette: str
    person_term: str
    base_url: str
    announced_at: datetime
    heard_at: datetime | None
    newest: int | None
    waiting_since: datetime | None
    event_at: datetime | None
    applied_at: datetime | None
    events: int

    @property
    def pending(self) -> int:
        """Events it has said and we have not applied, as far as we know."""
        return max(0, (self.newest or 0) - self.events)

    @property
    def state(self) -> Literal["live", "behind", "away"]:
        """`live`: it answers, nothing is missing. `behind`: something is under way. `away`: not heard of."""
        if self._last_word is None or clock.now() - self._last_word > SILENT:
            return "away"
        return "behind" if self.pending else "live"

    @property
    def silent_since(self) -> datetime | None:
        """Its last word if it does not answer; that it announced itself is one."""
        return (self._last_word or self.announced_at) if self.state == "away" else None

    @property
    def _last_word(self) -> datetime | None:
        return max((at for at in (self.heard_at, self.applied_at) if at is not None), default=None)

    @property
    def lag(self) -> float | None:
        """Seconds the oldest event not applied has waited: 0 without one, None when nobody can tell."""
        if self.state == "away":
            return None
        if self.state == "live" or self.waiting_since is None:
            return 0.0
        return max(0.0, (clock.now() - self.waiting_since).total_seconds())


async def organisations(session: AsyncSession) -> list[Known]:
    """Every organisation that announced itself, in the order they first did."""
    source = SourceRow.__table__.c
    statement = (
        select(Organisation, source.event_at, source.applied_at, source.seq)
        .outerjoin(SourceRow, (source.source == Organisation.code) & (source.channel == ""))
        .order_by(*JOINING)
    )
    shared = [name for name in Known.__slots__ if name not in ("event_at", "applied_at", "events")]
    return [
        Known(
            **{n: getattr(org, n) for n in shared}, event_at=event_at, applied_at=applied_at, events=seq or 0
        )
        for org, event_at, applied_at, seq in await session.execute(statement)
    ]


async def known_codes(session: AsyncSession) -> list[str]:
    """The codes of all organisations that announced themselves, in the order they first did."""
    return list(await session.scalars(select(Organisation.code).order_by(*JOINING)))
