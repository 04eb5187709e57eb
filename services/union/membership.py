"""Who may join the trade union, what stands only once, what it alone stores (domain rules U1 to U5)."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from services.union.db import UnionBase
from services.union.models import Employment
from services.union.rules import WORKING_AGE
from shared.contracts.members import Standing
from shared.kit.errors import Refused
from shared.org.facts import OwnFacts
from shared.org.members.rules import age_on, is_past_record
from shared.org.policy import Entry, MemberKind, MembershipPolicy, OwnField

FIELDS = (
    OwnField(
        "employer", "用人单位", aliases=("工作单位", "用工单位", "单位全称", "所在单位名称", "企业名称")
    ),
    OwnField("job", "岗位", aliases=("工种", "岗位名称", "部门岗位")),
    OwnField(
        "contract",
        "用工形式",
        kind="choice",
        choices={
            "contract": "劳动合同", "dispatch": "劳务派遣", "staffed": "在编", "platform": "平台用工",
            "flexible": "灵活就业",
        },
        aliases=("合同类型", "用工类型"),
    ),
    OwnField(
        "employed_on",
        "进入单位时间",
        kind="date",
        aliases=("入职时间", "入职日期", "参加工作时间"),
        past=True,
    ),
    OwnField(
        "new_form", "新就业形态", kind="flag", aliases=("是否新就业形态", "新业态", "是否新就业形态劳动者")
    ),
)  # fmt: skip

KIND_WORDS = {
    "worker": ("职工", "在职", "在职职工", "正式职工", "一般职工", "会员", "工会会员"),
    "migrant": ("农民工", "进城务工人员", "农民工会员"),
    "new_form": (
        "新就业形态", "新就业形态劳动者", "新业态", "外卖配送员", "外卖员", "快递员",
        "网约车司机", "货车司机", "骑手", "网约配送员",
    ),
}  # fmt: skip


STANDINGS: Mapping[Standing, str] = {
    "active": "在会", "pending": "待核对", "retained": "保留会籍", "left": "已退会",
}  # fmt: skip


class UnionMembership(OwnFacts, MembershipPolicy):
    """Anybody who lives on wages or has an employment relation may join (Trade Union Law, art. 3)."""

    kinds = (
        MemberKind("worker", "职工"),
        MemberKind("migrant", "农民工"),
        MemberKind("new_form", "新就业形态劳动者"),
    )
    own_fields = FIELDS
    metadata = (UnionBase.metadata,)
    standings = STANDINGS
    leave_reasons = ("本人申请退会", "视为自动退会", "除名", "去世", "登记有误")

    def __init__(self) -> None:
        super().__init__(Employment, FIELDS)

    def kind_of(self, text: str, facts: Mapping[str, Any]) -> str | None:
        if not text:
            return "new_form" if facts.get("new_form") else "worker"
        return next((code for code, words in KIND_WORDS.items() if text in words), None)

    def check(self, entry: Entry, on: date) -> None:
        day = entry.joined_on or on
        least = WORKING_AGE.rule(day)
        if entry.birth and age_on(entry.birth, day) < least.value and not is_past_record(entry.joined_on, on):
            raise Refused(
                f"入会时未满{least.value}周岁", hint=f"请核对出生日期和入会时间（{least.source}）。"
            )

    def doubts(self, entry: Entry, on: date) -> Sequence[str]:
        if entry.birth is None or entry.joined_on is None or not is_past_record(entry.joined_on, on):
            return ()
        least = WORKING_AGE.on(entry.joined_on)
        return (f"入会时未满{least}周岁",) if age_on(entry.birth, entry.joined_on) < least else ()

    def age_limit(self, on: date) -> int | None:
        del on  # nobody leaves a union because of age
        return None

    def exclusive_key(self, entry: Entry, identity_token: UUID | None, member_id: UUID) -> str | None:
        """One membership per person across all unions; without a number nobody can be told apart safely."""
        del entry, member_id
        return f"person:{identity_token}" if identity_token else None
