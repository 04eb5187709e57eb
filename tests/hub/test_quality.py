"""Sampled precision: drawn by chance, judged once, told with its interval; and who may."""

import re
from datetime import date

import pytest
from sqlalchemy import text

from services.hub.quality import figures, service
from services.hub.quality.rules import Precision, wilson
from shared.kit.errors import Refused
from tests.hub.conftest import Hub
from tests.hub.linked import STEWARD
from tests.hub.site import clients
from tests.hub.telling import announced, state


@pytest.mark.parametrize(
    ("right", "of", "low", "high"),
    [(0, 0, 0.0, 1.0), (10, 10, 0.7225, 1.0), (0, 10, 0.0, 0.2775), (81, 263, 0.2553, 0.3662), (9999, 10000, 0.9994, 1.0)],
)  # fmt: skip
def test_the_wilson_interval(right: int, of: int, low: float, high: float) -> None:
    """Figures of Newcombe (1998) and of hand."""
    assert list(wilson(right, of)) == pytest.approx([low, high], abs=1e-4)


def test_those_in_doubt_are_in_neither() -> None:
    assert Precision(3, 1, 6).share == 0.75
    assert Precision(0, 0, 6).share is None


async def linked(hub: Hub, r1: int, r2: int) -> None:
    for code, letter in (("alpha", "甲"), ("beta", "乙")):
        await hub.tell(code, announced(code, letter))
    for org in ("alpha", "beta"):
        await hub.tell(org, *(state(f"张{chr(0x4E10 + i)}", identity=str(i)) for i in range(r1)))
        alike = (state(f"李{chr(0x4E10 + i)}", phone=f"1200000{i:04}", birth="1990-01-01") for i in range(r2))
        await hub.tell(org, *alike)


async def test_a_sample_is_random_without_repeats_and_of_what_was_asked(hub: Hub) -> None:
    await linked(hub, 60, 30)
    seen = []
    for _ in range(3):
        async with hub.database.transaction() as session:
            sample = await service.draw(session, STEWARD, 20, None, None, None)
            picks = await figures.picks(session, sample)
        pairs = [(p.first.id, p.second.id) for p in picks if p.first and p.second]
        assert len(set(pairs)) == 20
        seen.append(frozenset(pairs))
    assert len(set(seen)) == 3  # chance of two alike: 1 in 10^19
    async with hub.database.transaction() as session:
        only = await service.draw(session, STEWARD, 500, "R2", None, None)
        assert {p.rule for p in await figures.picks(session, only)} == {"R2"}
        assert len(await figures.picks(session, only)) == 30
        drawn = next(s for s in await figures.samples(session) if s.id == only)
        assert (drawn.size, drawn.judged) == (30, 0)


async def test_persons_in_one_two_and_three_organisations_are_counted(hub: Hub) -> None:
    await linked(hub, 5, 0)
    await hub.tell("gamma", announced("gamma", "丙"), state("张丐", identity="0"))
    await hub.tell("gamma", *(state(f"赵{chr(0x4E10 + i)}", identity=f"9{i}") for i in range(7)))
    await hub.tell("alpha", state("赵丐", identity="90", standing="left", standing_title="历史记录"))
    async with hub.database.transaction() as session:
        again = text(
            "select orgs, count(*) n from (select b.person_id, count(distinct f.org) orgs from affiliation f"
            " join belonging b on b.affiliation_id = f.id where not f.withdrawn group by 1) x group by 1"
        )
        recounted = {row.orgs: row.n for row in await session.execute(again)}
        assert await figures.overlap(session) == recounted == {1: 6, 2: 5, 3: 1}
    async with clients(hub, "steward") as [steward]:
        page = (await steward.get("/quality")).text
        assert "共12人" in page
        for orgs, n in recounted.items():
            assert f"{orgs}个组织</td><td>{n}</td>" in page


async def test_no_sample_of_nothing(hub: Hub) -> None:
    async with hub.database.transaction() as session:
        with pytest.raises(Refused, match="没有可抽查"):
            await service.draw(session, STEWARD, 10, None, None, None)


async def test_a_period_is_read_either_way_round(hub: Hub) -> None:
    await linked(hub, 3, 0)
    async with hub.database.transaction() as session:
        drawn = await service.draw(session, STEWARD, 3, None, date(2090, 1, 1), date(2020, 1, 1))
        assert len(await figures.picks(session, drawn)) == 3


async def test_one_rules_sample_does_not_weigh_in_the_whole(hub: Hub) -> None:
    await linked(hub, 8, 4)
    async with hub.database.transaction() as session:
        whole = await service.draw(session, STEWARD, 12, None, None, None)
        only = await service.draw(session, STEWARD, 4, "R2", None, None)
        for pick in await figures.picks(session, whole):
            await service.judge(session, STEWARD, whole, pick.number, "right", "", separate=False)
        for pick in await figures.picks(session, only):
            await service.judge(session, STEWARD, only, pick.number, "wrong", "", separate=False)
    async with hub.database.transaction() as session:
        found = await figures.figures(session)
    assert (found.overall.right, found.overall.wrong) == (12, 0)
    assert found.by_rule["R2"].share == 0.5
    assert found.by_rule["R1"].share == 1.0
    assert sum(p.right for p in found.by_month.values()) == 12
    assert found.links == {"R1": 8, "R2": 4}


async def test_a_steward_draws_judges_and_takes_the_wrong_apart(hub: Hub) -> None:
    await linked(hub, 2, 0)
    async with clients(hub, "steward", "steward", "clerk", "viewer") as [steward, other, clerk, viewer]:
        for nobody in (clerk, viewer):
            assert (await nobody.get("/quality")).status_code == 403
            assert (await nobody.post("/quality/samples", size=5)).status_code == 403
        assert (await steward.post("/quality/samples", size=0)).status_code == 422
        assert (await steward.post("/quality/samples", size=501)).status_code == 422
        address = (await steward.post("/quality/samples", size=5)).headers["location"]
        assert (await clerk.get(address)).status_code == 403
        page = (await steward.get(address)).text
        assert "这两条记录确实是同一个人吗" in page
        assert "身份证号一致" in page
        number = int(re.findall(r'name="number" value="(\d+)"', page)[0])
        wrong = {"number": number, "found": "wrong", "was": "", "separate": "1"}
        assert (await steward.post(address, **wrong)).status_code == 303
        late = await other.post(address, **(wrong | {"found": "right"}))
        assert late.status_code == 409
        assert "刚刚已经判断过" in late.text
        assert (await clerk.post(address, **wrong)).status_code == 403
        assert (await steward.post(address, number=2, found="right")).status_code == 303
        assert "全部判断完了" in (await steward.get(address)).text
        overview = (await steward.get("/quality")).text
        assert "50.00%" in overview
        assert "9.45%至90.55%" in overview  # Wilson for 1 of 2
        assert "依据与证件号或判断矛盾" in overview
    async with hub.database.transaction() as session:
        assert await session.scalar(text("select count(*) from person")) == 3
        assert await session.scalar(text("select count(*) from edge where state = 'held'")) == 1
        actions = set(await session.scalars(text("select action from audit_entry")))
    assert {"quality.drawn", "quality.judged", "quality.opened", "person.never"} <= actions
