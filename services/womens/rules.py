"""The women's federation's thresholds as dated rules with their sources."""

from datetime import date

from shared.kit.rulesets import Rule, RuleSet

GUARDIAN_BELOW = RuleSet(
    "须监护人同意的年龄",
    [Rule(14, valid_from=date(2021, 11, 1), source="《中华人民共和国个人信息保护法》第三十一条")],
)
