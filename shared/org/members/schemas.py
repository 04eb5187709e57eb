"""What enters and leaves by the API of members."""

from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from shared.contracts.members import Standing
from shared.kit.pii import mask_card
from shared.kit.types import (
    Day,
    FreeText200,
    Int64,
    OptionalDay,
    OptionalText60,
    OptionalText200,
    PageCursor,
    SearchText,
    Text60,
    Text200,
    in_order,
)
from shared.org.kit import OrgKit
from shared.org.members.kinds import kind_of, standing_title
from shared.org.members.listing import Filters, Row, Sort
from shared.org.members.state import identity_mask

_EXAMPLE: dict[str, Any] = {
    "unit_id": "019f0000-0000-7000-8000-000000000001",
    "fields": {
        "name": "单文慧",
        "identity": "519901200506150028",
        "phone": "12000000101",
        "joined_on": "2024-10-08",
    },
}


def _blank(value: Any) -> Any:
    return None if value == "" else value


Blank = BeforeValidator(_blank)
Age = Annotated[int | None, Field(ge=0, le=150), Blank]
Choice = OptionalText60
Flag = Annotated[bool | None, Blank]


class RollQuery(BaseModel):
    """Filters of the roll as an address carries them: never a name or a number."""

    model_config = ConfigDict(extra="ignore")

    unit: Annotated[UUID | None, Blank] = None
    only_here: bool = False
    standing: Literal["on_roll", "all", "active", "retained", "pending", "left"] = "on_roll"
    kind: Choice = None
    sex: Annotated[Literal["f", "m"] | None, Blank] = None
    age_from: Age = None
    age_to: Age = None
    phone: Flag = None
    identity: Flag = None
    consent: Annotated[Literal["yes", "no", "unasked"] | None, Blank] = None
    joined_from: OptionalDay = None
    joined_to: OptionalDay = None
    born_to: OptionalDay = None
    post: Flag = None
    batch: Annotated[UUID | None, Blank] = None
    q: Annotated[UUID | None, Blank] = None
    sort: Sort = "changed"
    after: PageCursor = ""

    @model_validator(mode="after")
    def forwards(self) -> "RollQuery":
        """40 to 20 means 20 to 40."""
        self.age_from, self.age_to = in_order(self.age_from, self.age_to)
        self.joined_from, self.joined_to = in_order(self.joined_from, self.joined_to)
        return self

    def filters(self, path: str) -> Filters:
        """These as filters; `path` is the chosen unit's."""
        same = {code: getattr(self, code) for code in Filters.__dataclass_fields__ if code != "path"}
        return Filters(path=path, **same)


class RollPage(RollQuery):
    """With what is looked for in the tree beside the list."""

    find: SearchText = ""


class StrictRollQuery(RollQuery):
    """The same for programs: a misspelt filter is refused, not left out of the question."""

    model_config = ConfigDict(extra="forbid")


class MemberOut(BaseModel):
    """One person, masked."""

    id: UUID
    version: int
    unit_id: UUID
    unit_names: tuple[str, ...]
    kind: str
    kind_title: str
    standing: Standing
    standing_title: str
    name: str
    former_names: tuple[str, ...]
    sex: Literal["f", "m"] | None
    birth_month: str | None
    """year and month; the day stays with who may see whole numbers"""
    identity_mask: str | None
    phone_mask: str | None
    card_mask: str | None
    post: str | None
    joined_on: date | None
    left_on: date | None
    left_reason: str | None
    consent: bool | None
    facts: dict[str, Any] = {}

    @staticmethod
    def of(org: OrgKit, row: Row, facts: dict[str, Any] | None = None) -> "MemberOut":
        """The person as the API shows them."""
        m = row.member
        made: dict[str, Any] = {
            "unit_names": tuple(row.unit.names),
            "kind_title": kind_of(org, m.kind).title,
            "standing_title": standing_title(org, m.standing, m.kind),
            "birth_month": f"{m.birth:%Y-%m}" if m.birth else None,
            "identity_mask": identity_mask(m),
            "card_mask": mask_card(m.card_no) if m.card_no else None,
            "facts": facts or {},
        }
        same = {code: getattr(m, code) for code in MemberOut.model_fields if code not in made}
        return MemberOut(**same, **made)


class MemberList(BaseModel):
    """One page; `next` and `previous` are cursors for `after`."""

    items: list[MemberOut]
    total: int | None
    total_is_capped: bool
    previous: str | None
    next: str | None


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [_EXAMPLE]})


Cells = Annotated[dict[Text60, FreeText200 | bool | None], Field(max_length=40)]


class MemberIn(_In):
    """Somebody to admit: cells as a form would send them, by field code."""

    unit_id: UUID
    fields: Cells
    reason: OptionalText200 = None


class MemberPatch(BaseModel):
    """What changes; `clear` names fields to empty. `version` is the one that was read."""

    model_config = ConfigDict(extra="forbid")

    version: Int64
    unit_id: UUID | None = None
    fields: Cells = {}
    clear: Annotated[tuple[Text60, ...], Field(max_length=40)] = ()
    reason: OptionalText200 = None


class MemberLeave(BaseModel):
    """The end of an affiliation."""

    model_config = ConfigDict(extra="forbid")

    left_on: Day
    reason: Text200


class Search(BaseModel):
    """What to look for: sent in the body, because names and numbers do not belong in an address."""

    model_config = ConfigDict(extra="forbid")

    text: Text200
