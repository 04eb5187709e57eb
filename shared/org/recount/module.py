"""The answers as a service mounts them; the hub alone gets them."""

from collections.abc import Awaitable, Callable
from typing import Any

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession

from shared.contracts import recounts as asked
from shared.contracts.digests import FORM
from shared.kit.errors import Forbidden, Refused
from shared.kit.events.envelope import HUB
from shared.kit.events.responders import requester
from shared.kit.module import Module, Responder
from shared.org.identity import announcement
from shared.org.kit import OrgKit
from shared.org.recount import states, sums

Answering = Callable[[AsyncSession, OrgKit, Any], Awaitable[BaseModel]]


def recount(org: OrgKit, capabilities: tuple[str, ...]) -> Module:
    """Sums, rows and states of what was told; `capabilities` as the organisation announces them."""

    async def head(session: AsyncSession, org: OrgKit, _: asked.HeadRequest) -> asked.HeadAnswer:
        newest = await sums.numbered(session)  # first: what changes after it comes as an event as well
        members, units = await sums.how_many(session)
        announced = await states.announced(session, announcement(org, capabilities))
        return asked.HeadAnswer(announced=announced, members=members, units=units, newest=newest)

    answers: tuple[tuple[str, type[BaseModel], Answering], ...] = (
        (asked.HEAD, asked.HeadRequest, head),
        (asked.PAGE, asked.PageRequest, _page),
        (asked.SUMS, asked.SumsRequest, _sums),
        (asked.ROWS, asked.RowsRequest, _rows),
        (asked.UNITS, asked.UnitsRequest, _units),
        (asked.STATES, asked.StatesRequest, _states),
    )

    async def settled() -> None:
        await _settled(org)

    return Module(
        name="recount",
        title="对账",
        responders=tuple(_responder(org, *answer) for answer in answers),
        starts=(settled,),
    )


def _responder(org: OrgKit, name: str, request: type[BaseModel], answering: Answering) -> Responder:
    async def answer(question: BaseModel) -> BaseModel:
        if requester() != HUB:
            raise Forbidden("只有协同平台可以对账")
        if getattr(question, "form", FORM) != FORM:
            raise Refused("双方版本不同，暂时不能对账", hint="升级完成后再试。")
        if name in (asked.SUMS, asked.HEAD):  # every recount and every rebuild begins with one of them
            await _settled(org)
        async with org.kit.database.transaction() as session:
            return await answering(session, org, question)

    return Responder(name, request, answer)


async def _settled(org: OrgKit) -> None:
    more = True
    while more:
        async with org.kit.database.transaction() as session:
            more = await sums.settle(session, org)


async def _page(session: AsyncSession, org: OrgKit, question: asked.PageRequest) -> asked.PageAnswer:
    read = states.members_told if question.kind == "members" else states.units_told
    told, last = await read(session, org, question.after, asked.PAGE_SIZE)
    return asked.PageAnswer(told=told, after=last)


async def _sums(session: AsyncSession, _: OrgKit, question: asked.SumsRequest) -> asked.SumsAnswer:
    newest = await sums.newest(session)
    district = question.district
    parts = await (sums.by_district(session) if district is None else sums.by_bucket(session, district))
    return asked.SumsAnswer(parts=parts, newest=newest)


async def _rows(session: AsyncSession, _: OrgKit, question: asked.RowsRequest) -> asked.RowsAnswer:
    rows = await sums.rows_of(session, question.district, question.buckets, question.after)
    return asked.RowsAnswer(rows=rows)


async def _units(session: AsyncSession, org: OrgKit, question: asked.UnitsRequest) -> asked.RowsAnswer:
    return asked.RowsAnswer(rows=await sums.unit_rows(session, org, question.after))


async def _states(session: AsyncSession, org: OrgKit, question: asked.StatesRequest) -> asked.StatesAnswer:
    if question.kind == "members":
        return asked.StatesAnswer(told=await states.members_of(session, org, question.ids))
    return asked.StatesAnswer(told=await states.units_of(session, org, question.ids))
