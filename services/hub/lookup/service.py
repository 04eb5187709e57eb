"""Use cases of lookups: ask with a purpose, page through, open a person. Every answer is recorded with it."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.hub import directory, persons
from services.hub.directory import Known
from services.hub.lookup import present, search, totals
from services.hub.lookup.cursors import Cursors
from services.hub.lookup.frame import Frame, frame
from services.hub.lookup.limits import NUMBERS, within_limits
from services.hub.lookup.live import Kept, Live, Recorded, live_lookup, plan_of, recorded, tried
from services.hub.lookup.models import LookupOpened
from services.hub.lookup.narrowing import Filters, scope_of
from services.hub.lookup.purposes import chosen
from services.hub.lookup.rules import HINT, NotUnderstoodError, Query, classify, miscounted
from services.hub.lookup.schemas import (
    Accuracy,
    Ask,
    Details,
    Facets,
    Found,
    Narrow,
    PurposeChoice,
    Result,
    Total,
)
from services.hub.lookup.tokens import tokens_of, wrong_number
from services.hub.review import raise_persons
from shared.contracts.lookups import LookupRecorded
from shared.kit import audit, clock
from shared.kit.context import Kit
from shared.kit.errors import Invalid, NotFound
from shared.kit.events import emit
from shared.kit.pagination import CAP
from shared.kit.pii.free_text import refuse_number
from shared.kit.staff import Staff


async def look_up(kit: Kit, session: AsyncSession, staff: Staff, ask: Ask) -> UUID:
    """Begin a lookup; its address is the id of its record."""
    live, _ = await begin(kit, session, staff, ask)
    return live.record.id


async def begin(kit: Kit, session: AsyncSession, staff: Staff, ask: Ask) -> tuple[Live, Frame]:
    """Begin a lookup: checked, counted and recorded."""
    refuse_number(ask.reason)
    around = await frame(session)
    purpose = chosen(around.purposes, ask.purpose, ask.reason)
    query = _classified(ask)
    tokens, problem = dict[str, UUID](), ""
    if query.asks:
        await within_limits(kit, session, staff, counts=False)  # before owners are asked in vain
        tokens, problem = await tokens_of(kit.bus, [o.code for o in around.orgs], query)
    if query.kind in NUMBERS:
        await within_limits(kit, session, staff)
    if query.asks and not tokens:
        raise await _nobodys(kit, staff, purpose, ask, query, problem)
    query, facets = await _counted(session, query, ask, tokens)
    problem = problem or miscounted(query.number)
    if problem and not facets.total.count:
        raise await _nobodys(kit, staff, purpose, ask, query, problem)
    kept = Kept(text=ask.text, kind=query.kind, tokens=tokens, facets=facets)
    record = await recorded(kit, session, staff, purpose, ask.reason or "", kept)
    capped = facets.total.accuracy is not Accuracy.EXACT
    _note(session, staff, "lookup.searched", record,
          {"kind": query.kind.value, "found": min(facets.total.count, CAP), "capped": capped})  # fmt: skip
    return Live(record, query, kept), around


async def _nobodys(
    kit: Kit, staff: Staff, purpose: PurposeChoice, ask: Ask, query: Query, problem: str
) -> Invalid:
    """The refusal of a number nobody can have; tried it was, so it is counted and on record like any other.

    Written for itself, for the refusal ends the request's transaction; that one keeps this person's others
    waiting until then.
    """
    async with kit.database.transaction() as own:
        found = await tried(own, staff, purpose, ask.reason or "", query.kind)
        audit.record(
            own, actor=staff, action="lookup.searched", target=("lookup", found), purpose=purpose.title,
            detail={"kind": query.kind.value, "found": 0, "capped": False},
        )  # fmt: skip
    return wrong_number(problem)


async def _counted(
    session: AsyncSession, query: Query, ask: Ask, tokens: dict[str, UUID]
) -> tuple[Query, Facets]:
    """How many there are; when nobody is found so, the text as the other thing it may be (oy: initials)."""
    facets = await totals.facets(session, plan_of(query, tokens))
    if not facets.total.count and query.other is not None and ask.understood_as is None:
        other = classify(ask.text, query.other)
        by_other = await totals.facets(session, plan_of(other, tokens))
        if by_other.total.count:
            return other, by_other
    return query, facets


async def result(
    kit: Kit, session: AsyncSession, staff: Staff, lookup_id: UUID, narrow: Narrow, cursor: str | None = None
) -> Result:
    """One page of a lookup of one's own."""
    live = await live_lookup(kit, session, staff, lookup_id)
    return await answer(kit, session, staff, live, await frame(session), narrow, cursor)


async def answer(
    kit: Kit,
    session: AsyncSession,
    staff: Staff,
    live: Live,
    around: Frame,
    narrow: Narrow,
    cursor: str | None = None,
) -> Result:
    """One page. Seeing it is recorded like the lookup itself."""
    orgs, bits = around.orgs, around.bits
    plan, filters = live.plan, await _filters(session, narrow, bits, [o.code for o in orgs])
    cursors = Cursors(kit.cipher, live.record.id, len(plan.order))
    at = cursors.read(cursor)
    rows = await search.page(
        session, plan, filters, at.values if at else None, backwards=at is not None and at.backwards
    )
    shown, previous, following = cursors.around(rows, plan.order, at)
    everything = live.kept.facets.total
    if filters == Filters():
        total = everything
    elif previous is None and following is None:
        total = Total(count=len(shown))
    else:
        total = await totals.narrowed(session, plan, filters, everything, len(shown))
    _note(
        session,
        staff,
        "lookup.read",
        live.record,
        {"filters": narrow.model_dump(exclude_defaults=True, mode="json"), "shown": len(shown)},
    )
    return Result(
        lookup_id=live.record.id,
        kind=live.query.kind,
        other=live.query.other,
        total=total.count,
        accuracy=total.accuracy,
        margin=total.margin,
        matching=everything,
        unit_name=filters.scope.name if filters.scope else None,
        facets=present.facet_counts(live.kept.facets, bits),
        rows=[present.found(r, orgs, bits) for r in shown],
        previous=previous,
        next=following,
        as_of=present.as_of(orgs),
        looked_at=live.record.at,
        expires_at=live.record.expires_at,
    )


async def open_person(
    kit: Kit, session: AsyncSession, staff: Staff, lookup_id: UUID, person_id: UUID
) -> Details:
    """A person's records, opened in a lookup that finds the person: recorded, and each owner is told."""
    live = await live_lookup(kit, session, staff, lookup_id)
    person_id = await persons.current_person(session, person_id)
    if not await search.matches(session, live.plan, person_id):
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
    record: Recorded,
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


def _classified(ask: Ask) -> Query:
    try:
        return classify(ask.text, ask.understood_as)
    except NotUnderstoodError as error:
        raise Invalid(str(error), hint=HINT, fields={"text": str(error)}) from error


async def _filters(session: AsyncSession, narrow: Narrow, bits: dict[str, int], orgs: list[str]) -> Filters:
    scope = await scope_of(session, narrow.unit, orgs) if narrow.unit is not None else None
    if narrow.unit is not None and scope is None:
        raise NotFound("没有找到这个单位", hint="单位可能已经合并，请去掉单位条件再查。")
    if narrow.org is not None and narrow.org not in orgs:
        raise NotFound("没有接入这个组织", hint="请去掉组织条件再查。")
    org = narrow.org or (scope.org if scope is not None and scope.top else None)
    # an organisation without one person: no bit is like a bit nobody has
    bit = bits.get(org, 30) if org is not None else None
    return Filters(bit, narrow.many, narrow.district, narrow.standing, scope)


async def _one(session: AsyncSession, person_id: UUID) -> Found:
    orgs: list[Known] = await directory.organisations(session)
    row: dict[str, Any] = await search.person(session, person_id)
    return present.found(row, orgs, await persons.org_bits(session))


def _note(session: AsyncSession, staff: Staff, action: str, record: Recorded, detail: dict[str, Any]) -> None:
    audit.record(
        session,
        actor=staff,
        action=action,
        target=("lookup", record.id),
        purpose=record.purpose_title,
        detail=detail,
    )
