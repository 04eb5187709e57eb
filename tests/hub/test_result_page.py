"""What the pages of a lookup say of themselves: what may be done, how it was read, honest figures."""

import re

import pytest

from tests.hub.conftest import Hub
from tests.hub.site import Client, clients
from tests.hub.telling import announced, state


async def a_few(hub: Hub) -> None:
    """Three people named 李娜: two in one district, one of them of two organisations."""
    for code, letter in (("alpha", "甲"), ("beta", "乙")):
        await hub.tell(code, announced(code, letter))
    await hub.tell("alpha", state("李娜", identity="1"), state("李娜", identity="2", district="青羊区"))
    await hub.tell("beta", state("李娜", identity="1"), state("李娜", identity="3", standing="left"))


async def looked_up(client: Client, text: str = "李娜", **other: str) -> str:
    """Where the result of a lookup is."""
    return str((await client.post("/lookup", q=text, purpose="visit", **other)).headers["location"])


async def test_who_may_not_open_is_told_what_the_account_can_do(hub: Hub) -> None:
    await a_few(hub)
    async with clients(hub, "viewer", "clerk") as [viewer, clerk]:
        page = (await viewer.get(await looked_up(viewer))).text
        assert "选择一个人" not in page
        assert "不能打开个人详情" in page
        assert "选择一个人" in (await clerk.get(await looked_up(clerk))).text


async def test_the_other_way_to_read_a_name_is_said_plainly(hub: Hub) -> None:
    await a_few(hub)
    async with clients(hub, "clerk") as [clerk]:
        page = (await clerk.get(await looked_up(clerk))).text
        assert re.search("识别为<[^>]*>姓名<", page)
        assert "改按“名”查（不含姓）" in page
        again = (await clerk.get(await looked_up(clerk, understood_as="given"))).text
        assert re.search("识别为<[^>]*>名（不含姓）<", again)
        assert "改按姓名查（从姓开始）" in again
        await clerk.get("/lang/en")
        english = (await clerk.get(await looked_up(clerk, "wang"))).text
        assert "Search by initials instead" in english


async def test_recent_lookups_say_what_their_numbers_count(hub: Hub) -> None:
    await a_few(hub)
    async with clients(hub, "clerk") as [clerk]:
        await looked_up(clerk)
        row = (await clerk.get("/lookup/recent")).text.rpartition("<tbody>")[2]
        assert [n for n in re.findall("<td>([^<]*)</td>", row) if n.isdigit()] == ["3", "0"]


@pytest.mark.parametrize(
    ("narrowed", "chips", "districts", "standings"),
    [
        ("", True, True, True),
        ("?org=alpha", True, False, False),
        ("?many=true", True, False, False),
        ("?district=青羊区", False, True, False),
        ("?standing=active", False, False, True),
        ("?district=锦江区&standing=active", False, False, False),
    ],
)
async def test_numbers_beside_filters_are_those_a_choice_would_give(
    hub: Hub, narrowed: str, chips: bool, districts: bool, standings: bool
) -> None:
    """They are counted over the whole result: shown only where no other filter is set."""
    await a_few(hub)
    async with clients(hub, "clerk") as [clerk]:
        page = (await clerk.get(f"{await looked_up(clerk)}{narrowed}")).text
        assert ('全部 <span class="num">3</span>' in page, '甲会 <span class="num">2</span>' in page,
                '多重身份 <span class="num">1</span>' in page) == (chips,) * 3  # fmt: skip
        assert ("锦江区 2<" in page, "青羊区 1<" in page) == (districts,) * 2
        assert ("在册 2<" in page, "历史记录 1<" in page) == (standings,) * 2
