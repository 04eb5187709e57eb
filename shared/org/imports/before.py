"""What a person's fields were before an import changed them, so that the import can be taken back."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

import orjson

from shared.kit.pii import parse_identity
from shared.org.kit import OrgKit
from shared.org.members import FieldChange, Member
from shared.org.members.filling import plain_of
from shared.org.policy import Entry

_CONTEXT = "import_row.before"
_DAYS = {"birth", "joined_on"}


def image(
    org: OrgKit, batch_id: UUID, member: Member, facts: Mapping[str, Any], changes: Sequence[FieldChange]
) -> bytes:
    """The old values of the fields that change, encrypted."""
    numbers = plain_of(org, member)
    out: dict[str, Any] = {}
    own = {f.code for f in org.policy.own_fields}
    for change in changes:
        code = change.field
        if code in {"identity", "phone"}:
            out[code] = getattr(numbers, code)
        elif code == "unit":
            out[code] = str(member.unit_id)
        else:
            out[code] = facts.get(code) if code in own else getattr(member, code)
    return org.kit.cipher.encrypt(orjson.dumps(out).decode(), _context(batch_id, member))


def restored(org: OrgKit, batch_id: UUID, member: Member, sealed: bytes) -> tuple[Entry, frozenset[str]]:
    """The entry that brings the old values back, and the fields that were empty."""
    old: dict[str, Any] = orjson.loads(org.kit.cipher.decrypt(sealed, _context(batch_id, member)))
    own = {f.code: f for f in org.policy.own_fields}
    values: dict[str, Any] = {}
    facts: dict[str, Any] = {}
    for code, value in old.items():
        if value is None:
            continue
        if code in own:
            facts[code] = date.fromisoformat(value) if own[code].kind == "date" else value
        elif code == "identity":
            values[code] = parse_identity(value, synthetic=True)
        elif code in _DAYS:
            values[code] = date.fromisoformat(value)
        elif code not in {"unit", "name", "kind"}:
            values[code] = value
    entry = Entry(
        name=old.get("name", member.name),
        unit_id=UUID(old["unit"]) if "unit" in old else member.unit_id,
        kind=old.get("kind", member.kind),
        kind_given="kind" in old,
        facts=facts,
        **values,
    )
    return entry, frozenset(code for code, value in old.items() if value is None)


def _context(batch_id: UUID, member: Member) -> str:
    return f"{_CONTEXT}:{batch_id}:{member.id}"
