"""Typed relations of the women's federation: it has no individual members (design: domain rules W1 to W3).

Posts, delegates and organisers are `counted`, each kind by itself; volunteers and contacts are not. Nothing
of this is ever called a membership: the standing reads "有联系".
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from services.womens.db import WomensBase
from services.womens.models import Relation
from services.womens.rules import GUARDIAN_BELOW
from shared.contracts.members import Standing
from shared.kit.errors import Refused
from shared.org.facts import OwnFacts
from shared.org.members.rules import age_on
from shared.org.policy import Entry, MemberKind, MembershipPolicy, OwnField

FIELDS = (
    OwnField("term", "届次", aliases=("届别", "第几届", "代表大会届次")),
    OwnField("until", "任期至", kind="date", aliases=("届满时间", "任期届满")),
    OwnField("workplace", "工作单位", aliases=("所在单位", "单位及职务", "工作单位及职务")),
    OwnField("guardian_agreed", "监护人同意", kind="flag", aliases=("监护人是否同意",)),
)

KIND_WORDS = {
    "chair": ("主席", "妇联主席", "妇委会主任"),
    "vice_chair": ("副主席", "妇联副主席", "兼职副主席", "挂职副主席", "妇委会副主任"),
    "standing": ("常委", "常务委员"),
    "executive": ("执委", "执行委员", "妇联执委"),
    "delegate": ("妇女代表", "妇代会代表", "代表"),
    "organiser": (
        "妇女小组长", "妇女小组组长", "妇女微家负责人", "妇女小组、微家负责人", "微家负责人",
        "网格妇女小组长",
        "巾帼网格员",
    ),
    "volunteer": ("巾帼志愿者", "志愿者", "骨干志愿者"),
    "contact": ("联系服务对象", "服务对象", "联系对象", "重点联系妇女"),
}  # fmt: skip
OPEN_TO_ALL = {"volunteer", "contact"}


STANDINGS: Mapping[Standing, str] = {"active": "有联系", "pending": "待核对", "left": "已解除联系"}
IN_OFFICE: Mapping[Standing, str] = {"active": "在任", "left": "已卸任"}


class WomensMembership(OwnFacts, MembershipPolicy):
    """A person may stand in several relations; each kind only once in a unit."""

    kinds = (
        MemberKind("chair", "主席", standings=IN_OFFICE),
        MemberKind("vice_chair", "副主席", standings=IN_OFFICE),
        MemberKind("standing", "常委", standings=IN_OFFICE),
        MemberKind("executive", "执委", standings=IN_OFFICE),
        MemberKind("delegate", "妇女代表", standings=IN_OFFICE),
        MemberKind("organiser", "妇女小组、微家负责人", standings=IN_OFFICE),
        MemberKind("volunteer", "巾帼志愿者", counted=False, needs_consent=True),
        MemberKind("contact", "联系服务对象", counted=False, needs_consent=True),
    )
    own_fields = FIELDS
    metadata = (WomensBase.metadata,)
    standings = STANDINGS
    leave_reasons = ("任期届满", "调离", "辞职", "罢免", "本人要求解除联系", "去世", "登记有误")

    def __init__(self) -> None:
        super().__init__(Relation, FIELDS)

    def kind_of(self, text: str, facts: Mapping[str, Any]) -> str | None:
        """Every relation is named: there is no usual one."""
        del facts
        return next((code for code, words in KIND_WORDS.items() if text and text in words), None)

    def check(self, entry: Entry, on: date) -> None:
        if entry.sex == "m" and entry.kind not in OPEN_TO_ALL:
            raise Refused("这类人员应为女性", hint="请核对性别和类别。")
        guardian = GUARDIAN_BELOW.rule(on)
        young = entry.birth is not None and age_on(entry.birth, on) < guardian.value
        if young and not entry.facts.get("guardian_agreed"):
            raise Refused(
                f"未满{guardian.value}周岁，须先征得监护人同意",
                hint=f"请登记监护人同意后再办理（{guardian.source}）。",
            )

    def doubts(self, entry: Entry, on: date) -> Sequence[str]:
        del on
        early = entry.birth is not None and entry.joined_on is not None and entry.joined_on < entry.birth
        return ("任职时间早于出生日期",) if early else ()

    def age_limit(self, on: date) -> int | None:
        del on  # no relation ends because of age
        return None

    def exclusive_key(self, entry: Entry, identity_token: UUID | None, member_id: UUID) -> str | None:
        """The same person, relation and unit only once; without a number the row stands for itself."""
        return f"{identity_token or member_id}|{entry.kind}|{entry.unit_id}"
