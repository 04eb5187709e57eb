"""`Idempotency-Key`: a POST that is sent again (lost answer, impatient program) is done once.

    @router.post("", status_code=201)
    async def create(staff: Writer, session: Tx, once: Once, body: ThingIn) -> ThingOut:
        return await once(ThingOut, lambda: make(session, body))

Same caller, key and request: the first answer again. Same key for another request: 422. Requests at the same
time wait for one another, because the key is written in the transaction of the work; what was refused or
failed leaves no key behind and may be tried again.
"""

import hmac
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, TypeVar
from uuid import UUID

from fastapi import Depends, Header, Request, Response
from pydantic import BaseModel
from sqlalchemy import DateTime, LargeBinary, Text, Uuid, delete, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from shared.kit import clock
from shared.kit.base import KitBase
from shared.kit.context import Kit
from shared.kit.db import Tx
from shared.kit.errors import Invalid
from shared.kit.staff import Staff

M = TypeVar("M", bound=BaseModel)
KEPT = timedelta(hours=48)
"""Programs may rely on 24 hours."""
FORGOTTEN_AT_ONCE = 200
_CONTEXT = "repeated_request.answer"
Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=200,
        pattern=r"^[\x21-\x7e]+$",
        description="Any text of the caller's own; a request sent again with it is done once (24 hours).",
    ),
]


class RepeatedRequest(KitBase):
    """A request done under a key: what was asked (keyed hash) and what was answered (encrypted)."""

    __tablename__ = "repeated_request"

    caller: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    key: Mapped[str] = mapped_column(Text, primary_key=True)
    asked: Mapped[bytes] = mapped_column(LargeBinary)
    answer: Mapped[bytes | None] = mapped_column(LargeBinary)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True), index=True)


@dataclass(frozen=True)
class _Once:
    """The request's own guard against being done twice; without a key it lets everything pass."""

    request: Request
    response: Response
    session: AsyncSession
    key: str | None

    async def __call__(self, kind: type[M], work: Callable[[], Awaitable[M]]) -> M:
        """The answer of `work`, or the one it gave before; `Idempotent-Replayed` says which."""
        if self.key is None:
            return await work()
        kit: Kit = self.request.app.state.kit
        caller: Staff = self.request.state.staff
        asked = await self._asked(kit)
        if not await self._first(caller.id, asked):
            self.response.headers["Idempotent-Replayed"] = "true"
            return kind.model_validate_json(await self._earlier(kit, caller.id, asked))
        answer = await work()
        sealed = kit.cipher.encrypt(answer.model_dump_json(), _CONTEXT)
        mine = (RepeatedRequest.caller == caller.id, RepeatedRequest.key == self.key)
        await self.session.execute(update(RepeatedRequest).where(*mine).values(answer=sealed))
        return answer

    async def _asked(self, kit: Kit) -> bytes:
        """What the request asks for: keyed, because a body may hold numbers that could be guessed."""
        url = self.request.url
        head = f"{self.request.method} {url.path}?{url.query}\n".encode()
        return hmac.digest(kit.key("idempotency"), head + await self.request.body(), "sha256")

    async def _first(self, caller: UUID, asked: bytes) -> bool:
        """Claim the key; waits while another request that claimed it is still at work."""
        await self._forget_old()
        claim = insert(RepeatedRequest).values(caller=caller, key=self.key, asked=asked, at=clock.now())
        claimed = claim.on_conflict_do_nothing().returning(RepeatedRequest.key)
        return (await self.session.execute(claimed)).first() is not None

    async def _earlier(self, kit: Kit, caller: UUID, asked: bytes) -> str:
        """The answer given before; Invalid when the key stood for another request."""
        query = select(RepeatedRequest.asked, RepeatedRequest.answer)
        mine = (RepeatedRequest.caller == caller, RepeatedRequest.key == self.key)
        before, answer = (await self.session.execute(query.where(*mine))).one()
        if not hmac.compare_digest(before, asked):
            raise Invalid(
                "这个 Idempotency-Key 已用于另一个请求",
                hint="重发同一个请求时，内容要与原来一致；新的请求请换一个。",
                fields={"Idempotency-Key": "已用于另一个请求"},
            )
        assert answer is not None  # written in the transaction of the claim
        return kit.cipher.decrypt(answer, _CONTEXT)

    async def _forget_old(self) -> None:
        """A few whose time is over, so that nothing else has to clean up."""
        columns = (RepeatedRequest.caller, RepeatedRequest.key)
        old = select(*columns).where(RepeatedRequest.at < clock.now() - KEPT).limit(FORGOTTEN_AT_ONCE)
        await self.session.execute(
            delete(RepeatedRequest).where(tuple_(*columns).in_(old.with_for_update(skip_locked=True))),
            execution_options={"synchronize_session": False},
        )


async def _once(request: Request, response: Response, session: Tx, key: Key = None) -> _Once:
    return _Once(request, response, session, key)


Once = Annotated[_Once, Depends(_once)]
