"""The league's thresholds as dated rules with their sources."""

from dataclasses import dataclass
from datetime import date

from shared.kit.rulesets import Rule, RuleSet
from shared.org.members.rules import LeapDay


@dataclass(frozen=True)
class Ages:
    """Full years at entry: at least `least`, less than `limit`; and how 29 February is reckoned."""

    least: int
    limit: int
    leap: LeapDay


AGES = RuleSet(
    "团员年龄",
    [
        Rule(
            Ages(least=14, limit=28, leap="28 February"),
            valid_from=date(1982, 12, 20),
            source="《中国共产主义青年团章程》第一条；周年日没有对应日的按《中华人民共和国民法典》第二百零二条以月末日计",
        )
    ],
)

DEVELOPMENT_NO = RuleSet(
    "发展团员编号",
    [
        Rule(
            r"[0-9A-Z]{8,20}",
            valid_from=date(2017, 1, 1),
            source="团员发展编号自2017年起使用；各地位数不一，只查字符和长度",
        )
    ],
)
