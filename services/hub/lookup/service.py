"""Use cases of lookups: ask with a purpose, page through, open a person. Every answer is recorded with it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.hub import directory, persons
from services.hub.directory import Known
from services.hub.lookup import present, search
from services.hub.lookup.cursors import Cursors
from services.hub.lookup.models import LookupOpened, LookupRecord, LookupSession
from services.hub.lookup.purposes import chosen
from services.hub.lookup.rules import HINT, Kind, NotUnderstoodError, Query, classify
from services.hub.lookup.schemas import Ask, Details, Found, Narrow, Result
from services.hub.lookup.tokens import tokens_of, wrong_number
from services.hub.reasons import refuse_number
from services.hub.review import raise_persons
from shared.contracts.lookups import LookupRecorded
from shared.kit import audit, clock
from shared.kit.context import Kit
from shared.kit.errors import Invalid, NotFound
from shared.kit.events import emit
from shared.kit.staff import Staff

LIVES = timedelta(hours=2)
"""How long the address of a lookup works: long enough for paging and the back button."""
_CONTEXT = "lookup_session.query"


@dataclass(frozen=True)
class Live:
    """A lookup in progress: its record, the query behind it and its tokens."""

    record: LookupRecord
    session: LookupSession
    query: Query
    text: str
    tokens: dict[str, UUID]


async def look_up(kit: Kit, session: AsyncSession, staff: Staff, ask: Ask) -> UUID:
    """Begin a lookup: checked, counted and recorded; its address is the id of the record."""
    refuse_number(ask.reason or "")
    purpose = await chosen(session, clock.today(), ask.purpose, ask.reason)
    query = _classified(ask)
    tokens, problem = dict[str, UUID](), ""
    if query.asks:
        orgs = [o.code for o in await directory.organisations(session)]
        tokens, problem = await tokens_of(kit.bus, orgs, query)
    matches = await search.facets(session, _plan(query, tokens))
    if not matches.total and query.kind is Kind.NAME and ask.understood_as is None:
        # nobody's name begins so: perhaps it is a given name alone
        given = classify(ask.text, Kind.GIVEN)
        by_given = await search.facets(session, _plan(given, tokens))
        query, matches = (given, by_given) if by_given.total else (query, matches)
    if problem and not matches.total:
        raise wrong_number(problem)
    record = LookupRecord(
        staff_id=staff.id,
        staff_name=staff.name,
        staff_office=staff.office,
        purpose=purpose.code,
        purpose_title=purpose.title,
        reason=ask.reason or "",
        kind=query.kind.value,
        found=matches.total,
        capped=matches.capped,
    )
    session.add(record)
    await session.flush()
    kept = {"text": ask.text, "as": query.kind.value, "tokens": {k: str(t) for k, t in tokens.items()}}
    sealed = kit.cipher.encrypt(orjson.dumps(kept).decode(), _CONTEXT)
    session.add(LookupSession(id=record.id, staff_id=staff.id, query=sealed, expires_at=clock.now() + LIVES))
    _note(session, staff, "lookup.searched", record,
          {"kind": query.kind.value, "found": matches.total, "capped": matches.capped})  # fmt: skip
    return record.id


async def result(
    kit: Kit, session: AsyncSession, staff: Staff, lookup_id: UUID, narrow: Narrow, cursor: str | None = None
) -> Result:
    """One page of a lookup of one's own. Seeing a page is recorded like the lookup itself."""
    live = await live_lookup(kit, session, staff, lookup_id)
    orgs = await directory.organisations(session)
    bits = await persons.org_bits(session)
    plan, filters = _plan(live.query, live.tokens), _filters(narrow, bits)
    cursors = Cursors(kit.cipher, lookup_id, len(plan.order))
    at = cursors.read(cursor)
    backwards = at is not None and at.backwards
    rows = await search.page(session, plan, filters, at.values if at else None, backwards=backwards)
    shown, previous, following = cursors.around(rows, plan.order, at)
    facets = await search.facets(session, plan)
    total, capped = (
        (facets.total, facets.capped) if narrow == Narrow() else await search.count(session, plan, filters)
    )
    _note(
        session,
        staff,
        "lookup.read",
        live.record,
        {"filters": narrow.model_dump(exclude_defaults=True), "shown": len(shown)},
    )
    return Result(
        lookup_id=lookup_id,
        kind=live.query.kind,
        other=live.query.other,
        total=total,
        capped=capped,
        matching=facets.total,
        facets=present.facet_counts(facets, bits),
        rows=[present.found(r, orgs, bits) for r in shown],
        previous=previous,
        next=following,
        as_of=present.as_of(orgs),
        looked_at=live.record.at,
        expires_at=live.session.expires_at,
    )


async def open_person(
    kit: Kit, session: AsyncSession, staff: Staff, lookup_id: UUID, person_id: UUID
) -> Details:
    """A person's records, opened in a lookup that finds the person: recorded, and each owner is told."""
    live = await live_lookup(kit, session, staff, lookup_id)
    person_id = await persons.current_person(session, person_id)
    if not await search.matches(session, _plan(live.query, live.tokens), person_id):
        raise NotFound("没有找到这个人", hint="这个人不在本次查询的结果里，请重新查询。")
    records = await persons.affiliations(session, person_id)
    person = await _one(session, person_id)
    await _opened(session, staff, live.record, person_id, records)
    await raise_persons(session, [person_id])
    evidence = await persons.reasons(session, person_id)
    return Details(
        lookup_id=lookup_id,
        person=person,
        records=records,
        linked_by=sorted({e.rule for e in evidence}),
        opened_at=clock.now(),
    )


async def _opened(
    session: AsyncSession,
    staff: Staff,
    record: LookupRecord,
    person_id: UUID,
    records: Sequence[persons.Affiliated],
) -> None:
    row = insert(LookupOpened).values(lookup_id=record.id, person_id=person_id)
    first = await session.scalar(row.on_conflict_do_nothing().returning(LookupOpened.person_id))
    _note(
        session,
        staff,
        "lookup.opened",
        record,
        {"person": str(person_id), "orgs": sorted({r.org for r in records})},
    )
    if first is None:
        return
    for affiliation in records:
        recorded = LookupRecorded(
            lookup_id=record.id,
            member_id=affiliation.member_id,
            at=clock.now(),
            staff_name=staff.name,
            staff_office=staff.office,
            purpose=record.purpose,
            purpose_title=f"{record.purpose_title}：{record.reason}"
            if record.reason
            else record.purpose_title,
        )
        emit(session, recorded, key=record.id, to=affiliation.org)


async def live_lookup(kit: Kit, session: AsyncSession, staff: Staff, lookup_id: UUID) -> Live:
    """A lookup of one's own that is still open; anybody else's does not exist."""
    statement = (
        select(LookupRecord, LookupSession)
        .join(LookupSession, LookupSession.id == LookupRecord.id)
        .where(
            LookupRecord.id == lookup_id,
            LookupSession.staff_id == staff.id,
            LookupSession.expires_at > clock.now(),
        )
    )
    found = (await session.execute(statement)).one_or_none()
    if found is None:
        raise NotFound("这次查询已失效", hint="查询结果只保留两小时，且只有本人能看。请重新查询。")
    record, kept = found
    content = orjson.loads(kit.cipher.decrypt(kept.query, _CONTEXT))
    query = classify(content["text"], Kind(content["as"]))
    tokens = {kind: UUID(token) for kind, token in content["tokens"].items()}
    return Live(record, kept, query, content["text"], tokens)


async def sweep(session: AsyncSession) -> None:
    """Forget queries whose time is over."""
    await session.execute(delete(LookupSession).where(LookupSession.expires_at <= clock.now()))


def _plan(query: Query, tokens: dict[str, UUID]) -> search.Plan:
    try:
        return search.plan(query, tokens)
    except ValueError as error:  # a name that cannot be one
        raise Invalid("看不懂这个内容", hint=HINT, fields={"text": str(error)}) from error


def _classified(ask: Ask) -> Query:
    try:
        return classify(ask.text, ask.understood_as)
    except NotUnderstoodError as error:
        raise Invalid(str(error), hint=HINT, fields={"text": str(error)}) from error


def _filters(narrow: Narrow, bits: dict[str, int]) -> search.Filters:
    if narrow.org is not None and narrow.org not in bits:
        # an organisation without one person: no bit is like a bit nobody has
        return search.Filters(bit=30, many=narrow.many, district=narrow.district, standing=narrow.standing)
    bit = bits[narrow.org] if narrow.org else None
    return search.Filters(bit=bit, many=narrow.many, district=narrow.district, standing=narrow.standing)


async def _one(session: AsyncSession, person_id: UUID) -> Found:
    orgs: list[Known] = await directory.organisations(session)
    row: dict[str, Any] = await search.person(session, person_id)
    return present.found(row, orgs, await persons.org_bits(session))


def _note(
    session: AsyncSession, staff: Staff, action: str, record: LookupRecord, detail: dict[str, Any]
) -> None:
    audit.record(
        session,
        actor=staff,
        action=action,
        target=("lookup", record.id),
        purpose=record.purpose_title,
        detail=detail,
    )
