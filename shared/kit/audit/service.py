"""Writing the audit log: noted at once, chained as the last thing before the transaction commits."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import event, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session, SessionTransaction

from shared.kit import clock
from shared.kit.audit.models import AuditEntry, AuditHead
from shared.kit.audit.rules import Chain, canonical, chain, tellable
from shared.kit.settings import Settings

_PENDING = "audit_pending"


class Actor(Protocol):
    """Who acts: a signed-in `Staff`, an API token, or `System`."""

    @property
    def id(self) -> UUID | None: ...

    @property
    def name(self) -> str: ...


@dataclass(frozen=True)
class System:
    """The service itself acting: a projection, a timer, a job, someone not signed in."""

    name: str
    id: UUID | None = None


@dataclass(frozen=True)
class _Note:
    row: dict[str, Any]
    within: SessionTransaction | None


def record(
    session: AsyncSession,
    *,
    actor: Actor,
    action: str,
    target: tuple[str, object] | None = None,
    purpose: str = "",
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Note `action` (for example `venue.closed`) on `target` (kind, id) in the caller's transaction.

    Not awaited: the entry gets its number and hash just before the commit, because writers queue for the
    chain's end and must hold it for as short a time as can be. What is rolled back is not recorded.
    """
    inner = session.sync_session
    if _PENDING not in inner.info:
        inner.info[_PENDING] = []
        event.listen(inner, "before_commit", _append)
        event.listen(inner, "after_soft_rollback", _forget)
    kind, key = target or ("", "")
    row = {
        "at": clock.now(),
        "actor_id": actor.id,
        "actor_name": tellable(actor.name),
        "action": action,
        "target_kind": kind,
        "target_id": tellable(str(key)),
        "purpose": tellable(purpose),
        "detail": tellable(detail or {}),
    }
    inner.info[_PENDING].append(_Note(row, inner.get_nested_transaction() or inner.get_transaction()))


def chain_of(session: AsyncSession | Session) -> Chain:
    """How this service hashes its log; `Database` puts its settings into `session.info`."""
    settings: Settings = session.info["settings"]
    return chain(settings.secret("secret_key"), settings.crypto_profile)


def _append(session: Session) -> None:
    notes: list[_Note] = session.info.get(_PENDING, [])
    if not notes or session.in_nested_transaction():
        return
    session.flush()  # everything else first: then the chain's end is locked only while we write to it
    head = session.execute(select(AuditHead.seq, AuditHead.hash).with_for_update()).one_or_none()
    if head is None:
        session.execute(upsert(AuditHead).values(id=1, seq=0, hash=b"").on_conflict_do_nothing())
        head = session.execute(select(AuditHead.seq, AuditHead.hash).with_for_update()).one()
    seq, last = head
    hashes, rows = chain_of(session), []
    for note in notes:
        seq += 1
        row = {**note.row, "seq": seq, "prev_hash": last, "algorithm": hashes.algorithm}
        last = hashes.digest(canonical(row))
        rows.append({**row, "hash": last})
    session.execute(insert(AuditEntry), rows)
    session.execute(update(AuditHead).values(seq=seq, hash=last))
    notes.clear()


def _forget(session: Session, rolled_back: SessionTransaction) -> None:
    """Drop what was noted inside the (nested) transaction that did not happen."""

    def inside(transaction: SessionTransaction | None) -> bool:
        while transaction is not None:
            if transaction is rolled_back:
                return True
            transaction = transaction.parent
        return False

    session.info[_PENDING] = [n for n in session.info.get(_PENDING, []) if not inside(n.within)]
