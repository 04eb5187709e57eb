"""Reading persons, evidence and decisions for pages and the API."""

# ruff: noqa: S608 - statements are put together from constants of this module; values are parameters

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.hub.persons.schemas import Affiliated, Decided, Evidence, Linked

MOST = 500
"""Records, pieces of evidence or decisions read for one person: far more than the rules ever connect."""

_AFFILIATED = (
    "select f.id, f.org, f.member_id, b.person_id, f.name, f.former_names, f.standing, f.sex, f.birth_year,"
    " case when u.unit_id is null then f.district else u.district end district, f.shown, u.names, f.told_at"
    " from affiliation f join belonging b on b.affiliation_id = f.id"
    " left join unit u on u.org = f.org and u.unit_id = f.unit_id where not f.withdrawn and "
)
_OF_PERSONS = text(
    _AFFILIATED + "b.person_id = any(:ids)"
    " order by f.standing = 'left', (select o.first_seen_at from organisation o where o.code = f.org), f.org,"
    " f.told_at desc, f.id limit :most"
)
_BY_ID = text(_AFFILIATED + "f.id = any(:ids)")
_EVIDENCE = text(
    "select * from (select a, b, rule, state, since from edge where revoked_at is null and a = any(:ids)"
    " union select a, b, rule, state, since from edge where revoked_at is null and b = any(:ids)) e"
    " order by state <> 'linked', rule, since, a, b limit :most"
)
# verdicts of one decision that shared its fate until now are one line
_DECIDED = (
    "select min(id) id, array_agg(a order by id) firsts, array_agg(b order by id) seconds, says, reason,"
    " by_id, by_name, at, undone_at, undone_by, undone_reason from verdict where {which} group by decision,"
    " says, reason, by_id, by_name, at, undone_at, undone_by, undone_reason order by min(id) desc limit :most"
)
_VERDICTS = text(
    _DECIDED.format(
        which="decision in (select decision from verdict where a = any(:ids)"
        " union select decision from verdict where b = any(:ids))"
    )
)
_NEWEST = "select decision from verdict where undone_at is null order by id desc limit :most"
_STANDING = text(_DECIDED.format(which=f"undone_at is null and decision in ({_NEWEST})"))
_PAST = text(
    "select * from (select a, b, rule, state, since, revoked_at from edge where state = 'linked'"
    " and a = any(:ids) union select a, b, rule, state, since, revoked_at from edge where state = 'linked'"
    " and b = any(:ids)) e"
    " order by coalesce(revoked_at, since) desc limit :most"
)


def _affiliated(row: Any) -> Affiliated:
    values = dict(row)
    shown, names = values.pop("shown"), values.pop("names")
    return Affiliated.model_validate(values | shown | ({"unit_names": names} if names else {}))


async def affiliated(session: AsyncSession, persons: Iterable[UUID]) -> list[Affiliated]:
    """Records of these persons, those on a roll first."""
    rows = (await session.execute(_OF_PERSONS, {"ids": list(persons), "most": MOST})).mappings()
    return [_affiliated(r) for r in rows]


def _decided(row: Any) -> Decided:
    values = dict(row)
    return Decided(pairs=tuple(zip(values.pop("firsts"), values.pop("seconds"), strict=True)), **values)


async def evidence_of(session: AsyncSession, ids: Iterable[UUID]) -> list[Evidence]:
    """Standing evidence that touches these records."""
    rows = (await session.execute(_EVIDENCE, {"ids": list(ids), "most": MOST})).mappings()
    return [Evidence.model_validate(dict(r)) for r in rows]


async def verdicts_of(session: AsyncSession, ids: Iterable[UUID]) -> list[Decided]:
    """What staff decided of these records, undone decisions too."""
    rows = (await session.execute(_VERDICTS, {"ids": list(ids), "most": MOST})).mappings()
    return [_decided(r) for r in rows]


async def standing_verdicts(session: AsyncSession, limit: int) -> list[Decided]:
    """The newest decisions that stand."""
    rows = (await session.execute(_STANDING, {"most": limit})).mappings()
    return [_decided(r) for r in rows]


async def links_of(session: AsyncSession, ids: Iterable[UUID]) -> list[Linked]:
    """Links by rule that touch these records, those that no longer hold too; the latest first."""
    rows = (await session.execute(_PAST, {"ids": list(ids), "most": MOST})).mappings()
    return [Linked.model_validate(dict(r)) for r in rows]


async def by_id(session: AsyncSession, ids: Iterable[UUID]) -> dict[UUID, Affiliated]:
    """These records, as far as they are still shared."""
    rows = (await session.execute(_BY_ID, {"ids": list(ids)})).mappings()
    return {r["id"]: _affiliated(r) for r in rows}


async def parties(session: AsyncSession, verdicts: Iterable[Decided]) -> dict[UUID, Affiliated]:
    """The records that decisions are about."""
    return await by_id(session, {i for v in verdicts for pair in v.pairs for i in pair})
