"""Rounds of others on the real bus: the hub passes on, the account tells for whom, the owner decides."""

import asyncio
import pkgutil
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from uuid import UUID

import pytest
from sqlalchemy import select

from deploy.local.bus import Bus
from services.hub.directory.answers import responders as naming
from services.hub.directory.service import apply_announcements
from services.hub.rounds.answers import responders as passing_on
from shared.contracts.rounds import (
    ROUND,
    ROUNDS,
    UNWISH,
    WISH,
    Done,
    RoundRequest,
    RoundsAnswer,
    RoundsRequest,
    RoundState,
    UnwishRequest,
    WishRequest,
)
from shared.joint.rounds import asking
from shared.kit.audit import AuditEntry
from shared.kit.bus import Bus as OurBus
from shared.kit.bus import Declined
from shared.kit.context import make_kit
from shared.kit.events.responders import Responders
from shared.kit.module import Responder
from shared.org.bookings.service import own_booker
from shared.org.kit import OrgKit, make_org_kit
from shared.org.naming import Names
from shared.org.rounds.handlers import responders
from shared.org.rounds.models import Round, SeasonWish
from shared.org.rounds.others import side_of
from shared.org.venues import Venue
from tests.fixtures.databases import FreshDatabases
from tests.fixtures.settings import settings_for
from tests.hub.telling import announced, received
from tests.org.people import tree
from tests.org.pool import policy_of
from tests.org.rooms import venue
from tests.org.seasons import KEEPER, season, wanted


async def _answering(bus: OurBus, answers: tuple[Responder, ...], stack: AsyncExitStack) -> None:
    await bus.start()
    stack.push_async_callback(bus.stop)
    made = Responders(bus, answers)
    await made.start()
    stack.push_async_callback(made.stop)
    await asyncio.wait_for(bus.wait_connected(), 10)
    await asyncio.wait_for(made._starting, 10)  # type: ignore[arg-type]


@pytest.fixture
async def towns(databases: FreshDatabases, bus: Bus) -> AsyncIterator[dict[str, OrgKit]]:
    """Two organisations the hub knows, each with a hall and an open round."""
    async with AsyncExitStack() as stack:
        hub = make_kit(settings_for("hub", await databases.fresh("hub"), bus))
        stack.push_async_callback(hub.database.close)
        async with hub.database.transaction() as session:
            known = [
                received(code, announced(code, letter))
                for code, letter in (("union", "甲"), ("league", "乙"))
            ]
            await apply_announcements(session, known)
        await _answering(hub.bus, (*passing_on(hub), *naming(hub)), stack)
        orgs = {}
        for code in ("union", "league"):
            kit = make_kit(settings_for(code, await databases.fresh(code), bus))
            profile = pkgutil.resolve_name(f"services.{code}.profile:PROFILE")
            org = orgs[code] = make_org_kit(kit, profile, policy_of(code))
            stack.push_async_callback(kit.database.close)
            async with kit.database.transaction() as session:
                _, one, _ = await tree(session, org)
                await season(session, await venue(session, org, one))
            await _answering(kit.bus, responders(org), stack)
        yield orgs


async def _hall(org: OrgKit) -> Venue:
    async with org.kit.database.transaction() as session:
        return (await session.scalars(select(Venue))).one()


async def test_staff_wish_for_a_round_of_another_organisation(towns: dict[str, OrgKit]) -> None:
    union, league = towns["union"], towns["league"]
    ask = union.kit.bus.request
    listed = await ask("hub", ROUNDS, RoundsRequest(org="union"), RoundsAnswer)
    assert [(r.owner, r.title, r.status) for r in listed.rounds] == [("league", "春季轮次", "open")]
    round_id: UUID = listed.rounds[0].round_id
    who = own_booker(union, "组织部", "周经办", KEEPER.id)
    who = who.model_copy(update={"org_name": "市委办公厅", "letter": "党", "palette": "red"})  # nobody's word
    wish = wanted(await _hall(league), title="劳模宣讲")
    question = WishRequest(owner="league", round_id=round_id, booker=who, wish=wish)
    for _ in range(2):  # a lost answer and asking again is asking once
        await ask("hub", WISH, question, Done)
    seen = RoundRequest(owner="league", org="union", round_id=round_id)
    state = await ask("hub", ROUND, seen, RoundState)
    assert [(w.title, w.mine, w.org_name) for w in state.wishes] == [("劳模宣讲", True, "甲会")]
    async with league.kit.database.transaction() as session:
        kept = (await session.scalars(select(SeasonWish.booker))).one()
    assert (kept["letter"], kept["palette"], kept["staff_id"]) == ("甲", "blue", str(KEEPER.id))
    theirs = await league.kit.bus.request("hub", ROUND, seen.model_copy(update={"org": "league"}), RoundState)
    assert (theirs.wished, theirs.wishes) == (
        1,
        (),
    )  # while it is open the owner does not look into it either
    with pytest.raises(Declined, match="只能为本组织申请"):  # nobody wishes in another's name
        await league.kit.bus.request("hub", WISH, question, Done)
    with pytest.raises(Declined, match="只能为本组织申请"):
        await league.kit.bus.request("hub", ROUND, seen, RoundState)
    large = question.model_copy(update={"wish": wanted(await _hall(league), people=5000)})
    with pytest.raises(Declined, match="最多容纳"):  # the owner's refusal, in its words
        await ask("hub", WISH, large, Done)
    await ask(
        "hub",
        UNWISH,
        UnwishRequest(owner="league", round_id=round_id, booker=who, wish_id=wish.wish_id),
        Done,
    )
    assert (await ask("hub", ROUND, seen, RoundState)).wishes == ()


async def test_what_page_and_api_do_is_asked_of_the_owner_and_kept_in_ones_own_log(
    towns: dict[str, OrgKit],
) -> None:
    union, side, given = towns["union"], side_of(towns["union"]), wanted(await _hall(towns["league"]))
    async with towns["league"].kit.database.transaction() as session:
        round_id = (await session.scalars(select(Round.id))).one()
    here = (union.kit, side, KEEPER, "league", round_id)
    async with union.kit.database.transaction() as session:
        await asking.wish(session, *here, given)
        seen = await asking.look(union.kit, side, "league", round_id)
        assert [(w.wish_id, w.mine) for w in seen.wishes] == [(given.wish_id, True)]
        await asking.withdraw(session, *here, given.wish_id)
        assert (await asking.look(union.kit, side, "league", round_id)).wishes == ()
    async with union.kit.database.transaction() as session:
        kept = await session.scalars(select(AuditEntry.action).order_by(AuditEntry.seq))
        assert list(kept)[-2:] == ["round.wished_elsewhere", "round.unwished_elsewhere"]


async def test_a_wish_of_nobody_or_with_hidden_characters_is_refused(towns: dict[str, OrgKit]) -> None:
    union, league = towns["union"], towns["league"]
    async with league.kit.database.transaction() as session:
        round_id = (await session.scalars(select(Round.id))).one()
    who, hall = own_booker(union, "组织部", "周经办", None), await _hall(league)
    named = who.model_copy(update={"staff_id": KEEPER.id})
    for booker, title, said in (
        (who, "读书会", "只能为本组织申请"),  # nobody could take it back
        (named, "a\x00b", "控制字符"),
        (named.model_copy(update={"staff_name": "何\u202e"}), "读书会", "控制字符"),
    ):
        question = WishRequest(
            owner="league", round_id=round_id, booker=booker, wish=wanted(hall, title=title)
        )
        with pytest.raises(Declined, match=said):
            await union.kit.bus.request("hub", WISH, question, Done)


async def test_others_are_called_by_the_names_the_hub_knows(towns: dict[str, OrgKit]) -> None:
    union = towns["union"]
    names = Names(union)
    assert await names.of(["", "league", "nobody"]) == ["乙会", "nobody"]
    await union.kit.bus.stop()  # what was learned stays
    assert await names.of(["league"]) == ["乙会"]
    assert await Names(union).of(["league"]) == ["league"]
