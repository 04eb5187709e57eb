"""How long an import can be taken back and how long its raw lines are kept: dated rules."""

from datetime import date

from shared.kit.rulesets import Rule, RuleSet

WITHDRAW_DAYS = RuleSet(
    "整批撤回期限（天）", [Rule(3, date(2020, 1, 1), "本单位规定：写入后三日内可整批撤回")]
)
KEEP_DAYS = RuleSet(
    "导入原始行保存期限（天）",
    [
        Rule(
            30,
            date(2021, 11, 1),
            "个人信息保护法 第十九条：保存期限应当为实现处理目的所必要的最短时间；天数由本单位确定",
        )
    ],
)
