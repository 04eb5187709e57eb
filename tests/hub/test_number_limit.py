"""A burst of numbers at once is counted like numbers one after the other."""

import asyncio
from dataclasses import replace
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select

from services.hub.lookup import service
from services.hub.lookup.limits import within_limits
from services.hub.lookup.models import LookupRecord
from shared.kit.audit import AuditEntry
from shared.kit.errors import Invalid, TooMany
from tests.hub.asking import CLERK, look
from tests.hub.conftest import Hub

LIMIT, BURST = 5, 20


async def test_no_burst_slips_by_the_limit(hub: Hub) -> None:
    kit = replace(hub.kit, settings=hub.kit.settings.model_copy(update={"number_lookups_per_minute": LIMIT}))

    async def try_one() -> bool:
        try:
            async with hub.database.transaction() as session:
                await within_limits(kit, session, CLERK)
                session.add(
                    LookupRecord(
                        staff_id=CLERK.id,
                        staff_name=CLERK.name,
                        staff_office="",
                        purpose="visit",
                        purpose_title="走访慰问",
                        reason="",
                        kind="phone",
                        found=0,
                        capped=False,
                    )
                )
        except TooMany:
            return False
        return True

    assert sum(await asyncio.gather(*(try_one() for _ in range(BURST)))) == LIMIT
    async with hub.database.transaction() as session:
        assert await session.scalar(select(func.count()).select_from(LookupRecord)) == LIMIT


async def test_last_digits_are_numbers_tried_too_and_names_are_not(hub: Hub) -> None:
    hub.kit = replace(hub.kit, settings=hub.kit.settings.model_copy(update={"number_lookups_per_minute": 2}))
    await look(hub, "1234")
    await look(hub, "王1234")
    with pytest.raises(TooMany):
        await look(hub, "1235")
    assert (await look(hub, "王")).rows == []


async def test_nobody_waits_for_an_owner_that_another_of_ones_lookups_asks(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Six at once of one person: all ask before the first has its answer, so a slow owner is waited for once."""
    asking, most = 0, 0

    async def slow(*_: object) -> tuple[dict[str, UUID], str]:
        nonlocal asking, most
        asking += 1
        most = max(most, asking)
        await asyncio.sleep(0.5)
        asking -= 1
        return {kind: uuid4() for kind in ("identity", "phone", "card")}, ""

    monkeypatch.setattr(service, "tokens_of", slow)
    await asyncio.gather(*(look(hub, f"1200000{number:04}") for number in range(6)))
    assert most == 6


@pytest.mark.parametrize("tokens", [{}, {"card": uuid4()}], ids=["no number at all", "perhaps a card"])
async def test_numbers_nobody_can_have_are_tried_too(
    hub: Hub, monkeypatch: pytest.MonkeyPatch, tokens: dict[str, UUID]
) -> None:
    """Else cards of that form could be guessed without end."""

    async def asked(*_: object) -> tuple[dict[str, UUID], str]:
        return tokens, "校验码不符。"

    monkeypatch.setattr(service, "tokens_of", asked)
    hub.kit = replace(hub.kit, settings=hub.kit.settings.model_copy(update={"number_lookups_per_minute": 2}))
    for number in range(2):
        with pytest.raises(Invalid, match="号码不正确"):
            await look(hub, f"51010019900000{number:04}")
    with pytest.raises(TooMany):
        await look(hub, "510100199000000099")
    async with hub.database.transaction() as session:
        assert await session.scalar(select(func.count()).select_from(LookupRecord)) == 2
        said = select(func.count()).where(AuditEntry.action == "lookup.searched")
        assert await session.scalar(said) == 2
