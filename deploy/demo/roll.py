"""One organisation's records onto its roll, in chunks, each a transaction as an import's is."""

from collections.abc import AsyncIterator, Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from deploy.demo.records import Record
from deploy.demo.trail import ACTOR
from deploy.demo.tree import units_of
from shared.kit import clock
from shared.kit.errors import Invalid, Refused
from shared.org.kit import OrgKit
from shared.org.members import admit_many, read_entry
from shared.org.members.models import Member
from shared.org.policy import Entry

CHUNK = 500
REASON = "演示数据"


async def load_roll(org: OrgKit, records: Sequence[Record]) -> AsyncIterator[int]:
    """Admit what is missing, each under its own id; how many records each step has dealt with."""
    for start in range(0, len(records), CHUNK):
        chunk = records[start : start + CHUNK]
        async with org.kit.database.transaction() as session:
            await _admit(session, org, chunk)
        yield len(chunk)


async def _admit(session: AsyncSession, org: OrgKit, chunk: Sequence[Record]) -> None:
    known = set(await session.scalars(select(Member.id).where(Member.id.in_([r.id for r in chunk]))))
    missing = [r for r in chunk if r.id not in known]
    if not missing:
        return
    units = await units_of(session, org, list({r.place.path for r in missing}))
    entries: list[tuple[Entry, UUID | None]] = []
    for record in missing:
        entry = read(org, record, units[record.place.path].id, clock.today())
        if entry is not None:
            entries.append((entry, record.id))
    await admit_many(session, org, entries, ACTOR, REASON)


def read(org: OrgKit, record: Record, unit_id: UUID, on: date) -> Entry | None:
    """The record as an entry. A number that cannot be right is left out, as a clerk would do until asked.

    None when the organisation's rules refuse the person that day (grown too old since the load began).
    """
    try:
        entry = read_entry(org, record.cells, unit_id)
    except Invalid as invalid:
        if set(invalid.fields) != {"identity"}:
            raise
        entry = read_entry(org, {**record.cells, "identity": ""}, unit_id)
    try:
        org.policy.check(entry, on)
    except Refused:
        return None
    return entry
