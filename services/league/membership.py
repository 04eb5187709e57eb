"""Who may join the youth league, what stands only once, what it alone stores (domain rules L1 to L4)."""

import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from services.league.db import LeagueBase
from services.league.models import LeagueFile
from services.league.rules import AGES, DEVELOPMENT_NO
from shared.contracts.members import Standing
from shared.kit.errors import Refused
from shared.org.facts import OwnFacts
from shared.org.members.rules import age_on, is_past_record
from shared.org.policy import Entry, MemberKind, MembershipPolicy, OwnField

FIELDS = (
    OwnField(
        "development_no", "发展团员编号", aliases=("发展编号", "团员发展编号", "入团编号"), numbered=True
    ),
    OwnField("workplace", "学习工作单位", aliases=("学校", "班级", "工作单位", "所在学校", "学校班级")),
    OwnField(
        "party",
        "政治面貌",
        kind="choice",
        choices={"league": "共青团员", "party_candidate": "中共预备党员", "party": "中共党员"},
        aliases=("面貌",),
    ),
    OwnField("post_since", "任团内职务时间", kind="date", aliases=("任职时间", "任职日期"), past=True),
)

KIND_WORDS = {
    "member": ("团员", "共青团员", "学生团员", "青工团员", "流动团员"),
    "party_member": ("保留团籍", "保留团籍的党员", "党员团员", "中共党员", "中共预备党员"),
}


STANDINGS: Mapping[Standing, str] = {"active": "在团", "pending": "待核对", "left": "已离团"}


class LeagueMembership(OwnFacts, MembershipPolicy):
    """14 to 27 full years at entry; one branch per person; the 28th birthday ends nothing by itself."""

    kinds = (MemberKind("member", "团员"), MemberKind("party_member", "保留团籍的党员"))
    own_fields = FIELDS
    metadata = (LeagueBase.metadata,)
    standings = STANDINGS
    leave_reasons = ("超龄离团", "本人申请退团", "自行脱团", "除名", "去世", "登记有误")

    def __init__(self) -> None:
        super().__init__(LeagueFile, FIELDS)

    def kind_of(self, text: str, facts: Mapping[str, Any]) -> str | None:
        if not text:
            return "party_member" if str(facts.get("party", "")).startswith("party") else "member"
        return next((code for code, words in KIND_WORDS.items() if text in words), None)

    def check(self, entry: Entry, on: date) -> None:
        number = entry.facts.get("development_no")
        if number and not re.fullmatch(DEVELOPMENT_NO.on(on), str(number)):
            raise Refused("发展团员编号应为8至20位数字和大写字母", hint="请对照入团志愿书核对。")
        if entry.birth is None:
            return
        wrong = _age_at_entry(entry.birth, entry.joined_on or on)
        if wrong and not is_past_record(entry.joined_on, on):
            raise Refused(wrong, hint="请核对出生日期和入团时间。")
        if age_on(entry.birth, on) < AGES.on(on).least:
            raise Refused(f"未满{AGES.on(on).least}周岁", hint="请核对出生日期。")
        now = AGES.on(on)
        if age_on(entry.birth, on, now.leap) >= now.limit and not entry.post:
            raise Refused(
                f"已满{now.limit}周岁，请办理离团或登记团内职务", hint="在团内任职的，请填写职务后再登记。"
            )

    def doubts(self, entry: Entry, on: date) -> Sequence[str]:
        if entry.birth is None:  # without it no age can be held against the rules
            return ("缺少出生日期",)
        if entry.joined_on is None or not is_past_record(entry.joined_on, on):
            return ()
        wrong = _age_at_entry(entry.birth, entry.joined_on)
        return (wrong,) if wrong else ()

    def age_limit(self, on: date) -> int | None:
        return AGES.on(on).limit

    def exclusive_key(self, entry: Entry, identity_token: UUID | None, member_id: UUID) -> str | None:
        """One branch holds a member at every instant; who has no number cannot be told apart safely."""
        del entry, member_id
        return f"person:{identity_token}" if identity_token else None


def _age_at_entry(birth: date, day: date) -> str:
    """What is wrong with the age on the day of entry, in Chinese; empty when nothing is."""
    ages = AGES.on(day)
    age = age_on(birth, day, ages.leap)
    if age < ages.least:
        return f"入团时未满{ages.least}周岁"
    return f"入团时已满{ages.limit}周岁" if age >= ages.limit else ""
