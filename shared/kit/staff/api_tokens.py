"""Use cases of API tokens: create (told once), revoke."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from shared.kit import audit, clock
from shared.kit.errors import Invalid, NotFound
from shared.kit.staff.accounts import Scope
from shared.kit.staff.models import ApiToken
from shared.kit.staff.principal import Staff
from shared.kit.staff.roles import objection, scope_objection
from shared.kit.staff.rules import rules_on
from shared.kit.staff.tokens import API_PREFIX, new_token, token_hash


async def create(
    session: AsyncSession, by: Staff, name: str, roles: tuple[str, ...], scope: Scope, lasts: timedelta
) -> tuple[ApiToken, str]:
    """A new token and its text, which is stored nowhere."""
    if reason := objection(roles):
        raise Invalid("令牌没有建立", fields={"roles": reason})
    if reason := scope_objection(roles, scope.path):
        raise Invalid("令牌没有建立", fields={"scope": reason})
    if lasts > rules_on(clock.today()).token_most:
        raise Invalid("令牌没有建立", fields={"days": "有效期最长一年"})
    text = new_token(API_PREFIX)
    token = ApiToken(
        token_hash=token_hash(text),
        name=name,
        roles=list(roles),
        scope_path=scope.path,
        created_by=by.name,
        expires_at=clock.now() + lasts,
    )
    session.add(token)
    await session.flush()
    detail = {"roles": roles, "scope": scope.path, "expires": token.expires_at}
    audit.record(session, actor=by, action="staff.token_created", target=("token", token.id), detail=detail)
    return token, text


async def revoke(session: AsyncSession, by: Staff, token_id: UUID) -> None:
    """Its next use is refused."""
    query = select(ApiToken).where(ApiToken.id == token_id).with_for_update()
    token = (await session.execute(query)).scalar_one_or_none()
    if token is None:
        raise NotFound("没有这个令牌", hint="请回到令牌列表。")
    if token.revoked_at is None:
        token.revoked_at = clock.now()
        audit.record(session, actor=by, action="staff.token_revoked", target=("token", token.id))
