"""Rounds for programs: what the pages do, and what was said when a round was cancelled."""

from shared.org.kit import OrgKit
from shared.org.rounds.models import Round
from shared.org.venues import Venue
from tests.org.rooms import venue
from tests.org.seasons import STRANGER, season, wanted
from tests.org.web import OrgWorld, dialog_at, org_world


async def _opened(world: OrgWorld, note: str = "") -> tuple[Round, Venue]:
    async with world.org.kit.database.transaction() as session:
        hall = await venue(session, world.org, world.one)
        made = await season(session, hall)
        made.note = note
    return made, hall


async def test_a_cancelled_round_keeps_its_note_and_says_why(org: OrgKit) -> None:
    async with org_world(org) as world:
        opened, _ = await _opened(world, note="只排周末")
        keeper = await world.signed_in("keeper")
        path, no = f"/api/v1/rounds/{opened.id}", f"/venues/rounds/{opened.id}/cancel"
        await keeper.get(f"/venues/rounds/{opened.id}")
        dialog = dialog_at((await keeper.post(no, {"version": "1", "reason": "联系12812345678"})).text, no)
        assert 'value="联系12812345678"' in dialog
        assert "证件号或手机号" in dialog
        done = await keeper.api("POST", f"{path}/cancel", {"version": 1, "reason": "礼堂要维修"})
        for told in (done.json(), (await keeper.api("GET", path)).json()):
            assert (told["status"], told["note"], told["cancelled"]) == (
                "cancelled",
                "只排周末",
                "礼堂要维修",
            )
        page = (await keeper.get(f"/venues/rounds/{opened.id}")).text
        for text in ("只排周末", "取消原因", "礼堂要维修"):
            assert text in page


async def test_the_api_takes_a_wish_back_and_reaches_the_others(org: OrgKit) -> None:
    async with org_world(org) as world:
        opened, hall = await _opened(world)
        clerk = await world.signed_in("clerk")
        path, given = f"/api/v1/rounds/{opened.id}/wishes", wanted(hall)
        made = await clerk.api("POST", path, given.model_dump(mode="json"))
        assert [w["wish_id"] for w in made.json()["wishes"]] == [str(given.wish_id)], made.text
        back = await clerk.api("POST", f"{path}/{given.wish_id}/withdraw")
        assert (back.status_code, back.json()["wishes"]) == (200, [])
        theirs = f"/api/v1/rounds/of/{STRANGER}/{opened.id}"
        for method, there in (
            ("GET", "/api/v1/rounds/of"), ("GET", theirs), ("POST", f"{theirs}/wishes"),
            ("POST", f"{theirs}/wishes/{given.wish_id}/withdraw"),
        ):  # fmt: skip
            away = await clerk.api(method, there, given.model_dump(mode="json") if method == "POST" else None)
            assert away.status_code == 503, away.text  # no bus here: told, not an empty list
