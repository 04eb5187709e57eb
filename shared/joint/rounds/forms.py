"""The form of a wish: from what was typed to what is meant."""

from typing import Annotated
from uuid import UUID

from fastapi import Form
from pydantic import ValidationError

from shared.contracts.rounds import WishIn
from shared.kit.calendar import STEP
from shared.kit.errors import Invalid
from shared.kit.pii.free_text import word_faults
from shared.kit.types import FreeText200, SearchText

Words = Annotated[FreeText200, Form()]
BLANK_WISH = {
    **dict.fromkeys(("wish_id", "venue", "weekday", "on", "title", "people"), ""),
    "opens": "9:00", "closes": "11:00", "rank": "1",
}  # fmt: skip
WRONG = {
    "venue": "请选择场地", "title": "请填写用途，最多60字", "weekday": "请选择每周的一天，或填写一个日期",
    "on": "日期不正确", "rank": "请填写1到40的整数", "people": "请填写不超过100000的整数",
}  # fmt: skip
"""What to say of a field of a wish that is not valid."""


def minute(text: str, field: str) -> int:
    """`9:30` -> 570; Invalid names the field."""
    hour, colon, rest = text.replace("：", ":").strip().partition(":")
    digits = hour.isascii() and hour.isdigit() and rest.isascii() and rest.isdigit() and len(hour + rest) < 5
    found = int(hour) * 60 + int(rest) if colon and digits else -1
    if not 0 <= found <= 24 * 60 or found % STEP:
        raise Invalid("时间不正确", fields={field: f"请按“9:00”的样式填写，{STEP}分钟的整倍数"})
    return found


async def wish(
    wish_id: Annotated[UUID, Form()],
    venue: Annotated[SearchText, Form()] = "",
    weekday: Annotated[SearchText, Form()] = "",
    on: Annotated[SearchText, Form()] = "",
    opens: Annotated[SearchText, Form()] = "",
    closes: Annotated[SearchText, Form()] = "",
    rank: Annotated[SearchText, Form()] = "",
    title: Words = "",
    people: Annotated[SearchText, Form()] = "",
) -> dict[str, str]:
    """What stands in the fields of a wish; shown again when it is refused."""
    return {
        "wish_id": str(wish_id), "venue": venue, "weekday": weekday, "on": on, "opens": opens,
        "closes": closes, "rank": rank, "title": title, "people": people,
    }  # fmt: skip


def meant_wish(typed: dict[str, str]) -> WishIn:
    """The wish the fields describe. Invalid names every field that is wrong."""
    faults = word_faults(title=typed["title"])
    opens = faults.read(lambda: minute(typed["opens"], "opens"))
    closes = faults.read(lambda: minute(typed["closes"], "closes"))
    if opens is not None and closes is not None and closes <= opens:
        faults["closes"] = "结束时间应晚于开始时间"
    if typed["on"] and typed["weekday"]:
        faults["on"] = "每周和只要一天，只能填一样"
    if not typed["on"] and not typed["weekday"]:
        faults["weekday"] = WRONG["weekday"]
    values = {
        "wish_id": typed["wish_id"], "venue_id": typed["venue"], "on": typed["on"] or None,
        "weekday": typed["weekday"] or None, "opens": opens or 0, "closes": closes or 1440,
        "rank": typed["rank"], "title": typed["title"], "people": typed["people"] or 0,
    }  # fmt: skip
    try:
        meant = WishIn.model_validate(values)
    except ValidationError as error:
        wrong = [str(e["loc"][0]).removesuffix("_id") for e in error.errors() if e["loc"]]
        said = {name: WRONG[name] for name in wrong if name in WRONG}
        raise Invalid("请检查填写的内容", fields={**said, **faults}) from None
    faults.refuse()
    return meant
