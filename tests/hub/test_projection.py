"""Events to persons: newest word, tombstones, links that come and go with their evidence."""

from uuid import uuid4

from services.hub.persons import service
from tests.hub.conftest import Hub
from tests.hub.linked import candidates, people, person_of, rows_of
from tests.hub.telling import changed, state, withdrawn


async def test_one_person_with_two_affiliations(hub: Hub) -> None:
    a, b = state("张伟", identity="1"), state("張偉", identity="1", standing="left")
    await hub.tell("alpha", a)
    await hub.tell("beta", b)
    [person] = await rows_of(hub, "person")
    assert person["name"] == "张伟"
    assert (person["active"], person["past"], person["size"]) == (1, 2, 2)


async def test_newest_version_wins_and_a_late_event_changes_nothing(hub: Hub) -> None:
    first = state("张伟")
    second = changed(first, name="张玮", former_names=("张伟",))
    await hub.tell("alpha", second)
    await hub.tell("alpha", first)
    [person] = await rows_of(hub, "person")
    assert person["name"] == "张玮"
    assert {r["name_key"] for r in await rows_of(hub, "person_name")} == {"张玮", "张伟"}


async def test_withdrawn_disappears_at_once_and_late_events_do_not_bring_it_back(hub: Hub) -> None:
    first = state("张伟", identity="1", phone="12000001234")
    later = changed(first, post="委员")
    tomb = withdrawn(later)
    await hub.tell("alpha", first)
    await hub.tell("alpha", tomb)
    await hub.tell("alpha", later)
    for table in ("person", "person_name", "person_tail"):
        assert not await rows_of(hub, table)
    [row] = await rows_of(hub, "affiliation")
    kept = {k for k, v in row.items() if v not in (None, [])}
    assert kept == {"id", "org", "member_id", "version", "withdrawn", "told_at"}
    await hub.tell("alpha", changed(first, version=tomb.version + 1))  # consent given anew
    assert len(await rows_of(hub, "person")) == 1


async def test_a_withdrawal_of_the_same_version_wins(hub: Hub) -> None:
    first = state("张伟")
    tomb = withdrawn(first).model_copy(update={"version": first.version})
    await hub.tell("alpha", tomb, first)
    assert not await rows_of(hub, "person")


async def test_one_organisation_cannot_speak_for_another(hub: Hub) -> None:
    member = uuid4()
    await hub.tell("alpha", state("张伟", member=member))
    await hub.tell("beta", withdrawn(state("张伟", member=member, version=9)))
    assert [p["name"] for p in await rows_of(hub, "person")] == ["张伟"]


async def test_evidence_that_vanishes_separates_and_gives_the_old_address_back(hub: Hub) -> None:
    a, b = (
        state("张伟", birth="1990-01-01", phone="12000001234"),
        state("张伟", birth="1990-01-01", phone="12000001234"),
    )
    await hub.tell("alpha", a)
    await hub.tell("beta", b)
    old = await person_of(hub, "alpha", a.member_id)
    assert old == await person_of(hub, "beta", b.member_id)
    moved = changed(b, tokens=state("张伟", birth="1990-01-01", phone="12000005678").tokens)
    await hub.tell("beta", moved)
    assert await person_of(hub, "alpha", a.member_id) == old
    own = await person_of(hub, "beta", b.member_id)
    assert own not in (None, old)
    await hub.tell("beta", changed(moved, tokens=b.tokens))
    assert await person_of(hub, "beta", b.member_id) == old
    async with hub.database.transaction() as session:
        assert own is not None
        assert await service.current_person(session, own) == old  # the loser's address redirects
        [edge] = [r for r in await rows_of(hub, "edge") if r["rule"] == "R2"]
        assert edge["state"] == "linked"
        assert edge["revoked_at"] is None


async def test_transitive_contradiction_through_three_organisations(hub: Hub) -> None:
    birth, phone = "1990-01-01", "12000001234"
    a = state("张伟", identity="1", birth=birth, phone=phone)
    x = state("张伟", birth=birth, phone=phone)
    b = state("张伟", identity="2", birth=birth, phone=phone)
    await hub.tell("alpha", a)
    await hub.tell("beta", x)
    assert len(await people(hub)) == 2 - 1
    await hub.tell("gamma", b)
    assert await people(hub) == [{"alpha:张伟"}, {"beta:张伟"}, {"gamma:张伟"}]
    assert len({(a, b) for a, b, _ in await candidates(hub)}) == 2
    await hub.tell("gamma", withdrawn(b))  # the doubt goes with its cause
    assert await people(hub) == [{"alpha:张伟", "beta:张伟"}]
