"""From an Entry to columns: ciphers, tokens, masks, search keys; and back for the few who may see."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from shared.kit.pii import NameKeys, given_of, mask_phone, name_keys, parse_phone
from shared.org.kit import OrgKit
from shared.org.members.models import Member
from shared.org.policy import Entry

SHORTEST_GIVEN = 2
"""One character is the beginning of too many names."""


def identity_context(member_id: UUID) -> str:
    """What the cipher of a document number is bound to: moved to another person's row it cannot be read."""
    return f"member.identity:{member_id}"


def phone_context(member_id: UUID) -> str:
    """The same for a phone."""
    return f"member.phone:{member_id}"


@dataclass(frozen=True)
class Plain:
    """Numbers in the clear; `repr` shows neither."""

    identity: str | None
    phone: str | None

    def __repr__(self) -> str:
        return "Plain(...)"


def set_name(member: Member, name: str) -> None:
    """The name with its comparison key and reading."""
    keys = name_keys(name)
    member.name, member.name_key, member.name_py = name, keys.key, keys.pinyins[0]


def set_identity(org: OrgKit, member: Member, entry: Entry) -> None:
    """The document number: encrypted, with its token and last four."""
    if entry.identity is None:
        member.identity_kind = member.identity_cipher = member.identity_token = member.identity_last4 = None
        return
    member.identity_kind = entry.identity.kind.value
    member.identity_cipher = org.kit.cipher.encrypt(entry.identity.number, identity_context(member.id))
    member.identity_token = org.tokens.identity_token(entry.identity)
    member.identity_last4 = entry.identity.last4


def set_phone(org: OrgKit, member: Member, number: str | None) -> None:
    """The phone: encrypted, with token, mask and last four."""
    if number is None:
        member.phone_cipher = member.phone_token = member.phone_mask = member.phone_last4 = None
        return
    phone = parse_phone(number, synthetic=True)  # whether demo people are allowed was decided at reading
    member.phone_cipher = org.kit.cipher.encrypt(phone.number, phone_context(member.id))
    member.phone_token = org.tokens.phone_token(phone)
    member.phone_mask, member.phone_last4 = mask_phone(phone.number), phone.last4


def phone_of(org: OrgKit, member: Member) -> str | None:
    """The phone in the clear."""
    sealed = member.phone_cipher
    return org.kit.cipher.decrypt(sealed, phone_context(member.id)) if sealed else None


def plain_of(org: OrgKit, member: Member) -> Plain:
    """The numbers in the clear."""
    cipher, sealed = org.kit.cipher, member.identity_cipher
    return Plain(
        identity=cipher.decrypt(sealed, identity_context(member.id)) if sealed else None,
        phone=phone_of(org, member),
    )


def key_rows(members: Iterable[Member]) -> list[dict[str, Any]]:
    """Rows of member_key: every reading of the present and the former names."""
    return [
        {"member_id": member.id, "kind": kind, "key": key}
        for member in members
        for kind, key in searched_by(name_keys(name) for name in (member.name, *member.former_names))
    ]


def searched_by(names: Iterable[NameKeys]) -> list[tuple[str, str]]:
    """Kinds and keys by which somebody of these names is found."""
    seen: set[tuple[str, str]] = set()
    for keys in names:
        given = given_of(keys.key)
        if len(given) >= SHORTEST_GIVEN:
            seen.add(("g", given))
        seen |= {("n", keys.key), *(("p", p) for p in keys.pinyins), *(("i", i) for i in keys.initials)}
    return sorted(seen)
