"""People on an organisation's roll, masked and tokenised: whole shareable state, newest version wins."""

from datetime import date
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, Field

from shared.contracts.event import Event, event

Standing = Literal["active", "retained", "pending", "left"]


class Tokens(BaseModel):
    """Keyed hashes that only equal inputs share; the key is never at the hub. Absent when a part is missing.

    `name_birth_phone` serves rule R2, `birth_phone_sex` R3 and `name_birth_sex` R4 of person linking.
    """

    identity: UUID | None = None
    phone: UUID | None = None
    card: UUID | None = None
    name_birth_phone: UUID | None = None
    birth_phone_sex: UUID | None = None
    name_birth_sex: UUID | None = None


class MemberState(Event):
    """What others may know of one affiliation of one person."""

    member_id: UUID
    version: int
    standing: Standing
    standing_title: str
    kind: str
    kind_title: str
    counted: bool = Field(description="false for relations that are no membership, for example a contact")
    name: str
    former_names: tuple[str, ...] = ()
    sex: Literal["f", "m"] | None = None
    birth_year: int | None = None
    identity_mask: str | None = None
    phone_mask: str | None = None
    card_mask: str | None = None
    identity_last4: str | None = Field(default=None, max_length=4)
    phone_last4: str | None = Field(default=None, max_length=4)
    tokens: Tokens
    unit_id: UUID
    unit_names: tuple[str, ...]
    unit_path: str
    district: str | None = None
    post: str | None = None
    joined_on: date | None = None
    left_on: date | None = None


@event(
    "member.admitted.v1",
    owner="organisation",
    title="入册",
    says="有一人登入名册或同意共享，告知脱敏后的资料",
)
class MemberAdmitted(MemberState):
    """A person came onto the roll (admission, import, consent given)."""


@event(
    "member.changed.v1",
    owner="organisation",
    title="信息变更",
    says="有一人可共享的资料变了，告知脱敏后的新资料",
)
class MemberChanged(MemberState):
    """Something shareable about the person changed."""


@event("member.left.v1", owner="organisation", title="离册", says="有一人离册，作为历史保留")
class MemberLeft(MemberState):
    """The affiliation ended; it stays visible as history."""


@event(
    "member.withdrawn.v1", owner="organisation", title="撤回共享", says="有一人的资料不再共享，要求停止展示"
)
class MemberWithdrawn(Event):
    """Tombstone: the person may no longer be shown (consent withdrawn, erased). PIPL article 15."""

    member_id: UUID
    version: int
