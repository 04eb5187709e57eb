"""What somebody typed into the search box: kept encrypted for a while, and turned into a condition."""

import re
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, and_, delete, false, func, literal_column, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from shared.kit import audit, clock
from shared.kit.errors import NotFound
from shared.kit.pagination import Page
from shared.kit.pii import (
    PersonalDataError,
    fold,
    fold_pinyin,
    name_key,
    name_keys,
    normalise_card,
    parse_identity,
    parse_phone,
)
from shared.kit.staff import Staff
from shared.org.kit import OrgKit
from shared.org.members.filling import SHORTEST_GIVEN
from shared.org.members.listing import Row
from shared.org.members.models import Member, MemberKey, MemberQuery

QUERY = "member.query"
LAST_CHARACTER = "\U0010ffff"
KEPT = timedelta(hours=12)
_TAIL = re.compile(r"([^\x00-\x7f]*)\**((?=[A-Z]*[0-9])[0-9A-Z]{4})([^\x00-\x7f]*)")
_MASK = re.compile(r"([0-9A-Z-]+)\*{4}([0-9A-Z]{4})")
_LETTERS = re.compile(r"[a-z]+")
_MIXED = re.compile(r"([^\x00-\x7f]+?)\s*([a-zA-Z' ]+)")


async def remember(session: AsyncSession, org: OrgKit, staff: Staff, typed: str) -> UUID:
    """Keep the typed text and give the id that may stand in an address; old ones go."""
    await session.execute(delete(MemberQuery).where(MemberQuery.at < clock.now() - KEPT))
    row = MemberQuery(
        staff_id=staff.id, typed=org.kit.cipher.encrypt(typed, f"{QUERY}:{staff.id}"), at=clock.now()
    )
    session.add(row)
    await session.flush()
    return row.id


async def recall(session: AsyncSession, org: OrgKit, staff: Staff, query_id: UUID) -> str:
    """The typed text; only who typed it can have it back."""
    row = await session.scalar(
        select(MemberQuery).where(MemberQuery.id == query_id, MemberQuery.staff_id == staff.id)
    )
    if row is None or row.at < clock.now() - KEPT:
        raise NotFound("这次查找已经过期", hint="请重新输入要查找的内容。")
    return org.kit.cipher.decrypt(row.typed, f"{QUERY}:{staff.id}")


def note_search(session: AsyncSession, staff: Staff, page: Page[Row]) -> None:
    """On record: that somebody searched and how many were found, never what was typed."""
    audit.record(session, actor=staff, action="member.searched", detail={"people": page.total})


def found_by(org: OrgKit, typed: str) -> ColumnElement[bool]:
    """Name (also traditional), pinyin, initials, phone, identity or card number, its mask or last four."""
    text = typed.strip()
    folded = fold(text)
    if mask := _MASK.fullmatch(folded):
        return _masked(folded, mask[1], mask[2])
    if tail := _TAIL.fullmatch(folded):
        return _ending(tail[2], tail[1] + tail[3])
    if any(c.isdigit() for c in text):
        return or_(false(), *_numbers(org, text))
    letters = fold_pinyin(text)
    if _LETTERS.fullmatch(letters):
        return or_(_key("p", letters), _key("i", letters))
    return _by_name(text)


def _masked(mask: str, begins: str, last4: str) -> ColumnElement[bool]:
    """By what a page shows of a phone (138****1234) or a card (5101 **** 3211)."""
    phone = and_(Member.phone_last4 == last4, Member.phone_mask == mask)
    return or_(phone, and_(_card_ends(last4), Member.card_no.startswith(begins)))


def _ending(last4: str, name: str) -> ColumnElement[bool]:
    """By the end of a number, alone, behind the stars of its mask, or with the name beside it."""
    ends = or_(Member.phone_last4 == last4, Member.identity_last4 == last4, _card_ends(last4))
    return and_(ends, _by_name(name)) if name else ends


def _card_ends(last4: str) -> ColumnElement[bool]:
    # the very expression of its index: a parameter in the place of 4 would be another
    return func.right(Member.card_no, literal_column("4")) == last4


def _by_name(text: str) -> ColumnElement[bool]:
    """Written, or half written and half spelt; a name nobody can have is nobody's."""
    try:
        if mixed := _MIXED.fullmatch(text):
            return _begun(mixed[1], fold_pinyin(mixed[2]))
        return _named(name_key(text))
    except PersonalDataError:
        return false()


def _named(key: str) -> ColumnElement[bool]:
    """By characters, from the surname or from the given name on."""
    return or_(_key("n", key), _key("g", key)) if len(key) >= SHORTEST_GIVEN else _key("n", key)


def _begun(begun: str, letters: str) -> ColumnElement[bool]:
    """The first signs as written, the rest as pinyin or initials: 缪han, 缪hm."""
    keys = name_keys(begun)
    spelt = [_key("p", pinyin + letters) for pinyin in keys.pinyins]
    short = [_key("i", initials + letters) for initials in keys.initials]
    return and_(_key("n", keys.key), or_(*spelt, *short))


def _key(kind: str, start: str) -> ColumnElement[bool]:
    # a range, not LIKE: with a parameter the planner cannot turn LIKE into a look into the index
    query = select(MemberKey.member_id).where(
        MemberKey.kind == kind, MemberKey.key >= start, MemberKey.key < start + LAST_CHARACTER
    )
    return Member.id.in_(query)


def _numbers(org: OrgKit, text: str) -> list[ColumnElement[bool]]:
    """Every kind of number the text may be; a check digit that is wrong finds nothing."""
    out: list[ColumnElement[bool]] = []
    makers: tuple[Callable[[], ColumnElement[bool]], ...] = (
        lambda: Member.phone_token == org.tokens.phone_token(parse_phone(text, synthetic=org.synthetic)),
        lambda: (
            Member.identity_token == org.tokens.identity_token(parse_identity(text, synthetic=org.synthetic))
        ),
        lambda: Member.card_no == normalise_card(text),
    )
    for make in makers:
        try:
            out.append(make())
        except PersonalDataError:
            continue
    return out
