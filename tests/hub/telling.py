"""What an organisation would tell of its people: short builders of events for tests."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4, uuid5

from shared.contracts.event import Envelope, Event, Received
from shared.contracts.members import MemberAdmitted, MemberChanged, MemberWithdrawn, Tokens
from shared.contracts.orgs import OrgAnnounced

BEGAN = datetime(2026, 9, 1, 8, tzinfo=UTC)
_SPACE = UUID("00000000-0000-4000-8000-000000000001")


def token(text: str | None) -> UUID | None:
    """A stand-in for a keyed token: equal texts, equal tokens."""
    return None if text is None else uuid5(_SPACE, text)


def state(
    name: str,
    *,
    member: UUID | None = None,
    version: int = 1,
    identity: str | None = None,
    birth: str | None = None,
    phone: str | None = None,
    card: str | None = None,
    standing: Any = "active",
    **other: Any,
) -> MemberAdmitted:
    """One person on a roll; tokens are made from the parts given, as an organisation makes them."""
    sex = other.pop("sex", "f")
    tokens = Tokens(
        identity=token(identity and f"i{identity}"),
        phone=token(phone and f"p{phone}"),
        card=token(card and f"c{card}"),
        name_birth_phone=token(birth and phone and f"{name}|{birth}|{phone}"),
        birth_phone_sex=token(birth and phone and f"{birth}|{phone}|{sex}"),
        name_birth_sex=token(birth and f"{name}|{birth}|{sex}"),
    )
    values: dict[str, Any] = {
        "kind": "member", "kind_title": "会员", "counted": True, "unit_id": token("unit"), "standing_title": "正常",
        "unit_names": ("某某总会", "某某公司"), "unit_path": "u1/u2", "district": "锦江区",
    }  # fmt: skip
    return MemberAdmitted(
        member_id=member or uuid4(),
        version=version,
        standing=standing,
        name=name,
        sex=sex,
        birth_year=int(birth[:4]) if birth else None,
        identity_mask=identity and "*" * 14 + identity[-4:],
        identity_last4=identity and identity[-4:],
        phone_mask=phone and f"{phone[:3]}****{phone[-4:]}",
        phone_last4=phone and phone[-4:],
        tokens=tokens,
        **(values | other),
    )


def changed(before: MemberAdmitted | MemberChanged, **fields: Any) -> MemberChanged:
    """The next version of the same affiliation."""
    return MemberChanged(**(before.model_dump() | {"version": before.version + 1} | fields))


def withdrawn(before: MemberAdmitted | MemberChanged) -> MemberWithdrawn:
    """The tombstone after this version."""
    return MemberWithdrawn(member_id=before.member_id, version=before.version + 1)


def announced(code: str, letter: str, palette: str = "blue") -> OrgAnnounced:
    """How an organisation makes itself known."""
    return OrgAnnounced(code=code, name=f"{letter}市总会", short_name=f"{letter}会", letter=letter, palette=palette,
                        person_term="会员", base_url="http://127.0.0.1:1")  # fmt: skip


def received(source: str, event: Event, number: int = 1) -> Received:
    """The event as a projection gets it."""
    envelope = Envelope(
        id=uuid4(), source=source, type=event.type, time=BEGAN + timedelta(seconds=number), subject="x",
        sequence=number, data=event.model_dump(mode="json"),
    )  # fmt: skip
    return Received(
        envelope=envelope, event=event, position=number, received_at=BEGAN + timedelta(seconds=number + 1)
    )
