"""The audit page of the hub: purpose and details apart, one thing's entries by a click."""

import re

from tests.hub.conftest import Hub
from tests.hub.site import clients
from tests.hub.telling import announced, state


async def test_purpose_stands_apart_and_an_object_is_found_by_a_click(hub: Hub) -> None:
    await hub.tell("alpha", announced("alpha", "甲"), state("李娜"))
    async with clients(hub, "clerk", "auditor") as [clerk, auditor]:
        for _ in range(2):
            result = (await clerk.post("/lookup", q="李娜", purpose="joint_activity")).headers["location"]
            await clerk.get(result)
        page = (await auditor.get("/audit")).text
        assert "<p>联合活动人员核对</p>" in page
        lookup = result.rpartition("/")[2]
        [found] = {link for link in re.findall(r'href="(/audit\?target=[^"]+)"', page) if lookup in link}
        only = (await auditor.get(found)).text
        assert set(re.findall(r"<code>lookup <[^>]*>([^<]+)</a></code>", only)) == {lookup}
        assert f'value="{lookup}"' in only
