"""What may stand only once on the roll: persons (by policy) and card numbers."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from sqlalchemy import or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from shared.kit.errors import Refused
from shared.org.bulk import among
from shared.org.kit import OrgKit
from shared.org.members.models import Member
from shared.org.members.newcomers import Newcomer
from shared.org.units import Unit, in_scope

ELSEWHERE = "本组织其他单位"


async def refuse_taken(
    session: AsyncSession, org: OrgKit, members: Sequence[Member | Newcomer], *, scope: str = ""
) -> None:
    """Refused when a person or a card is on the roll already, or twice among these; tells where.

    A unit outside the asker's scope stays unnamed.
    """
    _refuse_twice(org, members)
    keys = {m.exclusive_key: i for i, m in enumerate(members) if m.exclusive_key}
    cards = {m.card_no: i for i, m in enumerate(members) if m.card_no}
    if not keys and not cards:
        return
    query = (
        select(Member.id, Member.exclusive_key, Member.card_no, Unit)
        .join(Unit, Unit.id == Member.unit_id)
        .where(Member.standing != "left")
        .where(or_(among(Member.exclusive_key, keys), among(Member.card_no, cards)))
    )
    with session.no_autoflush:  # what changes may be pending in this session already
        found = (await session.execute(query)).all()
    mine = {m.id for m in members}
    for member_id, key, card, unit in found:
        if member_id in mine:
            continue
        if key is not None and key in keys:
            where_held = f"单位：{unit.name}" if in_scope(unit.path, scope) else f"在{ELSEWHERE}"
            raise Refused(
                f"{members[keys[key]].name}已在{org.profile.terms.roll}，{where_held}",
                hint="若是调动，请办理单位调整，不要重复登记。",
                rows=[keys[key]],
            )
        taken = f"{org.profile.terms.card}已被使用"
        holder = f"“{unit.name}”" if in_scope(unit.path, scope) else ELSEWHERE
        raise Refused(
            f"{taken}，持有人在{holder}",
            hint="请核对编号。",
            fields={"card_no": taken},
            rows=[cards[str(card)]],
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
