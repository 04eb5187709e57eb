"""From events to rows: what one batch says of each affiliation, the newest word only."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID, uuid5

from services.hub.db import one_as_json
from shared.contracts.event import Envelope, Event, Received
from shared.contracts.members import MemberState, MemberWithdrawn

_NAMESPACE = UUID("6f0c2b52-7d0e-5a57-9a53-1f6d3d2f4a10")
_TOKENS = ("identity", "phone", "card", "name_birth_phone", "birth_phone_sex", "name_birth_sex")
_COLUMNS = ("name", "former_names", "standing", "sex", "birth_year", "district", "unit_id")
_SHOWN = (
    "standing_title", "kind", "kind_title", "counted", "identity_mask", "phone_mask", "card_mask",
    "identity_last4", "phone_last4", "unit_names", "unit_path", "post", "joined_on", "left_on",
)  # fmt: skip

Row = dict[str, Any]


def affiliation_id(org: str, member_id: UUID) -> UUID:
    """The same in every rebuild, and no organisation can name another's."""
    return uuid5(_NAMESPACE, f"{org}:{member_id}")


def newest(events: Iterable[Received]) -> list[Row]:
    """One row per affiliation, of what these events say."""
    return newest_of(row_of(e.envelope, e.event) for e in events)


def newest_of(rows: Iterable[Row]) -> list[Row]:
    """One row per affiliation. A duplicate changes nothing; at equal versions a withdrawal wins."""
    out: dict[UUID, Row] = {}
    for row in rows:
        known = out.get(row["id"])
        if known is None or _rank(known) < _rank(row):
            out[row["id"]] = row
    return list(out.values())


def _rank(row: Row) -> tuple[int, bool]:
    return row["version"], row["withdrawn"]


def prepared(envelope: Envelope, event: Event) -> Row:
    """`row_of`, with how it will be written as `json`: all that needs the event alone."""
    row = row_of(envelope, event)
    return row | {"json": one_as_json(row)}


def row_of(envelope: Envelope, event: Event) -> Row:
    """The affiliation as the event tells it; `shown` as JSON has it, so that it equals what is stored."""
    if isinstance(event, MemberWithdrawn):
        head = _head(envelope, event.member_id, event.version)
        return head | {"withdrawn": True, "former_names": []}
    if not isinstance(event, MemberState):
        raise TypeError(f"not an event about a person on a roll: {event.type}")
    # the attributes as they are: dumping each event to JSON took longer than writing it to the database
    row, state, tokens = _head(envelope, event.member_id, event.version), vars(event), vars(event.tokens)
    for column in _COLUMNS:
        row[column] = state[column]
    for column in _TOKENS:
        row[column] = tokens[column]
    shown = {c: state[c] for c in _SHOWN} | {"unit_names": list(event.unit_names)}
    for day in ("joined_on", "left_on"):
        if shown[day] is not None:
            shown[day] = shown[day].isoformat()
    row["withdrawn"], row["shown"] = False, shown
    return row


def _head(envelope: Envelope, member_id: UUID, version: int) -> Row:
    org = envelope.source
    return {
        "id": affiliation_id(org, member_id),
        "org": org,
        "member_id": member_id,
        "version": version,
        "told_at": envelope.time,
    }
