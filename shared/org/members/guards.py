"""What may stand only once on the roll: persons (by policy) and card numbers."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from shared.kit.errors import Refused
from shared.kit.pii import mask_name
from shared.org.bulk import among
from shared.org.kit import OrgKit
from shared.org.members.models import Member
from shared.org.members.newcomers import Newcomer
from shared.org.units import Unit, in_scope

ELSEWHERE = "本组织其他单位"
ASK = "持有人不在您的管理范围内，请联系上级单位核实。"


def held_by(name: str, member_id: UUID, unit: Unit, scope: str) -> tuple[str, dict[str, Any]]:
    """Who holds the place, for a title; and the record to open. Outside the asker's scope: neither."""
    if in_scope(unit.path, scope):
        return f"{mask_name(name)}，单位：{unit.name}", {"member": str(member_id)}
    return ELSEWHERE, {}


async def refuse_taken(
    session: AsyncSession, org: OrgKit, members: Sequence[Member | Newcomer], *, scope: str = ""
) -> None:
    """Refused when a person or a card is on the roll already, or twice among these; tells who holds it."""
    _refuse_twice(org, members)
    keys = {m.exclusive_key: i for i, m in enumerate(members) if m.exclusive_key}
    cards = {m.card_no: i for i, m in enumerate(members) if m.card_no}
    if not keys and not cards:
        return
    query = (
        select(Member.id, Member.name, Member.exclusive_key, Member.card_no, Unit)
        .join(Unit, Unit.id == Member.unit_id)
        .where(Member.standing != "left")
        .where(or_(among(Member.exclusive_key, keys), among(Member.card_no, cards)))
    )
    with session.no_autoflush:  # what changes may be pending in this session already
        found = (await session.execute(query)).all()
    mine = {m.id for m in members}
    for member_id, name, key, card, unit in found:
        if member_id in mine:
            continue
        holder, record = held_by(name, member_id, unit, scope)
        if key is not None and key in keys:
            raise Refused(
                f"此人已在{org.profile.terms.roll}，登记为：{holder}" if record else f"此人已在{holder}登记",
                hint="若是调动，请办理单位调整，不要重复登记。" if record else ASK,
                rows=[keys[key]],
                **record,
            )
        taken = f"{org.profile.terms.card}已被使用"
        raise Refused(
            f"{taken}，持有人：{holder}",
            hint="请核对编号。" if record else ASK,
            fields={"card_no": taken},
            rows=[cards[str(card)]],
            **record,
        )


def _refuse_twice(org: OrgKit, members: Sequence[Member | Newcomer]) -> None:
    persons: dict[str, int] = {}
    cards: dict[str, int] = {}
    for position, member in enumerate(members):
        if member.exclusive_key and persons.setdefault(member.exclusive_key, position) != position:
            raise Refused(f"{member.name}在同一批中出现两次", rows=[persons[member.exclusive_key], position])
        if member.card_no and cards.setdefault(member.card_no, position) != position:
            raise Refused(
                f"同一批中有两人的{org.profile.terms.card}相同", rows=[cards[member.card_no], position]
            )


@contextmanager
def told_apart() -> Iterator[None]:
    """Who came in between onto the same place is told apart from a fault."""
    try:
        yield
    except IntegrityError as error:
        if "uq_member_" not in str(error.orig):
            raise
        raise Refused("此人或这个编号刚刚已被登记", hint="请查找名册后再办理。") from error
