"""History in plain sentences, made from facts and masked values when it is shown."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from shared.kit.web import gettext as _
from shared.kit.web import translate as say_again
from shared.kit.web.filters import day
from shared.org.kit import OrgKit
from shared.org.members.models import MemberChange
from shared.org.past import Step

SHOWN = 100
TAKEN_BACK = "整批撤回导入"
"""the reason under which an import takes back what it changed"""


async def history_of(session: AsyncSession, org: OrgKit, member_id: UUID, limit: int = SHOWN) -> list[Step]:
    """What happened, newest first."""
    query = select(MemberChange).where(MemberChange.member_id == member_id).order_by(MemberChange.id.desc())
    changes = list(await session.scalars(query.limit(limit)))
    return [sentence(org, change, newest=i == 0) for i, change in enumerate(changes)]


def sentence(org: OrgKit, change: MemberChange, *, newest: bool = False) -> Step:
    """One change in words."""
    say = _TEXTS.get(change.fact)
    text = say(org, change) if say else change.fact
    quiet = change.fact in {"looked_up", "revealed"}
    return Step(change.at, text, _detail(change), "quiet" if quiet else "now" if newest else "")


def _detail(change: MemberChange) -> str:
    parts = [
        _("%(title)s：%(old)s 改为 %(new)s") % {key: say_again(f[key]) for key in ("title", "old", "new")}
        for f in _fields(change.detail)
    ]
    if doubts := _doubts(change):
        parts.append(doubts)
    if change.fact == "looked_up":
        parts.append(_("查看人 %(who)s") % {"who": change.actor})
    if change.reason and change.fact != "looked_up":
        parts.append(_("原因：%(reason)s") % {"reason": say_again(change.reason)})
    if change.fact in {
        "moved",
        "left",
        "restored",
        "retained",
        "resumed",
        "consented",
        "withdrawn",
        "unasked",
    }:
        parts.append(_("经办人 %(who)s") % {"who": change.actor})
    return "　".join(parts)


def _doubts(change: MemberChange) -> str:
    doubts = "；".join(change.detail.get("doubts", ()))
    return _("须核对：%(doubts)s") % {"doubts": say_again(doubts)} if doubts else ""


def _fields(detail: Mapping[str, Any]) -> Sequence[Mapping[str, str]]:
    fields: Sequence[Mapping[str, str]] = detail.get("fields", ())
    return fields


def _admitted(org: OrgKit, change: MemberChange) -> str:
    given = {"who": change.actor, "unit": change.detail.get("unit", ""), "admit": org.profile.terms.admit}
    if change.batch_id:
        return _("%(who)s导入花名册时登记，单位是%(unit)s。") % given
    return _("%(who)s登记，单位是%(unit)s。") % given


def _changed(org: OrgKit, change: MemberChange) -> str:
    del org
    titles = say_again("、".join(f["title"] for f in _fields(change.detail)))
    given = {"who": change.actor, "titles": titles}
    if change.reason == TAKEN_BACK:
        return _("%(who)s撤回导入，%(titles)s恢复为导入前的内容。") % given
    if change.batch_id:
        return _("%(who)s导入花名册时更正了%(titles)s。") % given
    return _("%(who)s更正了%(titles)s。") % given


def _left(org: OrgKit, change: MemberChange) -> str:
    return _("%(leave)s，日期%(on)s。") % {
        "leave": say_again(org.profile.terms.leave),
        "on": day(date.fromisoformat(on)) if (on := change.detail.get("on")) else "",
    }


_TEXTS: Mapping[str, Callable[[OrgKit, MemberChange], str]] = {
    "admitted": _admitted,
    "changed": _changed,
    "left": _left,
    "moved": lambda _org, c: (
        _("从%(old)s调整到%(new)s。") % {"old": c.detail.get("from"), "new": c.detail.get("to")}
    ),
    "restored": lambda _org, _change: _("恢复在册。"),
    "retained": lambda org, _change: say_again(org.policy.standings.get("retained", "保留")) + _("。"),
    "resumed": lambda _org, c: _("核对无误。") if c.detail.get("was") == "pending" else _("恢复正常。"),
    "consented": lambda _org, _change: _("本人同意向协同平台提供信息。"),
    "withdrawn": lambda _org, _change: _("本人不同意向协同平台提供信息，已从平台撤下。"),
    "unasked": lambda _org, _change: _("是否同意向协同平台提供信息，恢复为未询问。"),
    "revealed": lambda _org, c: _("%(who)s查看了完整信息。") % {"who": c.actor},
    "looked_up": lambda _org, c: (
        _("%(office)s查看了资料，用途为%(purpose)s。")
        % {"office": c.detail.get("office", ""), "purpose": c.reason or ""}
    ),
}
