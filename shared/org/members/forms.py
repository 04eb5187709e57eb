"""The form of one person: which fields it has, what stands in them, what an empty one means."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.datastructures import FormData

from shared.kit.pii import mask_card
from shared.kit.web import gettext as _
from shared.kit.web.filters import month
from shared.org.kit import OrgKit
from shared.org.members.models import Member
from shared.org.members.reading import LONGEST_FACT, LONGEST_POST, field_titles
from shared.org.members.state import identity_mask
from shared.org.policy import OwnField

LONGEST_CELL = 200
SECRET = ("birth", "identity", "phone", "card_no")
"""Of a known person never shown in full in a form: empty keeps what is stored, a box empties it."""


@dataclass(frozen=True)
class Input:
    """One input. `kind`: text, date or choice; `now`: what is stored of a secret, masked."""

    code: str
    title: str
    kind: str = "text"
    options: tuple[tuple[str, str], ...] = ()
    required: bool = False
    either: bool = False
    """needed unless another of these is given"""
    longest: int = LONGEST_POST
    hint: str = ""
    now: str = ""


@dataclass(frozen=True)
class Typed:
    """What somebody sent: cells by code, and the codes to empty."""

    cells: Mapping[str, str]
    clear: frozenset[str] = field(default_factory=frozenset)


def inputs(org: OrgKit, member: Member | None = None) -> list[Input]:
    """The form's inputs in order; for a known person secrets show masked beside their empty inputs."""
    titles = field_titles(org)
    kinds = tuple((k.code, k.title) for k in org.policy.kinds)
    answers = (("", _("未询问")), ("是", _("同意")), ("否", _("不同意")))
    now = masked(member) if member else dict.fromkeys(SECRET, "")
    made = {
        "name": Input("name", titles["name"], required=True),
        "sex": Input("sex", titles["sex"], "choice", (("", "—"), ("女", _("女")), ("男", _("男")))),
        "birth": Input(
            "birth", titles["birth"], "date", either=True, now=now["birth"], hint=_("有身份证号码时可不填")
        ),
        "identity": Input(
            "identity",
            titles["identity"],
            either=True,
            longest=40,
            now=now["identity"],
            hint=_("没有号码的，须填写出生日期"),
        ),
        "phone": Input("phone", titles["phone"], longest=40, now=now["phone"]),
        "kind": Input("kind", titles["kind"], "choice", kinds, required=True),
        "post": Input("post", titles["post"]),
        "card_no": Input("card_no", titles["card_no"], longest=40, now=now["card_no"]),
        "joined_on": Input("joined_on", titles["joined_on"], "date"),
        "consent": Input("consent", _("向协同平台提供信息"), "choice", answers, hint=_("须由本人答复")),
    }
    return [*made.values(), *(_own(own) for own in org.policy.own_fields)]


def _own(own: OwnField) -> Input:
    if own.kind == "flag":
        return Input(own.code, own.title, "choice", (("", "—"), ("是", _("是")), ("否", _("否"))))
    if own.kind == "choice":
        return Input(own.code, own.title, "choice", (("", "—"), *own.choices.items()))
    return Input(own.code, own.title, own.kind, longest=LONGEST_FACT)


def masked(member: Member) -> dict[str, str]:
    """What may be seen of the secrets without a reason given; empty where nothing is stored."""
    return {
        "birth": month(member.birth) if member.birth else "",
        "identity": identity_mask(member) or "",
        "phone": member.phone_mask or "",
        "card_no": mask_card(member.card_no) if member.card_no else "",
    }


def values_of(org: OrgKit, member: Member, facts: Mapping[str, Any]) -> dict[str, str]:
    """What stands in the inputs for a known person."""
    values = {
        "name": member.name,
        "sex": {"f": "女", "m": "男"}.get(member.sex or "", ""),
        "kind": member.kind,
        "post": member.post or "",
        "joined_on": member.joined_on.isoformat() if member.joined_on else "",
        "consent": {True: "是", False: "否", None: ""}[member.consent],
    }
    for own in org.policy.own_fields:
        value = facts.get(own.code)
        flag = {True: "是", False: "否"}
        values[own.code] = "" if value is None else flag[value] if own.kind == "flag" else str(value)
    return values


def typed_in(org: OrgKit, form: FormData) -> Typed:
    """The cells of a sent form. An input that was shown filled and comes back empty is to be emptied."""
    codes = [i.code for i in inputs(org)]
    cells = {code: str(form.get(code) or "")[:LONGEST_CELL] for code in codes}
    emptied = {c for c in codes if not cells[c].strip() and c not in {*SECRET, "name", "kind", "consent"}}
    asked = {c for c in SECRET if form.get(f"clear_{c}") and not cells[c].strip()}
    return Typed(cells, frozenset(emptied | asked))
