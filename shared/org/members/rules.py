"""Pure rules about people on the roll: ages on the calendar, sharing, what a standing allows."""

from datetime import date, timedelta
from typing import Literal

from shared.contracts.members import Standing
from shared.kit.rulesets import Rule, RuleSet
from shared.org.policy import MemberKind

LeapDay = Literal["28 February", "1 March"]
PAST_DAYS = RuleSet(
    "视为补登的天数",
    [
        Rule(
            90,
            valid_from=date(2026, 11, 23),
            source="docs/adr/0010：加入时间早于此前九十日的按补登处理，与年龄规定不符的列为待核对",
        )
    ],
)
"""Younger entries are admissions: the rules of joining hold to the day."""


def birthday(birth: date, years: int, leap: LeapDay = "28 February") -> date:
    """The day somebody completes `years`; in other years 29 February counts as `leap` says."""
    try:
        return birth.replace(year=birth.year + years)
    except ValueError:
        return date(birth.year + years, 2, 28) if leap == "28 February" else date(birth.year + years, 3, 1)


def age_on(birth: date, day: date, leap: LeapDay = "28 February") -> int:
    """Full years on that day, by the calendar; negative before birth."""
    years = day.year - birth.year
    return years if birthday(birth, years, leap) <= day else years - 1


def is_past_record(joined_on: date | None, on: date) -> bool:
    """Whether somebody joined long ago and is only written down now: waiting does not put the day right.

    Rolls hold days copied wrongly or known by the year only; refusing them would leave real people out.
    """
    return joined_on is not None and joined_on < on - timedelta(days=PAST_DAYS.on(on))


def may_be_shared(kind: MemberKind, consent: bool | None) -> bool:
    """Whether the hub may know of the affiliation.

    Relations that are no membership need the person's agreement (PIPL article 23); membership itself is
    shared unless the person refused.
    """
    return consent is True if kind.needs_consent else consent is not False


def on_roll(standing: str) -> bool:
    """Everybody but those who left."""
    return standing != "left"


def standing_after(standing: str, step: Literal["retain", "resume", "restore"]) -> Standing | None:
    """The standing a step leads to, None when it cannot be taken from here."""
    allowed: dict[tuple[str, str], Standing] = {
        ("active", "retain"): "retained",
        ("pending", "resume"): "active",
        ("retained", "resume"): "active",
        ("left", "restore"): "active",
    }
    return allowed.get((standing, step))
