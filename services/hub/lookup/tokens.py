"""Numbers to tokens: the hub has no matching key, so it asks any organisation that answers."""

from collections.abc import Iterable
from contextlib import suppress
from uuid import UUID

from services.hub.lookup.rules import Query
from shared.contracts.rpc import TOKEN, TokenAnswer, TokenRequest
from shared.kit.bus import Bus, BusAway, Declined
from shared.kit.errors import Invalid, Unavailable

PATIENCE = 2.0


async def tokens_of(bus: Bus, orgs: Iterable[str], query: Query) -> tuple[dict[str, UUID], str]:
    """The token of the number in each meaning it can have, if any, and what is wrong with its likeliest one.

    All meanings are one question. Nothing of the number is kept or logged.
    """
    known, (first, *rest) = list(orgs), query.asks
    answer = await _ask_any(bus, known, TokenRequest(kind=first, value=query.number, also=rest))
    found = {str(kind): token for kind, token in (answer.others or {}).items()}
    if answer.others is None:  # an organisation on an earlier version: one question each
        for kind in rest:
            other = await _ask_any(bus, known, TokenRequest(kind=kind, value=query.number))
            if other.token is not None:
                found[kind] = other.token
    if answer.token is not None:
        return found | {first: answer.token}, ""
    return found, answer.problem or "请核对后再查。"


def wrong_number(problem: str) -> Invalid:
    """The refusal of a number nobody can have."""
    return Invalid("这个号码不正确", hint=problem or "请核对后再查。", fields={"text": "号码不正确"})


async def _ask_any(bus: Bus, orgs: Iterable[str], request: TokenRequest) -> TokenAnswer:
    for org in orgs:
        with suppress(BusAway, Declined):
            return await bus.request(org, TOKEN, request, TokenAnswer, timeout=PATIENCE)
    raise Unavailable(
        "暂时不能按号码查询",
        hint="号码要由组织一方换成查询码，而各组织的系统现在都没有应答。可先按姓名、拼音或号码后四位查询，或稍后再试。",
    )
