"""What the bus asks of the roll: tokens for typed values, and the notes of who looked."""

from collections.abc import Sequence
from contextlib import suppress
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from shared.contracts.event import Received
from shared.contracts.lookups import LookupRecorded
from shared.contracts.rpc import TOKEN, TokenAnswer, TokenKind, TokenRequest
from shared.kit.module import Projection, Responder
from shared.kit.pii import PersonalDataError, parse_identity, parse_phone
from shared.org.kit import OrgKit
from shared.org.members.models import Member, MemberChange


def token_responder(org: OrgKit) -> Responder:
    """Answers with the token of a typed value or with the reason why there is none; keeps nothing."""
    make = {
        "identity": lambda value: org.tokens.identity_token(parse_identity(value, synthetic=org.synthetic)),
        "phone": lambda value: org.tokens.phone_token(parse_phone(value, synthetic=org.synthetic)),
        "card": org.tokens.card_token,
    }

    async def answer(request: TokenRequest) -> BaseModel:
        others: dict[TokenKind, UUID] = {}
        for kind in request.also:
            with suppress(PersonalDataError):
                others[kind] = make[kind](request.value)
        try:
            return TokenAnswer(token=make[request.kind](request.value), others=others)
        except PersonalDataError as error:
            problem = f"{error.reason}。{error.hint}。" if error.hint else f"{error.reason}。"
            return TokenAnswer(problem=problem, others=others)

    return Responder(name=TOKEN, request=TokenRequest, answer=answer)


def lookups() -> Projection:
    """Who looked at whom, noted in the person's history; the same event is noted once."""

    async def apply(session: AsyncSession, batch: Sequence[Received]) -> None:
        wanted = {r.envelope.id: r.event for r in batch if isinstance(r.event, LookupRecorded)}
        ids = {event.member_id for event in wanted.values()}
        known = set(await session.scalars(select(Member.id).where(Member.id.in_(ids))))
        rows = [
            {
                "member_id": event.member_id, "at": event.at, "fact": "looked_up", "actor": event.staff_name,
                "reason": event.purpose_title, "detail": {"office": event.staff_office}, "event_id": event_id,
            }
            for event_id, event in wanted.items()
            if event.member_id in known
        ]  # fmt: skip
        if rows:
            await session.execute(insert(MemberChange).values(rows).on_conflict_do_nothing())

    return Projection(events=(LookupRecorded,), apply=apply)
