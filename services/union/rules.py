"""The trade union's thresholds as dated rules with their sources."""

from datetime import date

from shared.kit.rulesets import Rule, RuleSet

WORKING_AGE = RuleSet(
    "最低就业年龄", [Rule(16, valid_from=date(1995, 1, 1), source="《中华人民共和国劳动法》第十五条")]
)
