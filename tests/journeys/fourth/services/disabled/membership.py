"""Who is on the federation's roll: holders of a disability certificate, each once."""

from collections.abc import Mapping
from datetime import date
from typing import Any, ClassVar
from uuid import UUID

from services.disabled.models import Certificate, DisabledBase

from shared.kit.errors import Refused
from shared.org.facts import OwnFacts
from shared.org.policy import Entry, MemberKind, MembershipPolicy, OwnField

FIELDS = (
    OwnField("category", "残疾类别", aliases=("类别",)),
    OwnField("level", "残疾等级", aliases=("等级",)),
)


class DisabledMembership(OwnFacts, MembershipPolicy):
    """A certificate number has twenty characters: the identity number, category and level."""

    kinds = (MemberKind("holder", "持证人员", needs_consent=True),)
    own_fields = FIELDS
    metadata = (DisabledBase.metadata,)
    standings: ClassVar = {"active": "有效", "left": "已注销"}
    leave_reasons = ("本人申请", "去世", "登记有误")

    def __init__(self) -> None:
        super().__init__(Certificate, FIELDS)

    def kind_of(self, text: str, facts: Mapping[str, Any]) -> str | None:
        return "holder" if text in ("", "持证人员") else None

    def check(self, entry: Entry, on: date) -> None:
        if entry.card_no and len(entry.card_no) != 20:
            raise Refused("残疾人证号应为二十位", hint="请对照证件核对。")

    def age_limit(self, on: date) -> int | None:
        return None

    def exclusive_key(self, entry: Entry, identity_token: UUID | None, member_id: UUID) -> str | None:
        return f"person:{identity_token}" if identity_token else None
