"""Reading the chain from its beginning: every edit, removal, insertion and reordering is found."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import RowMapping, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from shared.kit.audit.models import AuditEntry, AuditHead
from shared.kit.audit.rules import Chain, canonical
from shared.kit.audit.service import chain_of

BATCH = 5000
MOST_FAULTS = 100
COLUMNS = (*AuditEntry.__table__.columns,)


@dataclass(frozen=True)
class Head:
    """A chain's end. Kept elsewhere (a log, another server) it also proves that nothing was cut off since."""

    seq: int
    hash: bytes


@dataclass(frozen=True)
class Fault:
    """Where the chain does not hold and how: missing, edited, unchained, end, anchor."""

    seq: int
    kind: str


@dataclass(frozen=True)
class Verification:
    """What `verify` found; `faults` holds the first hundred."""

    checked: int
    head: Head
    faults: tuple[Fault, ...]
    algorithm: str

    @property
    def intact(self) -> bool:
        return not self.faults


async def head(session: AsyncSession) -> Head:
    """The chain's end as it is now."""
    row = (await session.execute(select(AuditHead.seq, AuditHead.hash))).one_or_none()
    return Head(row.seq, row.hash) if row else Head(0, b"")


async def verify(session: AsyncSession, *, kept: Iterable[Head] = ()) -> Verification:
    """Check every entry up to the present end; `kept` are earlier ends that must still be in the chain."""
    anchors: dict[int, set[bytes]] = {}
    for each in kept:
        anchors.setdefault(each.seq, set()).add(each.hash)
    newest = select(func.max(AuditEntry.seq)).scalar_subquery()
    found = (await session.execute(select(AuditHead.seq, AuditHead.hash, newest))).one_or_none()
    end = Head(found[0], found[1]) if found else Head(0, b"")
    chain, last, checked, faults = chain_of(session), Head(0, b""), 0, list[Fault]()
    # one statement, one snapshot: writers that go on meanwhile cannot make these two differ
    if (found[2] if found else await session.scalar(select(newest))) not in (end.seq, None):
        faults.append(Fault(end.seq, "end"))
    async for batch in _batches(session, end.seq):
        for row in batch:
            faults += _check(row, chain, last, anchors)
            last, checked = Head(row["seq"], row["hash"]), checked + 1
        if len(faults) >= MOST_FAULTS:
            return Verification(checked, end, tuple(faults[:MOST_FAULTS]), chain.algorithm)
    if last != end:
        faults.append(Fault(end.seq, "end"))
    faults += [Fault(seq, "anchor") for seq in sorted(anchors) if seq > last.seq]
    return Verification(checked, end, tuple(faults[:MOST_FAULTS]), chain.algorithm)


async def _batches(session: AsyncSession, end: int) -> AsyncIterator[Sequence[RowMapping]]:
    seq = -1
    while True:
        query = (
            select(*COLUMNS)
            .where(AuditEntry.seq > seq, AuditEntry.seq <= end)
            .order_by(AuditEntry.seq)
            .limit(BATCH)
        )
        rows = (await session.execute(query)).mappings().all()
        if not rows:
            return
        yield rows
        seq = rows[-1]["seq"]


def _check(row: RowMapping, chain: Chain, last: Head, anchors: Mapping[int, set[bytes]]) -> list[Fault]:
    faults, seq = [], row["seq"]
    if seq != last.seq + 1:
        faults.append(Fault(last.seq + 1, "missing"))
    if row["prev_hash"] != last.hash:
        faults.append(Fault(seq, "unchained"))
    if not chain.holds(row["algorithm"], canonical(dict(row)), row["hash"]):
        faults.append(Fault(seq, "edited"))
    if anchors.get(seq, {row["hash"]}) != {row["hash"]}:
        faults.append(Fault(seq, "anchor"))
    return faults
