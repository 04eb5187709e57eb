"""Lookups narrowed to a unit and all below it: every kind of query, small and large units, moves, estimates."""

import re
import runpy
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from services.hub.lookup import narrowing, service, totals
from services.hub.lookup.schemas import Accuracy, Narrow, Total
from services.hub.persons.scopes import bits_of, bits_of_unit
from shared.contracts.units import UnitChanged
from shared.kit.errors import NotFound
from tests.hub.asking import CLERK, all_pages, look
from tests.hub.conftest import Hub
from tests.hub.site import clients
from tests.hub.telling import announced, state

TOP, WEST, STREET, EAST = (uuid4() for _ in range(4))
TREE = {TOP: "1", WEST: "1/a", STREET: "1/a/b", EAST: "1/c"}
HOMES = {"张伟": WEST, "张伟明": STREET, "张伟国": EAST, "张伟东": TOP}
IN_THE_WEST = {"张伟", "张伟明"}
KINDS = ("张伟", "zhangwei", "zw", "伟", "张w", "zhangw", "张9999")


def unit(id_: UUID, path: str, version: int = 1) -> UnitChanged:
    return UnitChanged(
        unit_id=id_, version=version, parent_id=None, path=path, names=(f"单位{path}",), kind="branch",
        kind_title="基层", district="锦江区", status="active",
    )  # fmt: skip


@pytest.fixture
async def town(hub: Hub) -> Hub:
    await hub.tell("alpha", announced("alpha", "甲"), *(unit(u, p) for u, p in TREE.items()))
    people = [
        state(n, phone=f"120000{i}9999", unit_id=u, unit_path=TREE[u])
        for i, (n, u) in enumerate(HOMES.items())
    ]
    await hub.tell("alpha", *people)
    other = uuid4()  # another organisation's unit at the same place of its own tree
    await hub.tell("beta", announced("beta", "乙"), unit(other, "1/a"))
    await hub.tell("beta", state("张伟业", phone="12000089999", unit_id=other, unit_path="1/a"))
    return hub


@pytest.mark.parametrize("few", [narrowing.FEW, -1], ids=["few people", "many people"])
async def test_every_kind_of_query_within_a_unit(
    town: Hub, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(narrowing, "FEW", few)
    for typed in KINDS:
        found = await look(town, typed, narrow=Narrow(unit=WEST))
        assert ({r.name for r in found.rows}, found.total) == (IN_THE_WEST, 2), typed
        assert found.unit_name == "单位1/a"
    assert [r.name for r in (await look(town, "张伟", narrow=Narrow(unit=STREET))).rows] == ["张伟明"]
    assert [r.name for r in (await look(town, "张", narrow=Narrow(unit=EAST, org="alpha"))).rows] == [
        "张伟国"
    ]
    assert (await look(town, "张", narrow=Narrow(unit=EAST, org="beta"))).rows == []


async def test_the_top_unit_is_the_organisation(town: Hub) -> None:
    found = await look(town, "张", narrow=Narrow(unit=TOP))
    assert {r.name for r in found.rows} == HOMES.keys()


async def test_an_unknown_unit_is_said_to_be_unknown(town: Hub) -> None:
    with pytest.raises(NotFound, match="没有找到这个单位"):
        await look(town, "张", narrow=Narrow(unit=uuid4()))


@pytest.mark.parametrize("few", [narrowing.FEW, -1], ids=["few people", "many people"])
async def test_people_follow_a_unit_that_moves(town: Hub, few: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(narrowing, "FEW", few)
    await town.tell("alpha", unit(STREET, "1/c/b", version=2))
    assert [r.name for r in (await look(town, "zw", narrow=Narrow(unit=WEST))).rows] == ["张伟"]
    assert {r.name for r in (await look(town, "zw", narrow=Narrow(unit=EAST))).rows} == {"张伟国", "张伟明"}


async def test_a_unit_is_chosen_by_its_name_on_the_page(town: Hub) -> None:
    async with clients(town, "clerk") as [clerk]:
        address = (await clerk.post("/lookup", q="张伟", purpose="visit")).headers["location"]
        offered = (await clerk.get(f"{address}?within=1/a&district=锦江区")).text
        assert "单位1/a/b" in offered
        narrowed = re.findall(rf"{address}\?[^\"]*unit={STREET}", offered)
        assert len(narrowed) == 1
        page = (await clerk.get(narrowed[0].replace("&amp;", "&"))).text
        assert page.count("row-link row-side") == 1
        assert "district=" in narrowed[0]
        assert "去掉这个单位条件" in page
        assert "没有名称含“某某处”的单位" in (await clerk.get(f"{address}?within=某某处")).text


async def test_the_migration_gives_the_same_bits(town: Hub) -> None:
    folder = Path(narrowing.__file__).parents[1] / "migrations"
    statement = runpy.run_path(str(folder / "hub_0003_scopes_and_sample.py"))["BITS"]
    async with town.database.transaction() as session:
        await session.execute(text(statement))
        pairs = (await session.execute(text(
            "select p.name, p.scopes, coalesce(b.scopes, 0) again from person p"
            " left join placed b on b.person_id = p.id"))).all()  # fmt: skip
    assert {r.name: r.scopes for r in pairs} == {r.name: r.again for r in pairs}
    assert {r.name: r.scopes for r in pairs}["张伟明"] == bits_of_unit("alpha", "a") | bits_of_unit(
        "alpha", "b"
    )


def test_bits_fit_a_bigint_and_the_top_has_none() -> None:
    labels = [f"{n:x}" for n in range(5000)]
    made = [bits_of_unit("alpha", label) for label in labels]
    assert max(made) < 2**63
    assert sum(bits.bit_count() for bits in made) / len(made) > 3.5
    assert len(set(made)) > 4900
    assert bits_of([("alpha", "1"), ("alpha", None)]) == 0


async def test_a_large_result_within_a_unit_is_estimated_and_paged_to_its_end(
    town: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    homes = [WEST, STREET, EAST, EAST]
    people = [state("李娜", unit_id=homes[i % 4], unit_path=TREE[homes[i % 4]]) for i in range(1400)]
    await town.tell("alpha", *people)
    for few in (narrowing.FEW, -1):
        monkeypatch.setattr(narrowing, "FEW", few)
        narrow = Narrow(unit=WEST)
        found = await look(town, "李娜", narrow=narrow)
        assert found.accuracy == "about"
        assert abs(found.total - 700) <= 2 * found.margin
        assert len(set(await all_pages(town, found, narrow))) == 700


async def test_within_a_large_unit_of_a_large_result_fewer_are_looked_at(
    town: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(narrowing, "FEW", -1)
    monkeypatch.setattr(totals, "ENOUGH", 40)
    homes = [WEST, EAST]
    people = [state("李娜", unit_id=homes[i % 2], unit_path=TREE[homes[i % 2]]) for i in range(4000)]
    for begin in range(0, len(people), 1000):
        await town.tell("alpha", *people[begin : begin + 1000])
    found = await look(town, "李娜", narrow=Narrow(unit=WEST))
    assert found.accuracy == "about" or found.total == 20  # fewer than ten of 16 are drawn now and then
    assert found.total <= 2000 + 2 * max(found.margin, 1000)


async def test_the_last_page_of_a_short_result_is_counted_not_guessed(town: Hub) -> None:
    await town.tell("alpha", *[state("李娜") for _ in range(1100)], state("李娜", district="青羊区"))
    found = await look(town, "李娜", narrow=Narrow(district="青羊区"))
    assert (found.total, found.accuracy) == (1, "exact")
    async with town.database.transaction() as session:
        again = await service.result(town.kit, session, CLERK, found.lookup_id, Narrow())
    assert again.accuracy == "about"


@pytest.mark.parametrize("truth", [1_300, 9_000, 50_000])
def test_an_estimate_is_as_near_as_it_says(truth: int) -> None:
    """Drawn by the binomial law itself: the margin holds 19 times of 20, and no estimate looks exact."""
    import random

    chance, inside = random.Random(truth), 0
    for _ in range(400):
        drawn = round(chance.gauss(truth / 16, (truth * 15 / 256) ** 0.5))
        said = totals.estimate(drawn, 1000)
        assert said.accuracy is Accuracy.ABOUT
        assert int(f"{said.count:e}".partition("e")[0].replace(".", "")[2:] or 0) == 0
        inside += abs(said.count - truth) <= said.margin
    assert inside >= 380


def test_what_nobody_can_estimate_is_only_said_to_be_more() -> None:
    assert totals.estimate(totals.MOST + 1, 1000).accuracy is Accuracy.OVER
    assert totals.estimate(totals.MOST + 1, 1000).count == 64_000
    assert totals.estimate(3, 20) == Total(count=20, accuracy=Accuracy.OVER)
