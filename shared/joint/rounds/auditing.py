"""Wishes in the audit logs: of the round's owner, and of the service whose staff entered them."""

from shared.contracts.rounds import WishIn
from shared.kit import audit
from shared.kit.audit.titles import describe_values, describe_words


def in_words(given: WishIn) -> dict[str, object]:
    """What was wished for, as far as a dispute about it needs it."""
    opens, closes = (f"{minutes // 60}:{minutes % 60:02}" for minutes in (given.opens, given.closes))
    day = {"on": given.on.isoformat()} if given.on else {"weekday": str(given.weekday)}
    return {**day, "time": f"{opens}-{closes}", "rank": given.rank, "wish": str(given.wish_id)}


audit.describe(
    {
        "round.wished_elsewhere": "向其他组织的轮次填报志愿",
        "round.unwished_elsewhere": "撤回在其他组织轮次中的志愿",
    }
)
describe_words({"on": "日期", "weekday": "每周", "time": "时间", "rank": "第几志愿", "wish": "志愿"})
describe_values(
    "weekday",
    {"0": "周一", "1": "周二", "2": "周三", "3": "周四", "4": "周五", "5": "周六", "6": "周日"},
)
