"""What happened to a person's links, the latest first: by rule and by staff."""

from dataclasses import dataclass
from datetime import datetime

from services.hub.persons.rules import REASONS
from services.hub.persons.schemas import Explanation

BY_RULE = "平台按规则自动关联"


@dataclass(frozen=True)
class Event:
    """One line of a timeline."""

    at: datetime
    text: str
    detail: str
    kind: str = ""


def history(why: Explanation) -> list[Event]:
    """Links made and dissolved, decisions made and taken back."""
    events = [Event(e.since, BY_RULE, REASONS[e.rule]) for e in (*why.linked, *why.past)]
    events += [
        Event(past.revoked_at, "依据不再成立，自动关联解除", REASONS[past.rule], "quiet")
        for past in why.past
        if past.revoked_at
    ]
    for v in why.verdicts:
        said = "确认为同一人" if v.says == "same" else "确认不是同一人"
        events.append(Event(v.at, said, f"{v.by_name}，{v.reason}", "now"))
        if v.undone_at:
            events.append(Event(v.undone_at, "撤销了判断", f"{v.undone_by}，{v.undone_reason}", "quiet"))
    return sorted(events, key=lambda e: e.at, reverse=True)
