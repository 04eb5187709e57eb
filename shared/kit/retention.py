"""How long records are kept at least, as the law asks: dated data with its source."""

from datetime import date, timedelta

from shared.kit.clock import today
from shared.kit.rulesets import Rule, RuleSet

SHARING = RuleSet(
    "days for which it is kept who sent what to whom",
    [
        Rule(
            1096,
            date(2025, 1, 1),
            "《网络数据安全管理条例》第十二条：向他人提供个人信息的处理情况记录至少保存3年",
        )
    ],
)
CONTENTS = RuleSet(
    "days for which the contents of what was sent are kept, for those who have to read them again",
    [
        Rule(
            400,
            date(2021, 11, 1),
            "《个人信息保护法》第十九条：保存期限应当为实现处理目的所必要的最短时间（离线一年的一方仍能补取）",
        )
    ],
)
OPERATIONS = RuleSet(
    "days for which the audit log is kept",
    [
        Rule(184, date(2017, 6, 1), "《网络安全法》第二十一条：网络日志至少留存六个月", date(2025, 12, 31)),
        Rule(184, date(2026, 1, 1), "《网络安全法》（2025年修正）第二十三条：网络日志至少留存六个月"),
    ],
)


def contents_kept_from() -> date:
    """What was sent before this day is known by its head alone."""
    return today() - timedelta(days=CONTENTS.on(today()))


def sharing_kept_from() -> date:
    """What was shared before this day may be forgotten."""
    return today() - timedelta(days=SHARING.on(today()))
