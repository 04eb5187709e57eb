"""What operators see of recounts and rebuilds."""

from services.hub.recount.models import RebuildRun
from shared.kit import clock
from tests.hub.conftest import Hub
from tests.hub.site import clients


async def test_rebuilds_are_told_while_they_go_on_and_afterwards(hub: Hub) -> None:
    for phase, finished in (("done", clock.now()), ("fetch", None)):
        async with hub.database.transaction() as session:
            session.add(RebuildRun(phase=phase, finished_at=finished, cursors={"_orgs": ["first"]}))
        async with clients(hub, "admin") as (admin,):
            page = await admin.get("/ops/recount")
        assert page.status_code == 200
        assert ("正在重建" in page.text) == (finished is None)
