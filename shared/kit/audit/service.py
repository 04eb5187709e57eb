"""Writing the audit log: noted at once, chained as the last thing before the transaction commits."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

import orjson
from sqlalchemy import event, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session, SessionTransaction

from shared.kit import clock
from shared.kit.audit.models import AuditHead
from shared.kit.audit.rules import Chain, canonical, chain, tellable
from shared.kit.fast import Ready
from shared.kit.settings import Settings

_PENDING = "audit_pending"


_TYPES = {
    "seq": "bigint", "at": "timestamptz", "actor_id": "uuid", "actor_name": "text", "action": "text",
    "target_kind": "text", "target_id": "text", "purpose": "text", "detail": "text", "algorithm": "text",
    "prev_hash": "bytea", "hash": "bytea",
}  # fmt: skip
_COLUMNS = tuple(_TYPES)
_END = Ready(select(AuditHead.seq, AuditHead.hash).with_for_update())
# the entries and the chain's new end in one statement: others wait for the end as short as can be
_WRITE = Ready(
    f"with entries as (insert into audit_entry ({', '.join(_COLUMNS)})"  # noqa: S608 - constants
    f" select {', '.join('detail::jsonb' if c == 'detail' else c for c in _COLUMNS)}"
    f" from unnest({', '.join(f'cast(:{c} as {t}[])' for c, t in _TYPES.items())}) x({', '.join(_COLUMNS)}))"
    " update audit_head set seq = :head_seq, hash = :head_hash"
)


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
    if not (ends := _END.rows_now(session, {})):
        session.connection().execute(upsert(AuditHead).values(id=1, seq=0, hash=b"").on_conflict_do_nothing())
        ends = _END.rows_now(session, {})
    seq, last = ends[0]
    hashes, rows = chain_of(session), []
    for note in notes:
        seq += 1
        row = {**note.row, "seq": seq, "prev_hash": last, "algorithm": hashes.algorithm}
        last = hashes.digest(canonical(row))
        rows.append({**row, "hash": last})
    columns = {name: [row[name] for row in rows] for name in _COLUMNS}
    columns["detail"] = [orjson.dumps(detail).decode() for detail in columns["detail"]]
    _WRITE.run_now(session, {**columns, "head_seq": seq, "head_hash": last})
    notes.clear()


def _forget(session: Session, rolled_back: SessionTransaction) -> None:
    """Drop what was noted inside the (nested) transaction that did not happen."""
    if not session.info.get(_PENDING):
        return

    def inside(transaction: SessionTransaction | None) -> bool:
        while transaction is not None:
            if transaction is rolled_back:
                return True
            transaction = transaction.parent
        return False

    session.info[_PENDING] = [n for n in session.info.get(_PENDING, []) if not inside(n.within)]


# once for every session there will be: listening to each one anew costs as much as a statement
event.listen(Session, "before_commit", _append)
event.listen(Session, "after_soft_rollback", _forget)
