"""Typed relations: several per person, consent, what is counted."""

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date
from uuid import uuid4

import pytest

from services.womens.membership import WomensMembership
from shared.kit.errors import Refused
from shared.org.kit import OrgKit
from shared.org.members import find_same, read_entry
from shared.org.members.kinds import standing_titles
from shared.org.policy import Entry
from shared.org.units import Count, people_in
from tests.org.people import admit, identity_number, person, told, tree
from tests.org.pool import Orgs
from tests.org.web import org_world

POLICY = WomensMembership()


@pytest.fixture
async def womens(orgs: Orgs) -> AsyncIterator[OrgKit]:
    made = await orgs.empty("womens")
    yield made
    await made.kit.database.close()


def test_volunteers_and_contacts_are_not_counted_and_need_consent() -> None:
    assert [k.code for k in POLICY.kinds if not k.counted] == ["volunteer", "contact"]
    assert [k.code for k in POLICY.kinds if k.needs_consent] == ["volunteer", "contact"]
    assert "会员" not in str(POLICY.standings)


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("执委", "executive"),
        ("妇联副主席", "vice_chair"),
        ("志愿者", "volunteer"),
        ("服务对象", "contact"),
        ("", None),
        ("会员", None),
    ],
)
def test_words_for_relations(words: str, kind: str | None) -> None:
    assert POLICY.kind_of(words, {}) == kind


def test_posts_are_womens_and_children_need_a_guardian() -> None:
    man = Entry(name="缪立诚", unit_id=uuid4(), sex="m", kind="executive")
    with pytest.raises(Refused):
        POLICY.check(man, date(2026, 11, 23))
    POLICY.check(replace(man, kind="volunteer"), date(2026, 11, 23))
    child = Entry(name="单小慧", unit_id=uuid4(), kind="contact", birth=date(2013, 1, 1))
    with pytest.raises(Refused, match="监护人"):
        POLICY.check(child, date(2026, 11, 23))
    POLICY.check(
        Entry(
            name="单小慧",
            unit_id=uuid4(),
            kind="contact",
            birth=date(2013, 1, 1),
            facts={"guardian_agreed": True},
        ),
        date(2026, 11, 23),
    )


async def test_contacts_are_told_apart_from_people_on_the_roll(womens: OrgKit) -> None:
    async with org_world(womens) as here:
        async with womens.kit.database.transaction() as session:
            for kind in ("执委", "妇女代表", "联系服务对象", "巾帼志愿者", "巾帼志愿者"):
                await admit(session, womens, here.one, kind=kind)
            counts = await people_in(session, womens, [here.top.path, here.two.path])
            assert counts == {here.top.path: Count(2, 3), here.two.path: Count(0, 0)}
        browser = await here.signed_in("viewer")
        roll = (await browser.get("/members")).text
        assert (roll.count(">在任</span>"), roll.count(">有联系</span>")) == (2, 3)
        page = (await browser.get("/units")).text
        assert re.search(r'>2</td><td class="num"[^>]*>3</td>', page)
        assert f'<b>{here.top.name}</b><small class="num">2</small>' in page


async def test_a_post_tells_the_relation(womens: OrgKit) -> None:
    entry = read_entry(womens, {"name": "单文慧", "post": "执委"}, unit_id=uuid4())
    assert (entry.kind, entry.kind_given) == ("executive", True)


async def test_a_person_stands_in_several_relations(womens: OrgKit) -> None:
    number = identity_number()
    async with womens.kit.database.transaction() as session:
        _, one, two = await tree(session, womens)
        await admit(session, womens, one, identity=number, kind="执委")
        delegate = await admit(session, womens, one, identity=number, kind="妇女代表")
        await admit(session, womens, two, identity=number, kind="执委")
        with pytest.raises(Refused):
            await admit(session, womens, one, identity=number, kind="执委")
        raw = person(womens, identity=number, kind="妇女代表")
        (match,) = await find_same(session, womens, [read_entry(womens, raw, one.id)])
        assert match is not None
        assert match.member.id == delegate.id
        (none,) = await find_same(session, womens, [read_entry(womens, {**raw, "kind": "志愿者"}, one.id)])
        assert none is None


async def test_a_contact_is_shared_with_consent_only(womens: OrgKit) -> None:
    async with womens.kit.database.transaction() as session:
        _, unit, _ = await tree(session, womens)
        silent = await admit(session, womens, unit, kind="联系服务对象")
        assert await told(session, silent.id) == []
        agreed = await admit(session, womens, unit, kind="联系服务对象", consent="同意")
        ((type_, data),) = await told(session, agreed.id)
        assert (type_, data["counted"], data["standing_title"]) == ("member.admitted.v1", False, "有联系")
        officer = await admit(session, womens, unit, kind="执委")
        assert (await told(session, officer.id))[0][1]["standing_title"] == "在任"
    assert standing_titles(womens)["active"] == "在任、有联系"
