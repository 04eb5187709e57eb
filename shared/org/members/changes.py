"""What is different between a member and an entry: pure, masked, in words."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from uuid import UUID

from shared.kit.pii import mask_card, mask_identity, mask_phone
from shared.org.kit import OrgKit
from shared.org.members.kinds import kind_of
from shared.org.members.models import Member
from shared.org.members.reading import field_titles
from shared.org.members.state import identity_mask
from shared.org.policy import Entry, OwnField
from shared.org.units import Unit

SEXES = {"f": "女", "m": "男"}
NOTHING = "（空）"


@dataclass(frozen=True)
class FieldChange:
    """One field that changes; the values are masked and may be stored and shown."""

    field: str
    title: str
    old_masked: str
    new_masked: str


def difference(
    org: OrgKit,
    member: Member,
    facts: Mapping[str, Any],
    entry: Entry,
    *,
    clear: frozenset[str] = frozenset(),
    units: Mapping[UUID, Unit] | None = None,
) -> list[FieldChange]:
    """What the entry would change; empty = the same. What it leaves empty stays unless in `clear`."""
    entry = with_known_days(member, facts, entry)
    titles = {**field_titles(org), "unit": "单位"}
    pairs = [*_common(org, member, entry, clear), *_numbers(org, member, entry, clear)]
    for own in org.policy.own_fields:
        old, new = facts.get(own.code), entry.facts.get(own.code)
        if new is None and own.code not in clear:
            continue
        if old != new:
            pairs.append((own.code, fact_text(own, old), fact_text(own, new)))
    if entry.unit_id != member.unit_id:
        pairs.append(("unit", _unit_name(units, member.unit_id), _unit_name(units, entry.unit_id)))
    return [FieldChange(code, titles[code], old or NOTHING, new or NOTHING) for code, old, new in pairs]


def with_known_days(member: Member, facts: Mapping[str, Any], entry: Entry) -> Entry:
    """The entry with the days known of its dates written to the month: a month contradicts no day in it."""
    old = {"joined_on": member.joined_on, **facts}
    new = {"joined_on": entry.joined_on, **entry.facts}
    known = {c: old[c] for c in entry.months if old.get(c) and _month(old[c]) == _month(new[c])}
    joined_on = known.pop("joined_on", entry.joined_on)
    return replace(entry, joined_on=joined_on, facts={**entry.facts, **known}) if entry.months else entry


def _month(day: date) -> tuple[int, int]:
    return day.year, day.month


def _common(org: OrgKit, member: Member, entry: Entry, clear: frozenset[str]) -> list[tuple[str, str, str]]:
    out: list[tuple[str, str, str]] = []
    if entry.name != member.name:
        out.append(("name", member.name, entry.name))
    if entry.kind_given and entry.kind != member.kind:
        out.append(("kind", kind_of(org, member.kind).title, kind_of(org, entry.kind).title))
    for code, text in _TEXTS.items():
        old, new = getattr(member, code), getattr(entry, code)
        if (new is not None or code in clear) and old != new:
            out.append((code, text(old), text(new)))
    if (entry.consent is not None or "consent" in clear) and entry.consent != member.consent:
        out.append(("consent", consent_text(member.consent), consent_text(entry.consent)))
    return out


def _numbers(org: OrgKit, member: Member, entry: Entry, clear: frozenset[str]) -> list[tuple[str, str, str]]:
    out: list[tuple[str, str, str]] = []
    if entry.identity is not None:
        if org.tokens.identity_token(entry.identity) != member.identity_token:
            out.append(("identity", identity_mask(member) or "", mask_identity(entry.identity.number)))
    elif "identity" in clear and member.identity_token is not None:
        out.append(("identity", identity_mask(member) or "", ""))
    if entry.phone is not None:
        if org.tokens.phone_token(entry.phone) != member.phone_token:
            out.append(("phone", member.phone_mask or "", mask_phone(entry.phone)))
    elif "phone" in clear and member.phone_token is not None:
        out.append(("phone", member.phone_mask or "", ""))
    return out


def consent_text(consent: bool | None) -> str:
    """The agreement to be shown at the hub, in words."""
    return {True: "同意", False: "不同意", None: "未询问"}[consent]


def day_text(value: date | None) -> str:
    """2014年10月8日."""
    return f"{value.year}年{value.month}月{value.day}日" if value else ""


def fact_text(own: OwnField, value: Any) -> str:
    """An own fact in words."""
    if value is None:
        return ""
    if own.kind == "flag":
        return "是" if value else "否"
    if own.kind == "choice":
        return own.choices.get(str(value), str(value))
    return day_text(value) if isinstance(value, date) else str(value)


def _birth_text(value: date | None) -> str:
    # the day of birth stays out of the history: year and month tell enough
    return f"{value.year}年{value.month}月*日" if value else ""


_TEXTS = {
    "sex": lambda v: SEXES.get(v or "", ""),
    "birth": _birth_text,
    "card_no": lambda v: mask_card(v) if v else "",
    "post": lambda v: v or "",
    "joined_on": day_text,
}


def _unit_name(units: Mapping[UUID, Unit] | None, unit_id: UUID) -> str:
    unit = (units or {}).get(unit_id)
    return unit.name if unit else "另一单位"
