"""The form of a new round: from what was typed to what is meant."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Form
from pydantic import ValidationError

from shared.joint.rounds.forms import Words, minute
from shared.kit import clock
from shared.kit.clock import CHINA
from shared.kit.errors import Faults, Invalid
from shared.kit.pii.free_text import word_faults
from shared.kit.types import OptionalDay, SearchText
from shared.org.rounds.rules import period_faults
from shared.org.rounds.schemas import NewRound

BLANK: dict[str, Any] = {
    **dict.fromkeys(("title", "note", "first", "last", "closes_on"), ""), "venues": (), "closes_at": "18:00"
}  # fmt: skip

WRONG = {
    "venues": "请至少选择一个场地", "title": "请填写名称，最多60字", "first": "请填写使用期间",
    "last": "请填写使用期间",
}  # fmt: skip
"""What to say of a field of a round that is not valid."""


def moment(on: date | None, at: str) -> datetime:
    """A day and `18:00` in China."""
    faults = Faults({} if on else {"closes_on": "请填写截止日期"})
    minutes = faults.read(lambda: minute(at or "18:00", "closes_at"))
    faults.refuse()
    assert on is not None
    assert minutes is not None
    return datetime(on.year, on.month, on.day, minutes // 60 % 24, minutes % 60, tzinfo=CHINA)


def why(reason: str) -> str:
    """The reason, which must be given."""
    if not reason:
        raise Invalid("请写明原因", fields={"reason": "请写明原因"})
    return reason


def undoing(closes_on: date | None, closes_at: str, reason: str) -> tuple[datetime, str]:
    """Until when wishes may be entered again, and why. Invalid names every field that is wrong."""
    faults = Faults()
    until, said = faults.read(lambda: moment(closes_on, closes_at)), faults.read(lambda: why(reason))
    faults.refuse()
    assert until is not None
    assert said is not None
    return until, said


async def new_round(
    title: Words = "",
    note: Words = "",
    venues: Annotated[list[UUID] | None, Form()] = None,
    first: Annotated[OptionalDay, Form()] = None,
    last: Annotated[OptionalDay, Form()] = None,
    closes_on: Annotated[OptionalDay, Form()] = None,
    closes_at: Annotated[SearchText, Form()] = "",
) -> dict[str, Any]:
    """What stands in the fields of a new round."""
    return {
        "title": title, "note": note, "venues": venues or [], "first": first, "last": last,
        "closes_on": closes_on, "closes_at": closes_at,
    }  # fmt: skip


def meant(typed: dict[str, Any]) -> NewRound:
    """The round the fields describe. Invalid names every field that is wrong."""
    given = {k: typed[k] for k in ("title", "note", "venues", "first", "last")}
    faults = word_faults(title=typed["title"], note=typed["note"])
    closes = faults.read(lambda: moment(typed["closes_on"], typed["closes_at"]))
    faults.update(period_faults(typed["first"], typed["last"], closes, now=clock.now()))
    try:
        new = NewRound.model_validate({**given, "closes_at": closes or clock.now()})
    except ValidationError as error:
        wrong = {str(e["loc"][0]) for e in error.errors()}
        raise Invalid(
            "请检查填写的内容", fields={**{name: WRONG[name] for name in wrong}, **faults}
        ) from None
    faults.refuse()
    return new
