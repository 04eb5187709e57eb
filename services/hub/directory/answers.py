"""What organisations' own services ask of the directory: what the others are called."""

from pydantic import BaseModel

from services.hub.directory.known import organisations
from shared.contracts.orgs import NAMES, NamesAnswer, NamesRequest
from shared.kit.context import Kit
from shared.kit.module import Responder


def responders(kit: Kit) -> tuple[Responder, ...]:
    """The one answer."""

    async def names(_request: NamesRequest) -> BaseModel:
        async with kit.database.transaction() as session:
            return NamesAnswer(names={o.code: o.short_name for o in await organisations(session)})

    return (Responder(NAMES, NamesRequest, names),)
