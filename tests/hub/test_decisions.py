"""What staff decide of persons: kept apart, joined, undone, all of it on file."""

from uuid import uuid4

import pytest

from services.hub.persons import service
from services.hub.persons.incoming import affiliation_id
from shared.kit.errors import NotFound, Refused
from tests.hub.conftest import Hub
from tests.hub.linked import STEWARD, candidates, people, person_of, rows_of
from tests.hub.telling import changed, state


async def test_separate_keeps_apart_through_later_events_and_undo_joins_again(hub: Hub) -> None:
    a, b, c = (state("张伟", identity="1") for _ in range(3))
    for org, event in (("alpha", a), ("beta", b), ("gamma", c)):
        await hub.tell(org, event)
    person = await person_of(hub, "alpha", a.member_id)
    assert person is not None
    apart = affiliation_id("gamma", c.member_id)
    async with hub.database.transaction() as session:
        await service.separate(session, apart, person, "本人到场说明证件被冒用", STEWARD)
    await hub.tell("gamma", changed(c, post="委员"))
    await hub.tell("beta", changed(b, post="委员"))
    assert await people(hub) == [{"alpha:张伟", "beta:张伟"}, {"gamma:张伟"}]
    verdict, _ = await rows_of(hub, "verdict")
    async with hub.database.transaction() as session:
        await service.undo(session, verdict["id"], "查实为同一人", STEWARD)
    assert len(await people(hub)) == 1
    async with hub.database.transaction() as session:
        with pytest.raises(Refused):
            await service.undo(session, verdict["id"], "再撤一次", STEWARD)
    assert {v["undone_reason"] for v in await rows_of(hub, "verdict")} == {"查实为同一人"}


async def test_staff_join_a_candidate_but_never_two_identity_numbers(hub: Hub) -> None:
    a = state("张伟", identity="1", birth="1990-01-01")
    b = state("张伟", birth="1990-01-01")
    c = state("张伟", identity="3", birth="1990-01-01")
    await hub.tell("alpha", a)
    await hub.tell("beta", b)
    pair = affiliation_id("alpha", a.member_id), affiliation_id("beta", b.member_id)
    assert [rule for _, _, rule in await candidates(hub)] == ["R4"]
    async with hub.database.transaction() as session:
        await service.decide(session, pair, "same", "电话核实", STEWARD)
    assert not await candidates(hub)
    assert len(await people(hub)) == 1
    await hub.tell("gamma", c)
    with pytest.raises(Refused, match="不能确认为同一人"):
        async with hub.database.transaction() as session:
            await service.decide(
                session, (pair[1], affiliation_id("gamma", c.member_id)), "same", "误点", STEWARD
            )
    assert len(await people(hub)) == 2
    # the number the owner corrects later contradicts: the verdict stays on file but joins nobody
    await hub.tell("beta", changed(b, tokens=state("张伟", identity="9", birth="1990-01-01").tokens))
    assert len(await people(hub)) == 3


async def test_deciding_twice_keeps_both_decisions_on_file(hub: Hub) -> None:
    a, b = state("张伟", birth="1990-01-01"), state("张伟", birth="1990-01-01")
    await hub.tell("alpha", a)
    await hub.tell("beta", b)
    pair = affiliation_id("alpha", a.member_id), affiliation_id("beta", b.member_id)
    for says in ("never", "same"):
        async with hub.database.transaction() as session:
            await service.decide(session, pair, says, "核实", STEWARD)
    assert [(v["says"], v["undone_at"] is None) for v in await rows_of(hub, "verdict")] == [
        ("never", False),
        ("same", True),
    ]
    assert len(await people(hub)) == 1


async def test_nobody_lives_at_an_unknown_address(hub: Hub) -> None:
    async with hub.database.transaction() as session:
        with pytest.raises(NotFound):
            await service.current_person(session, uuid4())
