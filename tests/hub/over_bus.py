"""A running hub and organisations that have nothing but the kit, with a real bus between them."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import date
from typing import Any
from uuid import UUID

from deploy.local.bus import Bus as Nats
from shared.contracts.event import Event
from shared.contracts.members import Tokens as TokenSet
from shared.contracts.rpc import TOKEN, TokenAnswer, TokenKind, TokenRequest
from shared.kit.context import Kit, make_kit
from shared.kit.events import emit
from shared.kit.events.engine import EventEngine, Inbox
from shared.kit.module import Module, Responder
from shared.kit.pii import PersonalDataError, Tokens, check_character
from tests.fixtures.databases import FreshDatabases
from tests.fixtures.settings import settings_for
from tests.hub.telling import state

IDENTITY = "51990119900101001" + check_character("51990119900101001")
PHONE, CARD = "12012345678", "510100017726"


class Organisation:
    """An organisation with nothing but the kit: it tells events and answers for tokens."""

    def __init__(self, kit: Kit) -> None:
        self.kit = kit
        self.tokens = Tokens(kit.settings.secret("match_key").encode(), kit.profile)
        self.asked: list[str] = []
        self.earlier = False
        """answers as versions before `also` did"""
        module = Module(
            name="people", title="人员", responders=(Responder(TOKEN, TokenRequest, self.answer),)
        )
        self.engine = EventEngine(kit, [module], Inbox.of_organisation(kit.settings.service))

    async def answer(self, request: TokenRequest) -> TokenAnswer:
        self.asked.append(request.kind)
        of = {
            "identity": self.tokens.identity_token,
            "phone": self.tokens.phone_token,
            "card": self.tokens.card_token,
        }
        others: dict[TokenKind, UUID] | None = None
        if not self.earlier:
            others = {}
            for kind in request.also:
                with suppress(PersonalDataError):
                    others[kind] = of[kind](request.value)
        try:
            return TokenAnswer(token=of[request.kind](request.value), others=others)
        except PersonalDataError as error:
            return TokenAnswer(problem=error.reason, others=others)

    async def tell(self, *events: Event) -> None:
        async with self.kit.database.transaction() as session:
            for event in events:
                emit(session, event, key=str(getattr(event, "member_id", "x")))

    def person(self, name: str, **other: Any) -> Event:
        """Somebody with a number of each kind, tokens made as organisations make them."""
        born = date(1990, 1, 1)
        tokens = TokenSet(
            identity=self.tokens.identity_token(IDENTITY),
            phone=self.tokens.phone_token(PHONE),
            card=self.tokens.card_token(CARD),
            name_birth_phone=self.tokens.name_birth_phone(name, born, PHONE),
        )
        return state(name, phone=PHONE).model_copy(update={"tokens": tokens, **other})


@asynccontextmanager
async def organisation(databases: FreshDatabases, bus: Nats, code: str) -> AsyncIterator[Organisation]:
    async with databases.lent("kit") as urls:
        kit = make_kit(settings_for(code, urls, bus))
        org = Organisation(kit)
        await kit.bus.start()
        await kit.bus.wait_connected()
        await org.engine.start()
        try:
            yield org
        finally:
            await org.engine.stop()
            await kit.bus.stop()
            await kit.database.close()


async def until(check: Callable[[], Awaitable[bool]], seconds: float = 20) -> float:
    began = time.monotonic()
    while not await check():
        assert time.monotonic() - began < seconds, "it never came"
        await asyncio.sleep(0.01)
    return time.monotonic() - began
