"""The desk counts everything that waits and lists the first five of it."""

import re

from shared.kit import clock
from shared.org.imports.models import ImportBatch
from tests.org.pool import Orgs
from tests.org.rooms import at, booked, venue
from tests.org.web import org_world

BOX = re.compile(r'<h3>([^<]+)</h3><b class="num">([^<]+)</b>(.*?)</section>', re.DOTALL)


def _batch(number: int, **given: object) -> ImportBatch:
    return ImportBatch(actor_name="沈若溪", file_name=f"名册{number}.csv", file_size=1, **given)


async def test_what_waits_is_counted_beyond_what_is_listed(orgs: Orgs) -> None:
    org = await orgs.empty("union")
    async with org_world(org) as world:
        async with org.kit.database.transaction() as session:
            hall = await venue(session, org, world.one)
            hall.sharing = {**hall.sharing, "approval": "everybody"}
            for day in range(6):
                await booked(session, org, hall, at(day + 1, 9))
            found, none = [{"sheet": 0, "name": "", "head": 1}], [{"sheet": 0, "name": "", "head": 0}]
            session.add_all(_batch(n, status="ready") for n in range(5))
            session.add_all(_batch(n, status="mapping", tables=found) for n in range(5))
            session.add_all(_batch(n, status="mapping", tables=none) for n in range(5))  # perhaps no roster
            refused = {"status": "applied", "applied_at": clock.now(), "sums": {"refused": 3}}
            session.add_all(_batch(n, **refused) for n in range(7))
        page = (await (await world.signed_in("keeper")).get("/")).text
        boxes = {title: (number, rest.count('class="it"')) for title, number, rest in BOX.findall(page)}
    await org.kit.database.close()
    assert boxes["待审批的场地预订"] == ("6", 5)
    assert boxes["待确认的花名册"] == ("10", 5)
    assert boxes["导入中被退回的行"] == ("21", 5)
