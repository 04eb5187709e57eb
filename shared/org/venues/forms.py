"""The form of one venue: from what was typed to what is meant, and back."""

import re
from collections.abc import Iterable
from typing import Any

from pydantic import ValidationError
from starlette.datastructures import FormData

from shared.contracts.venues import Hours, OpenException, Opening, WeekdayHours
from shared.kit.errors import Invalid
from shared.kit.types import Day
from shared.kit.web import get_locale
from shared.org.venues.models import Venue
from shared.org.venues.reading import opening_of, sharing_of
from shared.org.venues.rules import read_hours, written_hours
from shared.org.venues.schemas import VenueIn

_MANY = ("functions", "services", "tenants", "partners")
_SHARING = (
    "share", "approval", "notice_hours", "horizon_days", "longest_hours", "quota_hours", "buffer_before",
    "buffer_after", "grace_minutes", "pledge",
)  # fmt: skip
_PLAIN = (
    "name",
    "kind",
    "level",
    "grade",
    "cluster",
    "capacity",
    "address",
    "latitude",
    "longitude",
    "staffing",
    "lead_org",
)
_SEPARATORS = re.compile(r"[、，,;；\s]+")
_USUAL = read_hours("周一至周五 8:30-21:00\n周六至周日 9:00-18:00")
_BLANK: dict[str, Any] = {
    **dict.fromkeys((*_PLAIN, "equipment"), ""),
    **dict.fromkeys(_MANY, ()),
    "hours": "",
    "holidays": "closed",
    "share": "all",
    "approval": "others",
    "notice_hours": 2,
    "horizon_days": 90,
    "longest_hours": 12,
    "quota_hours": "",
    "buffer_before": 0,
    "buffer_after": 0,
    "grace_minutes": "",
    "pledge": "",
}


def blank() -> dict[str, Any]:
    """The fields of a new venue."""
    return {**_BLANK, "hours": _hours_text(_USUAL)}


def typed_in(form: FormData) -> dict[str, Any]:
    """What stands in the fields, to be shown again."""
    one = {key: str(form.get(key, "")).strip() for key in _BLANK if key not in _MANY}
    return {**one, **{key: tuple(str(v) for v in form.getlist(key)) for key in _MANY}}


def shown(venue: Venue) -> dict[str, Any]:
    """The fields of a known venue."""
    opening, sharing = opening_of(venue), sharing_of(venue)
    plain = {key: _text(getattr(venue, key)) for key in _PLAIN}
    return {
        **plain,
        **{key: _text(getattr(sharing, key)) for key in _SHARING},
        "equipment": "、".join(venue.equipment),
        "tenants": tuple(venue.tenants),
        "partners": sharing.partners,
        "functions": tuple(venue.functions),
        "services": tuple(venue.services),
        "hours": _hours_text(opening.weekly),
        "holidays": opening.holidays,
    }


def meant(typed: dict[str, Any], before: Venue | None = None) -> VenueIn:
    """The venue the fields describe; dated exceptions stay as they are. Invalid names the fields."""
    kept = opening_of(before).exceptions if before else ()
    opening = Opening(
        weekly=read_hours(typed["hours"]), holidays=typed["holidays"] or "closed", exceptions=kept
    )
    sharing: dict[str, Any] = {key: typed[key] for key in _SHARING if typed[key] != ""}
    body = {key: typed[key] for key in _PLAIN if typed[key] != ""}
    try:
        return VenueIn.model_validate(
            {
                **body,
                "equipment": tuple(filter(None, _SEPARATORS.split(typed["equipment"]))),
                "tenants": typed["tenants"],
                "functions": typed["functions"],
                "services": typed["services"],
                "opening": opening,
                "sharing": {**sharing, "partners": typed["partners"]},
            }
        )
    except ValidationError as error:
        raise Invalid(
            "请检查填写的内容", fields={str(e["loc"][-1]): _said(e["type"], e["msg"]) for e in error.errors()}
        ) from None


def _hours_text(weekly: Iterable[WeekdayHours]) -> str:
    """In the reader's language: both are read."""
    return written_hours(weekly, english=get_locale() == "en")


def _text(value: object) -> object:
    return "" if value is None else value


def _said(kind: str, message: str) -> str:
    if kind == "missing":
        return "必须填写"
    if kind.startswith(("int", "float")):
        return "请填写数字"
    if "greater" in kind or "less" in kind:
        return "数字不在允许的范围内"
    return message if kind == "forbidden_character" else "填写有误"


class _Dated(OpenException):
    first: Day
    last: Day


_UNFIT = {"first": "请选择日期", "last": "日期不正确", "reason": "最多100字"}


def dated_hours(typed: dict[str, str]) -> OpenException:
    """The dated hours a form describes: no hours means closed. Invalid names the fields."""
    wrong: dict[str, str] = {}
    hours: tuple[Hours, ...] = ()
    try:
        hours = read_hours(f"周一 {typed['spans']}") if typed["spans"] else ()
    except Invalid:
        wrong["spans"] = "请按“9:00-12:00”的样式填写"
    try:
        given = _Dated.model_validate({**typed, "last": typed["last"] or typed["first"], "hours": hours})
    except ValidationError as error:
        fields = [str(e["loc"][0]) for e in error.errors()]
        wrong |= {field: _UNFIT[field] for field in fields if typed[field]} or {"first": _UNFIT["first"]}
    if wrong:
        raise Invalid("请检查填写的内容", fields=wrong)
    return given
